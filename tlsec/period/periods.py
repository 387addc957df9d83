"""Opening, entering, leaving and closing a key period: what it changes is said before and put back after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tlsec.i18n import _, listed
from tlsec.inventory.fields import LOCAL
from tlsec.period import definition as definitions
from tlsec.period import restoring
from tlsec.period.definition import Definition
from tlsec.period.models import ChecklistItem, Period, Phase
from tlsec.period.models_freeze import Freeze
from tlsec.period.profile import PHASES, File, PhaseName, Profile, load, phase_names
from tlsec.register import journal, posture
from tlsec.register.refused import Refused
from tlsec.register.rules import in_force


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changes, in words: what, from what, to what."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a command on a period did. `tasks`: what was not finished in the phases before."""

    period: Period
    changes: tuple[Change, ...]
    tasks: tuple[str, ...] = ()


def current() -> Period | None:
    """The open period; there is at most one."""
    return Period.objects.filter(state=Period.State.OPEN).first()


def found(period: str = "") -> Period:
    """The period of that id; "" for the open one, or the last where none is open. Raises Refused."""
    if period:
        row = Period.objects.filter(id=period).first()
        if row is None:
            raise Refused(_("没有重保期 {id}").format(id=period))
        return row
    row = current() or Period.objects.order_by("-opened").first()
    if row is None:
        raise Refused(_("没有重保期。先运行 tlsec period open period.yaml"))
    return row


def running(version: int | None = None) -> Period:
    """The open period, locked for a command. Raises Refused where there is none, or a stale version."""
    row = Period.objects.select_for_update().filter(state=Period.State.OPEN).first()
    if row is None:
        raise Refused(_("现在没有打开的重保期。先运行 tlsec period open period.yaml"))
    if version is not None and version != row.version:
        raise Refused(_("{id} 已被他人更新，请重新查看").format(id=row.id))
    return row


def profile_of(period: Period) -> Profile:
    """The profile of a period, as the ladder has it now."""
    return load().profile(period.profile)


def definition_of(period: Period) -> Definition:
    """The file that the period was opened from."""
    return Definition.model_validate(period.definition)


def days(period: Period, phase: str = "live") -> list[date]:
    """The days of a phase, Asia/Shanghai: as entered and left where it was, else as planned."""
    row = period.phases.get(name=phase)
    first = (row.entered or row.start).astimezone(LOCAL).date()
    last = ((row.left or row.until) - timedelta(microseconds=1)).astimezone(LOCAL).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def open_(made: Definition, now: datetime, actor: str, phase: PhaseName | None = None) -> Done:
    """Open a period in the phase of this moment. Raises Refused while another is open, or the id is taken."""
    rules = load()
    profile = rules.profile(made.profile)
    in_force().profile(profile.sla)
    at = phase or phase_at(made, now)
    try:
        with transaction.atomic():
            period = Period.objects.create(
                id=made.id, title=made.title, kind=made.kind, profile=made.profile, phase=at,
                systems=definitions.protected(made),
                definition=made.model_dump(mode="json", by_alias=True),
                opened=now, opened_by=actor,
            )  # fmt: skip
            for name in PHASES:
                window = made.phases[name]
                entered = now if name == at else None
                Phase.objects.create(
                    period=period, name=name, start=window.first, until=window.last, entered=entered
                )
            tasks = _tasks(period, made, rules, profile)
            freezes = [_freeze(period, spec, actor) for spec in made.freeze]
            changes = [
                Change(_("重保期"), _("无"), f"{made.title}（{profile.text}）"),
                Change(_("保障对象"), "0", _("{n} 个系统").format(n=len(period.systems))),
                Change(_("任务清单"), "0", _("{n} 项").format(n=len(tasks))),
                Change(_("变更冻结"), "0", _("{n} 条规则").format(n=len(freezes))),
                *_roster(made, now, actor),
            ]
            if at in profile.raised_in:
                changes += _raise(period, profile, now, actor)
            period.save()
            _record(period, "period.open", now, actor, changes)
    except IntegrityError as error:
        other = current()
        text = _("{id} 还没有关闭，同时只能有一个重保期").format(id=other.id) if other else ""
        raise Refused(text or _("{id} 已经有过，请换一个编号").format(id=made.id)) from error
    return Done(period, tuple(changes))


def phase_at(made: Definition, now: datetime) -> PhaseName:
    """The phase whose window holds a moment: the last one that has begun, else the first."""
    begun = [name for name in PHASES if made.phases[name].first <= now]
    return begun[-1] if begun else PHASES[0]


def enter(
    phase: PhaseName, now: datetime, actor: str, reason: str = "", version: int | None = None
) -> Done:
    """Go on to a later phase. Raises Refused backwards; unfinished required tasks need a reason."""
    with transaction.atomic():
        period = running(version)
        names = phase_names()
        if PHASES.index(phase) <= PHASES.index(_phase(period)):
            text = _("现在是{now}阶段，只能往后走，不能进入{then}")
            raise Refused(text.format(now=names[period.phase], then=names[phase]))
        undone = _undone(period, phase)
        if undone and not reason.strip():
            text = _("还有 {n} 项应在此前完成：{tasks}。确要进入请加 --reason")
            raise Refused(text.format(n=len(undone), tasks=listed(undone, "；")))
        profile = profile_of(period)
        Phase.objects.filter(period=period, left=None).exclude(entered=None).update(left=now)
        Phase.objects.filter(period=period, name=phase).update(entered=now)
        changes = [Change(_("阶段"), names[period.phase], names[phase])]
        period.phase = phase
        changes += _posture(period, profile, now, actor)
        period.version += 1
        period.save()
        _record(period, "period.enter", now, actor, changes, reason)
    return Done(period, tuple(changes), undone)


def close(now: datetime, actor: str, reason: str = "", version: int | None = None) -> Done:
    """Close the period: posture lowered, freezes lifted, restore tasks made. Early only with a reason."""
    with transaction.atomic():
        period = running(version)
        if period.phase != "review" and not reason.strip():
            raise Refused(_("还没有进入总结阶段；提前关闭请加 --reason"))
        undone = _undone(period, None)
        Phase.objects.filter(period=period, left=None).exclude(entered=None).update(left=now)
        period.state, period.closed = Period.State.CLOSED, now
        changes = [Change(_("重保期"), period.title, _("已关闭"))]
        if period.raised is not None:
            changes += _lower(period, now, actor)
        lifted = Freeze.objects.filter(period=period, ended=None)
        if n := lifted.update(ended=now, ended_by=actor):
            changes.append(Change(_("变更冻结"), _("{n} 条规则").format(n=n), _("已解除")))
        changes += _restore(period, now)
        period.version += 1
        period.save()
        _record(period, "period.close", now, actor, changes, reason)
    return Done(period, tuple(changes), undone)


def preview(phase: PhaseName) -> list[Change]:
    """What entering a phase would change in the rules; nothing is written."""
    period = found()
    profile = profile_of(period)
    changes = [Change(_("阶段"), phase_names()[period.phase], phase_names()[phase])]
    if phase in profile.raised_in and period.raised is None:
        changes += raised_words(profile)
    elif phase not in profile.raised_in and period.raised is not None:
        changes += [Change(c.what, c.after, c.before) for c in raised_words(profile)]
    return changes


def _phase(period: Period) -> PhaseName:
    return next(name for name in PHASES if name == period.phase)


def _undone(period: Period, before: PhaseName | None) -> tuple[str, ...]:
    """Required tasks that are not done, of the phases before one; of all for None."""
    until = PHASES.index(before) if before else len(PHASES)
    rows = ChecklistItem.objects.filter(
        period=period, done=None, required=True, phase__in=PHASES[:until]
    )
    return tuple(row.text for row in rows.order_by("due", "id"))


def _tasks(period: Period, made: Definition, rules: File, profile: Profile) -> list[ChecklistItem]:
    rows = []
    for phase, tasks in rules.tasks(profile).items():
        window = made.phases[phase]
        for task in tasks:
            due = max(window.first, window.last + timedelta(days=task.due))
            rows.append(
                ChecklistItem(
                    period=period,
                    phase=phase,
                    key=task.key,
                    text=task.text.zh,
                    due=due,
                    owner=made.owners.get(task.key, ""),
                    # what was before the period was opened is shown, and not held against anybody
                    required=PHASES.index(phase) >= PHASES.index(_phase(period)),
                )
            )
    return ChecklistItem.objects.bulk_create(rows)


def _freeze(period: Period, spec: definitions.FreezeSpec, actor: str) -> Freeze:
    return Freeze.objects.create(
        period=period, number=spec.number, rule=spec.rule, systems=spec.systems,
        start=spec.first, until=spec.last, note=spec.note, by=actor,
    )  # fmt: skip


def _roster(made: Definition, now: datetime, actor: str) -> Iterator[Change]:
    from tlsec.period import roster

    live = made.phases["live"]
    n = roster.fill(made.roster, live.first, live.last, now, actor)
    if n:
        yield Change(_("值班表"), "0", _("{n} 个班位").format(n=n))


def _posture(period: Period, profile: Profile, now: datetime, actor: str) -> list[Change]:
    """Raise or lower, as the phase that was entered wants it."""
    raised = period.raised is not None
    if period.phase in profile.raised_in and not raised:
        return _raise(period, profile, now, actor)
    if period.phase not in profile.raised_in and raised:
        return [*_lower(period, now, actor), *_restore(period, now)]
    return []


def _raise(period: Period, profile: Profile, now: datetime, actor: str) -> list[Change]:
    words = raised_words(profile)
    made = posture.raise_(
        now, actor, period.id, profile.sla, period.systems, profile.uplift,
        profile.silences.hours, profile.silences.two_person,
    )  # fmt: skip
    period.raised = {
        "at": now.isoformat(),
        "rules": [asdict(change) for change in words],
        "earlier": list(made.earlier),
        "reviewed": list(made.reviewed),
    }
    none = _("无")
    earlier, reviewed = listed(made.earlier) or none, listed(made.reviewed) or none
    return [
        *words,
        Change(_("时限提前的在办事项"), "", _("{n} 项（{nos}）").format(n=len(made.earlier), nos=earlier)),
        Change(_("退回复审的接受风险"), "", _("{n} 项（{nos}）").format(n=len(made.reviewed), nos=reviewed)),
    ]  # fmt: skip


def _lower(period: Period, now: datetime, actor: str) -> list[Change]:
    """Put back what was raised, rule by rule, as it was when it was raised."""
    raised: dict[str, Any] = period.raised or {}
    posture.lower(now, actor, period.id)
    period.raised = None
    return [Change(c["what"], c["after"], c["before"]) for c in raised.get("rules", [])]


def _restore(period: Period, now: datetime) -> Iterator[Change]:
    made = restoring.ensure(period, now, profile_of(period).restore_days)
    for task in made:
        yield Change(_("恢复任务"), _("未恢复"), task.text)


def raised_words(profile: Profile) -> list[Change]:
    """The rules that a raised phase changes, in words."""
    rules = in_force()
    raised = rules.profile(profile.sla)
    daily, none = profile.daily.time, _("无")
    confirm = _("连续 {n} 次失败即告警").format(n=profile.confirm.fails)
    if profile.confirm.second_vantage:
        confirm += _("，须第二探测点印证")
    silence = _("最长 {n} 小时").format(n=profile.silences.hours)
    if profile.silences.two_person:
        silence += _("，须两人")
    zero = _("每日 {time} 截止（县区 {county}）").format(
        time=profile.zero.cutoff, county=profile.zero.county_cutoff
    )
    usual = _("最长 {n} 小时").format(n=rules.exceptions.silence_hours)
    return [
        Change(_("处置时限（紧急/高/中/低）"), _hours(rules.base.fix_hours), _hours(raised.fix_hours)),
        Change(_("新发现隐患的等级"), _("按检查项"), _("提高 {n} 级").format(n=profile.uplift)),
        Change(_("监测周期"), _("平时"), _("平时的 {n:g} 倍").format(n=profile.cadence_factor)),
        Change(_("告警确认"), _("平时"), confirm),
        Change(_("静默"), usual, silence),
        Change(_("零报告"), none, zero),
        Change(_("日报"), none, _("每日 {time}").format(time=daily)),
    ]  # fmt: skip


def _hours(limits: dict[str, float]) -> str:
    parts = (limits.get(severity) for severity in ("critical", "high", "medium", "low"))
    return "/".join(_("{n:g} 小时").format(n=hours) if hours else "—" for hours in parts)


def _record(
    period: Period, command: str, now: datetime, actor: str, changes: list[Change], reason: str = ""
) -> None:
    after = {
        "period": period.id, "state": period.state, "phase": period.phase,
        "version": period.version, "changes": [asdict(change) for change in changes],
    }  # fmt: skip
    journal.append(now, actor, command, f"period:{period.id}", after, reason)


def begun(period: Period) -> datetime:
    """From when cumulated numbers count: when the live phase was entered, else when the period was opened."""
    live = period.phases.filter(name="live").first()
    return live.entered if live is not None and live.entered else period.opened
