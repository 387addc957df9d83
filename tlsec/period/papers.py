"""The papers of a key period filled from its tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from tlsec.i18n import _, listed
from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.period import blocking, counting, freezing, listing, numbers, periods, reporting, zero
from tlsec.period.models import Period
from tlsec.period.models_daily import DailyReport
from tlsec.period.models_duty import Handover, Shift
from tlsec.period.models_freeze import Block, Freeze, FreezeException
from tlsec.period.profile import kind_names, phase_names, role_names
from tlsec.period.zero_files import BOXES, NO, YES
from tlsec.register import journal
from tlsec.register.rules import in_force
from tlsec.register.transitions import COMMANDS, STATE_NAMES, State
from tlsec.report.papers import period_data as paper
from tlsec.workspace import Workspace


def sender(workspace: Workspace, period: Period, now: datetime, number: str = "") -> paper.Sender:
    """Who issues, of which period, today."""
    config = workspace.config
    return paper.Sender(
        config.bureau, config.city, period.title, kind_names()[period.kind],
        now.astimezone(LOCAL).date(), config.practice_range, journal.head()[:16], number,
    )  # fmt: skip


def roster(
    workspace: Workspace, period: Period, now: datetime, first: date | None, last: date | None
) -> paper.Roster:
    """The roster of some days; of the live phase where none are named."""
    days = periods.days(period)
    first, last = first or days[0], last or first or days[-1]
    rows = Shift.objects.filter(day__gte=first, day__lte=last).order_by(
        "start", "name", "role", "seat"
    )
    shifts: dict[tuple[date, str, datetime], list[Shift]] = {}
    for row in rows:
        shifts.setdefault((row.day, row.name, row.start), []).append(row)
    spec = periods.definition_of(period).roster
    systems = inventory.System.objects.filter(id__in=period.systems).exclude(operator=None)
    units = inventory.Unit.objects.filter(id__in=systems.values("operator")).select_related(
        "contact"
    )
    operators = tuple(
        (
            u.name,
            u.contact.name if u.contact else "—",
            (u.contact.phone if u.contact else "") or u.phone,
        )
        for u in units.order_by("ordinal")
    )
    return paper.Roster(
        sender(workspace, period, now),
        tuple(_shift(rows) for rows in shifts.values()),
        tuple(role_names().items()), spec.place, spec.phone, operators,
    )  # fmt: skip


def _shift(rows: list[Shift]) -> paper.RosterShift:
    one = rows[0]
    seats = tuple(paper.Seat(r.role, r.person, r.title, r.phone, r.unit, r.note) for r in rows)
    taken = Handover.objects.filter(
        taken__gte=one.start - timedelta(hours=2), taken__lt=one.until, incoming__in=[r.person for r in rows]
    ).order_by("id").first()  # fmt: skip
    confirmed = (
        f"{taken.incoming}\n{taken.taken.astimezone(LOCAL):%H:%M}" if taken and taken.taken else ""
    )
    span = f"{one.start.astimezone(LOCAL):%H:%M}—{one.until.astimezone(LOCAL):%H:%M}"
    return paper.RosterShift(one.day, one.name, span, day_mark(one.day), seats, confirmed)


def day_mark(day: date) -> str:
    """周六, or that offices are closed on a working day of the week."""
    weekday = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))[
        day.weekday()
    ]
    office = in_force().calendars.get("work")
    works = getattr(office, "works", None)
    if works is None or works(day) == (day.weekday() < 5):
        return weekday
    return (
        _("{day}（上班）").format(day=weekday)
        if works(day)
        else _("{day}（放假）").format(day=weekday)
    )


def handover(workspace: Workspace, row: Handover, now: datetime) -> paper.HandoverPaper:
    """One handover as it was frozen."""
    period = row.period or periods.found()
    frozen: dict[str, Any] = row.snapshot
    blocks, alerts = frozen["blocks"], frozen["alerts"]
    text = _("新增 {a} 条（{names}），解封 {b} 条，在封 {n} 条").format(
        a=len(blocks["added"]), b=len(blocks["lifted"]), n=blocks["on"],
        names=listed(blocks["added"][:5]) or _("无"),
    )  # fmt: skip
    return paper.HandoverPaper(
        sender(workspace, period, now), row.pk, row.outgoing, row.incoming, row.at, row.since,
        row.taken or "", row.taken_note,
        tuple(_open_item(each) for each in frozen["items"]),
        (alerts["new"], alerts["handled"], alerts["left"]),
        text, _devices(frozen["devices"]), _zero_words(frozen["zero"]), frozen["focus"],
        tuple(f"{c['target']}：{c['what']}（{c['until']}）" for c in frozen["controls"]),
        tuple(f"{e['number']} {listed(e['systems'])} {e['what']}（{e['start']}—{e['until']}）"
              for e in frozen["exceptions"]),
        row.digest,
    )  # fmt: skip


def _open_item(each: dict[str, Any]) -> paper.OpenItem:
    following = COMMANDS.get(each["next"])
    return paper.OpenItem(
        each["number"], each["system"] or each["unit"], each["what"], each["severity"],
        _(STATE_NAMES[State(each["state"])]), each["due"], _(following.title) if following else "—",
        each["overdue"],
    )  # fmt: skip


def _devices(found: dict[str, Any]) -> str:
    parts = []
    if found["lines_down"]:
        parts.append(_("探测线路中断：{names}").format(names=listed(found["lines_down"])))
    if found["silent"]:
        parts.append(_("来源无声：{names}").format(names=listed(found["silent"])))
    return _("；").join(parts) or _("监测线路和告警来源均无异常记录")


def _zero_words(found: dict[str, Any]) -> str:
    if not found:
        return ""
    text = _("应报 {required}，已报 {reported}").format(**found)
    absent = listed(found["absent"])
    return text + _("；尚缺：{names}").format(names=absent) if absent else text


def zero_form(
    workspace: Workspace, period: Period, unit: str, day: date, now: datetime
) -> paper.ZeroForm:
    """A unit's form: as reported, or blank but for its name and day. Raises Refused for other units."""
    from tlsec.period.models_daily import ZeroReport
    from tlsec.register.refused import Refused

    duty = next((each for each in zero.duties(period) if each.unit == unit), None)
    if duty is None:
        raise Refused(_("{unit} 不在零报告单位之列").format(unit=unit))
    profile = periods.profile_of(period)
    values = {_(BOXES["unit"]): duty.name, _(BOXES["day"]): day.isoformat()}
    rows = ZeroReport.objects.filter(period=period, unit=unit, day=day).order_by("received")
    for row in rows:
        answer = _(YES) if row.event else _(NO)
        values |= {
            _(BOXES["event"]): answer, _(BOXES["reporter"]): row.reporter,
            _(BOXES["sent_at"]): f"{row.received.astimezone(LOCAL):%Y-%m-%d %H:%M}",
        }  # fmt: skip
        values |= {_(BOXES[k]): str(v) for k, v in row.content.items() if k in BOXES and v}
    if not rows:
        values[_(BOXES["event"])] = "□" + _(YES) + "　□" + _(NO)
    to = workspace.config.bureau
    labels = tuple(_(title) for title in BOXES.values())
    cutoff = zero.cutoff(duty, day, profile)
    return paper.ZeroForm(sender(workspace, period, now), to, cutoff, labels, values)


def daily(workspace: Workspace, row: DailyReport, now: datetime) -> paper.DailyPaper:
    """The report of a day as it was frozen."""
    facts = row.facts
    made = zero_counts(facts["zero"])
    focus = [*facts["focus"], *([facts["focus_said"]] if facts["focus_said"] else [])]
    titles = reporting.titles()
    return paper.DailyPaper(
        sender(workspace, row.period, now), row.number, row.edition, row.day, row.start, row.until,
        reporting.sentence(row),
        {key: each["value"] for key, each in row.numbers.items()},
        reporting.calm_days(row.period, row.day),
        _runs(facts["running"]),
        tuple((e["system"], e["name"], reason(e["reason"])) for e in facts["untested"]),
        _counted(facts["by_unit"]), _counted(facts["by_class"]),
        tuple((e["number"], e["unit"], e["system"], e["what"], str(e["days_late"]))
              for e in facts["overdue"]),
        made,
        tuple((e["unit"], e["contact"], e["phone"]) for e in facts["zero"].get("absent", [])),
        tuple(facts["zero"].get("events", [])),
        _cases(facts["cases"]), _warnings(facts["warnings"]),
        tuple((e["network"], e["point"], e["basis"], e["until"]) for e in facts["blocks"]),
        tuple((e["number"], listed(e["systems"]), e["what"], f"{e['start']}—{e['until'][-5:]}")
              for e in facts["exceptions"]),
        tuple(focus),
        tuple((f"{e['day'][5:]} {e['shift']}", role_names()[e["role"]], e["person"], e["phone"])
              for e in facts["duty"]),
        tuple((title, str(row.numbers[key]["value"]), row.numbers[key]["digest"][:24])
              for key, title in titles.items()),
        row.digest, periods.definition_of(row.period).zero.to,
    )  # fmt: skip


def zero_counts(found: dict[str, Any]) -> tuple[int, int, int, int] | None:
    if not found:
        return None
    return found["required"], found["reported"], found["missing"], found["waiting"]


def reason(code: str) -> str:
    """Why an attempt brought nothing, in words."""
    words = {
        "unreachable": _("不可达"), "refused": _("拒绝连接"), "timeout": _("超时"),
        "access_denied": _("无权访问"), "throttled": _("被限速"), "protocol": _("协议不符"),
        "out_of_scope": _("不在授权范围"), "lost": _("任务丢失"), "bug_in_probe": _("探针故障"),
    }  # fmt: skip
    return words.get(code, code)


def _runs(found: Iterable[dict[str, Any]]) -> tuple[paper.SystemRun, ...]:
    return tuple(
        paper.SystemRun(
            e["name"], e["share"], e["failed"], e["looks"], e["down_minutes"],
            e["longest_minutes"], e["now_down"],
        )
        for e in found
    )  # fmt: skip


def _counted(found: Iterable[list[Any]]) -> tuple[tuple[str, int, int], ...]:
    return tuple((str(name), int(new), int(left)) for name, new, left in found)


def _cases(found: Iterable[dict[str, str]]) -> tuple[tuple[str, str, str, str], ...]:
    return tuple((e["number"], e["title"], e["unit"], e["state"]) for e in found)


def _warnings(found: Iterable[dict[str, Any]]) -> tuple[tuple[str, str, str, str], ...]:
    colours = {"red": _("红"), "orange": _("橙"), "yellow": _("黄"), "blue": _("蓝")}
    return tuple(
        (
            e["number"],
            e["title"],
            colours.get(e["colour"], e["colour"]),
            f"{e['signed']}/{e['sent']}",
        )
        for e in found
    )


def block_rows(rows: Iterable[Block]) -> tuple[paper.BlockRow, ...]:
    return tuple(
        paper.BlockRow(
            r.network, _(blocking.DIRECTIONS[r.direction]), r.basis, r.point, r.start, r.until,
            r.operator, r.lift_when, r.lifted or "",
        )
        for r in rows
    )  # fmt: skip


def freeze_order(workspace: Workspace, period: Period, now: datetime) -> paper.FreezeOrder:
    rows = Freeze.objects.filter(period=period).order_by("id")
    names = dict(inventory.System.objects.values_list("id", "name"))
    lines = tuple(
        paper.FreezeLine(
            listed(names.get(s, s) for s in r.systems) or _("全部保障对象"),
            _(freezing.RULES[r.rule]), r.start, r.until, r.note,
        )
        for r in rows
    )  # fmt: skip
    number = next((r.number for r in rows if r.number), "")
    profile = periods.profile_of(period)
    bureau = inventory.Unit.objects.filter(name__startswith=workspace.config.bureau).first()
    contact = bureau.contact if bureau else None
    return paper.FreezeOrder(
        sender(workspace, period, now, number), lines, _("各保障单位"), profile.freeze.longest_hours,
        contact.name if contact else "", contact.phone if contact else "",
    )  # fmt: skip


def exception(workspace: Workspace, row: FreezeException, now: datetime) -> paper.ExceptionForm:
    names = dict(inventory.System.objects.filter(id__in=row.systems).values_list("id", "name"))
    states = {
        "asked": _("待审批"), "approved": _("同意"), "refused": _("不同意"), "revoked": _("已收回"),
    }  # fmt: skip
    silenced = tuple(f"{each['check']}（{listed(each['clauses'])}）" for each in row.checks)
    return paper.ExceptionForm(
        sender(workspace, row.freeze.period, now), row.number,
        listed(f"{s} {names.get(s, '')}".strip() for s in row.systems), row.what, row.risk,
        row.rollback, row.start, row.until, silenced, row.asked_by, row.asked,
        states.get(row.state, row.state), row.decided_by, row.decided or "", row.reason,
    )  # fmt: skip


def _phases(period: Period) -> tuple[paper.PhaseLine, ...]:
    names = phase_names()
    made = []
    for phase in period.phases.order_by("id"):
        tasks = period.checklist.filter(phase=phase.name).order_by("due", "id")
        last = phase.until - timedelta(minutes=1)
        made.append(
            paper.PhaseLine(
                names[phase.name], phase.start, last, phase.entered or "",
                tuple((t.text, t.owner, f"{(t.due - timedelta(minutes=1)).astimezone(LOCAL):%m-%d}",
                       f"{t.done.astimezone(LOCAL):%m-%d}" if t.done else "") for t in tasks),
            )
        )  # fmt: skip
    return tuple(made)


def _rules(period: Period) -> tuple[tuple[str, str, str], ...]:
    words = periods.raised_words(periods.profile_of(period))
    return tuple((c.what, c.before, c.after) for c in words)


def work_plan(workspace: Workspace, period: Period, now: datetime) -> paper.WorkPlan:
    made = periods.definition_of(period)
    systems = inventory.System.objects.filter(id__in=period.systems).select_related("unit", "owner")
    rows = tuple(
        (s.name, s.unit.name, s.grade or _("未定级"), s.owner.name if s.owner else "—")
        for s in systems.order_by("ordinal")
    )
    live = period.phases.get(name="live")
    people = dict(inventory.Person.objects.values_list("id", "name"))
    leaders = tuple(people[id_] for id_ in made.roster.rotation.get("leader", []) if id_ in people)
    profile = periods.profile_of(period)
    return paper.WorkPlan(
        sender(workspace, period, now, made.number), live.start, live.until - timedelta(minutes=1),
        rows, _phases(period), _rules(period), leaders, made.zero.to,
        (profile.zero.cutoff, profile.zero.county_cutoff),
    )  # fmt: skip


def pledge(
    workspace: Workspace, period: Period, unit: inventory.Unit, now: datetime
) -> paper.Pledge:
    """The pledge of one unit over its protected systems."""
    systems = inventory.System.objects.filter(id__in=period.systems, unit=unit)
    rows = tuple(
        (
            s.name,
            s.grade or _("未定级"),
            s.owner.name if s.owner else "—",
            s.backup.name if s.backup else "—",
        )
        for s in systems.select_related("owner", "backup").order_by("ordinal")
    )
    live = period.phases.get(name="live")
    rule = periods.profile_of(period).zero
    county = unit.county is not None and unit.county.kind == "county"
    return paper.Pledge(
        sender(workspace, period, now), unit.name, rows, live.start,
        live.until - timedelta(minutes=1), rule.county_cutoff if county else rule.cutoff,
        _rules(period),
    )  # fmt: skip


def summary(workspace: Workspace, period: Period, now: datetime) -> paper.SummaryPaper:
    """The summary of a period up to its end, or up to now."""
    until = period.closed or now
    since = periods.begun(period)
    queries = counting.all_of(period, periods.profile_of(period), since, until, since)
    asked = {key: numbers.ask(each).data() for key, each in queries}
    facts = listing.summary(period, until)
    titles = reporting.titles()
    return paper.SummaryPaper(
        sender(workspace, period, now), since, until,
        {key: each["value"] for key, each in asked.items()}, len(period.systems),
        _runs(facts["running"]), _counted(facts["by_unit"]),
        tuple((d, int(a), int(b), int(c)) for d, a, b, c in facts["zero"]),
        _cases(facts["cases"]), _warnings(facts["warnings"]),
        tuple((e["number"], e["unit"], e["system"], e["what"], e["due"]) for e in facts["left"]),
        tuple((e["target"], e["what"], e["until"], e["ended"]) for e in facts["controls"]),
        _phases(period), asked["shifts"]["value"],
        DailyReport.objects.filter(period=period).values("day").distinct().count(),
        tuple((title, str(asked[key]["value"]), asked[key]["digest"][:24])
              for key, title in titles.items()),
        numbers.digest(asked, facts),
    )  # fmt: skip
