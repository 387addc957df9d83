"""Climbing from the one on duty to the leader while nobody answers: policies/ladders/escalation.yaml.

A run is a row with the time of its next timer and the version of the ledger item that it belongs to. A timer
is taken by moving that time on, in the transaction that queues its notices: no restart loses one or runs it
twice, and one that belongs to a state gone by ends its run instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tlsec import content
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Faulty
from tlsec.notify import config, redact, steps
from tlsec.notify.config import Setup
from tlsec.notify.hours import ZONE
from tlsec.notify.steps import Due, Policy, Step
from tlsec.register import delivery, journal, outbox, people
from tlsec.register.models_outbox import EscalationRun, Notice

LATE = timedelta(seconds=60)
MACHINE = "tlsec"
_ENDED = EscalationRun.State.ENDED


def start(
    now: datetime,
    key: str,
    policy: str,
    title: str,
    text: str,
    *,
    unit: str = "",
    version: int | None = None,
    link: str = "",
) -> EscalationRun:
    """Begin to climb for a key; one that is climbing already goes on. Call it in the change's transaction.

    `unit`: id of the unit that answers for the matter. `version`: of the ledger item `key`; the run ends by
    itself when the item moves on. Its first notice goes out with the next sweep.
    """
    run, _made = EscalationRun.objects.exclude(state=_ENDED).get_or_create(
        key=key,
        policy=policy,
        defaults={
            "unit": unit[:100], "title": redact.clean(title[:2000])[:200],
            "text": redact.clean(text[:8000])[:4000], "link": link[:300], "version": version,
            "started": now, "next_at": now,
        },
    )  # fmt: skip
    return run


def hold(key: str, who: str, now: datetime) -> int:
    """Somebody has acknowledged: the key's runs stand still until he is asked. The number of them."""
    rows = list(EscalationRun.objects.select_for_update().filter(key=key).exclude(state=_ENDED))
    if not rows:
        return 0
    try:
        known = _policies(_setup())
    except Faulty:  # an acknowledgement counts whatever a file says; nobody will be asked again
        known = {}
    for run in rows:
        minutes = known[run.policy].lapse_minutes if run.policy in known else 0
        run.state = EscalationRun.State.ACKED
        run.acked_by, run.acked_at, run.asked_at = who[:100], now, None
        run.next_at = now + timedelta(minutes=minutes) if minutes else None
        run.save()
    return len(rows)


def sweep(now: datetime) -> None:
    """Run every timer that is due, however late: the hook of the serving process. Raises Faulty."""
    due = EscalationRun.objects.filter(next_at__lte=now).order_by("next_at", "id")
    ids = list(due.values_list("pk", flat=True)[: delivery.AT_ONCE])
    if not ids:
        return
    setup = _setup()
    known = _policies(setup)
    for pk in ids:
        with transaction.atomic():
            run = EscalationRun.objects.select_for_update().get(pk=pk)
            if run.next_at is None or run.next_at > now:
                continue  # another process was here, or somebody has just acknowledged
            _timer(run, known.get(run.policy), setup, now)
            run.save()


def _setup() -> Setup:
    return delivery.setup_of(delivery.workspace_root())


def _policies(setup: Setup) -> dict[str, Policy]:
    return steps.load(content.policies(setup.root), setup.ladder.roles)


def _timer(run: EscalationRun, policy: Policy | None, setup: Setup, now: datetime) -> None:
    current = outbox.versions([run.key]).get(run.key, run.version)
    if run.version is not None and current != run.version:
        _end(run, now, _("事项已有新进展"))
    elif policy is None:
        _end(run, now, _("升级办法已不存在"))
    elif run.state == EscalationRun.State.ACKED:
        _ask(run, policy, now)
    else:
        _climb(run, policy, setup, now)


def _end(run: EscalationRun, now: datetime, why: str) -> None:
    run.state, run.next_at, run.ended, run.ended_why = _ENDED, None, now, why[:60]


def _ask(run: EscalationRun, policy: Policy, now: datetime) -> None:
    """Still working on it? Without an answer the acknowledgement lapses and the climb begins anew."""
    if run.asked_at is None:
        text = _("{who} 于 {at} 确认。仍在处理请再次确认，否则 {n} 分钟后重新升级。")
        at = run.acked_at.astimezone(ZONE) if run.acked_at else now
        said = text.format(who=run.acked_by, at=f"{at:%m-%d %H:%M}", n=policy.grace_minutes)
        asked = people.person(run.acked_by)
        audience = f"person:{asked.id}" if asked else policy.steps[0].notify[0]
        title = _("仍在处理吗？{title}").format(title=run.title)
        outbox.enqueue(now, run.key, audience, title, said, "urgent", version=run.version)
        run.asked_at = now
        run.next_at = now + timedelta(minutes=policy.grace_minutes)
        return
    after = {"by": run.acked_by, "at": run.acked_at, "policy": run.policy}
    journal.append(now, MACHINE, "notice.lapse", run.key, after)
    run.state, run.acked_by, run.acked_at, run.asked_at = (
        EscalationRun.State.RUNNING,
        "",
        None,
        None,
    )
    run.step, run.round, run.climbs, run.next_at = 0, 0, run.climbs + 1, now


def _climb(run: EscalationRun, policy: Policy, setup: Setup, now: datetime) -> None:
    assert run.next_at is not None
    planned = run.next_at
    due = policy.due(run.step, run.round, planned, now)
    late = due.timers > 1 or now - planned > LATE
    if late:
        run.late += due.timers
    mark = _late_mark(planned, due) if late and due.steps else ""
    told: set[str] = set()
    for number in due.steps:
        _tell(run, policy.steps[number], number, mark, told, setup, now)
    run.step, run.round, run.next_at = due.step, due.round, due.next_at
    if due.step >= len(policy.steps):
        if due.next_at > now:  # the last wait still has to pass
            return
        _end(run, now, _("已升级到最后一级，无人确认"))
        journal.append(now, MACHINE, "notice.unanswered", run.key, {"policy": run.policy})


def _late_mark(planned: datetime, due: Due) -> str:
    text = _("【迟发】应于 {at} 发出，合并 {n} 次。")
    return text.format(at=f"{planned.astimezone(ZONE):%m-%d %H:%M}", n=due.timers) + "\n"


def _tell(
    run: EscalationRun,
    step: Step,
    number: int,
    mark: str,
    told: set[str],
    setup: Setup,
    now: datetime,
) -> None:
    """One step: each audience once, however many steps of a late run name it."""
    title = _("【第{n}级】{title}").format(n=number + 1, title=run.title)
    audiences = [
        f"{role}@{run.unit}" if step.at == "unit" and run.unit else role for role in step.notify
    ]
    for audience in audiences:
        if audience not in told:
            told.add(audience)
            outbox.enqueue(
                now, run.key, audience, title, mark + run.text, step.urgency,
                version=run.version, link=run.link,
            )  # fmt: skip
    if step.paper:
        _paper(run, title, audiences, setup, now)
    if step.letter:
        after = {"policy": run.policy, "unit": run.unit, "title": run.title}
        journal.append(now, MACHINE, "notice.letter-due", run.key, after)


def _paper(
    run: EscalationRun, title: str, audiences: list[str], setup: Setup, now: datetime
) -> None:
    """A call list for whoever sits beside the telephone: goes to the local channel, nowhere else."""
    rows = []
    for audience in audiences:
        role = setup.ladder.roles[audience.partition("@")[0]]
        called = people.of(audience, setup, now)
        names = listed(f"{p.name} {p.phone or _('（无电话）')}" for p in called)
        value = names or _("没有登记人员，查值班表")
        rows.append(_("{name}：{value}").format(name=role.zh, value=value))
    text = _("电话通知单（逐个拨打，记下时间和答复）：") + "\n" + "\n".join(rows)
    notice = outbox.enqueue(now, run.key, "paper", title, text, "urgent", version=run.version)
    Notice.objects.filter(pk=notice.pk).update(channel=config.LOCAL)
