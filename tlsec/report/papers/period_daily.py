"""日报 and 总结报告. What was not looked at is said to be unknown, never normal."""

from __future__ import annotations

from collections.abc import Iterable

from tlsec.i18n import _, listed
from tlsec.report import blocks
from tlsec.report.blocks import Block, Column, Document, Heading, Note, Para
from tlsec.report.papers.data import SEVERITIES, severity_label
from tlsec.report.papers.period_data import DailyPaper, PhaseLine, SummaryPaper, SystemRun
from tlsec.report.papers.period_parts import (
    col,
    document,
    opening,
    percent,
    proof,
    signature,
    table,
)
from tlsec.report.words import day, minute, span


def build(data: DailyPaper) -> Document:
    """The daily report."""
    sender = data.sender
    title = _("{period}网络安全日报").format(period=sender.period)
    issue = _("第 {n} 期").format(n=data.issue)
    if data.edition > 1:
        issue += _("（第 {n} 版）").format(n=data.edition)
    head = _("{bureau}　{day}　统计时段 {start} 至 {until}").format(
        bureau=sender.bureau, day=day(data.day), start=minute(data.start), until=minute(data.until)
    )
    body: list[Block] = [
        *opening(sender, title),
        Para(issue, indent=False, align="center"),
        Para(head, indent=False, align="center"),
        Heading(_("一、总体态势")),
        Para(data.sentence),
        _key_numbers(data),
        Heading(_("二、保障对象运行")),
        *_running(data.runs),
        *_untested(data),
        Heading(_("三、监测发现")),
        *_found(data),
        Heading(_("四、攻击与封禁")),
        *_attacks(data),
        Heading(_("五、预警")),
        *_warnings(data.warnings, data.numbers),
        Heading(_("六、隐患整改")),
        *_mending(data),
        Heading(_("七、零报告")),
        *_zero(data),
        Heading(_("八、事件与处置")),
        _cases(data.cases),
        Heading(_("九、变更与例外")),
        *_changes(data),
        Heading(_("十、明日重点")),
        *[Para(f"{n}. {text}") for n, text in enumerate(data.focus, 1)],
        *([] if data.focus else [Para(_("没有到期事项。"))]),
        Heading(_("十一、值班人员")),
        _duty(data),
        signature(sender),
        *_numbers(data.queries),
        proof(sender, data.digest),
    ]
    if data.copies_to:
        body.append(blocks.Imprint(sender.bureau, day(sender.date), data.copies_to))
    return document(sender, "worksheet", title, body)


def _key_numbers(data: DailyPaper) -> Block:
    n = data.numbers
    up = [run for run in data.runs if run.share is not None]
    online = sum(not run.now_down for run in up)
    longest = max((run.longest for run in data.runs), default=0)
    rate = percent(n["total.closed"], n["total.found"])
    zero = percent(data.zero[1], data.zero[0]) if data.zero else _("本日不报")
    rows = (
        (_("保障系统"), str(n["systems"]), _("在线（测到的）"), f"{online}/{len(up)}"),
        (_("探测覆盖率"), f"{n['tested']}/{n['places']}（{percent(n['tested'], n['places'])}）",
         _("最长不可用"), _("{n:g} 分钟").format(n=longest)),
        (_("新增隐患"), str(n["found"]), _("累计销号率"), rate),
        (_("逾期未改"), str(n["overdue"]), _("零报告到报率"), zero),
        (_("在封地址"), str(n["blocks"]), _("预警签收"), f"{n['receipts.signed']}/{n['receipts']}"),
        (_("安全事件"), str(n["cases"]), _("连续平安"), _("{n} 天").format(n=data.calm_days)),
    )  # fmt: skip
    columns = [
        col(_("指标"), 1.5),
        col(_("数"), 2, "center"),
        col(_("指标"), 1.5),
        col(_("数"), 2, "center"),
    ]
    return table(columns, rows, "", "normal")


def _running(runs: Iterable[SystemRun]) -> list[Block]:
    runs = list(runs)
    columns = [
        col(_("系统"), 4),
        Column(
            _("现在"), 1.1, "center", ((_("中断"), "bad"), (_("未测"), "open"), (_("在线"), "good"))
        ),
        col(_("可用率"), 1.3, "center"),
        col(_("失败/探测"), 1.5, "center"),
        col(_("不可用（分钟）"), 1.5, "center"),
        col(_("最长（分钟）"), 1.4, "center"),
    ]
    shown = [run for run in runs if run.share is None or run.down or run.failed or run.now_down]
    well = len(runs) - len(shown)
    text = _("{n} 个系统全程可用；下表为有过失败、中断或者没有测到的系统。").format(n=well)
    made: list[Block] = [Para(text)]
    if shown:
        made.append(table(columns, [_run(run) for run in shown], ""))
    return made


def _run(run: SystemRun) -> tuple[str, ...]:
    if run.share is None:
        return run.name, _("未测"), "—", f"—/{run.looks}", "—", "—"
    state = _("中断") if run.now_down else _("在线")
    return (
        run.name, state, f"{100 * run.share:.2f}%", f"{run.failed}/{run.looks}",
        f"{run.down:g}", f"{run.longest:g}",
    )  # fmt: skip


def _untested(data: DailyPaper) -> list[Block]:
    left = data.numbers["places"] - data.numbers["tested"]
    if left <= 0:
        return [Para(_("应测对象全部测到。"))]
    text = _("另有 {n} 个对象没有测到，状况不明，不计为正常。").format(n=left)
    columns = [col(_("系统"), 3), col(_("对象"), 3), col(_("原因"), 2)]
    rows = [(system, asset, reason or _("没有安排探测")) for system, asset, reason in data.untested]
    return [Para(text), table(columns, rows, "")]


def _found(data: DailyPaper) -> list[Block]:
    n = data.numbers
    grades = listed(
        (
            _("{grade} {n} 项").format(grade=severity_label(s), n=n[f"found.{s}"])
            for s in SEVERITIES
        ),
        "，",
    )
    made: list[Block] = [Para(_("新增隐患 {n} 项：{grades}。").format(n=n["found"], grades=grades))]
    for title, rows in ((_("按类别"), data.by_class), (_("按单位"), data.by_unit)):
        if rows:
            columns = [col(title, 5), col(_("新增"), 1, "center"), col(_("未结"), 1, "center")]
            cells = [(name or _("（无主）"), str(new), str(left)) for name, new, left in rows]
            made.append(table(columns, cells, ""))
    return made


def _attacks(data: DailyPaper) -> list[Block]:
    n = data.numbers
    text = _(
        "接收攻击告警 {attacks} 次；新增封禁 {new} 条，解封 {lifted} 条，在封 {on} 条。"
    ).format(attacks=n["attacks"], new=n["blocks.new"], lifted=n["blocks.lifted"], on=n["blocks"])
    columns = [
        col(_("IP/段"), 2),
        col(_("封禁点"), 2),
        col(_("依据"), 3),
        col(_("截止"), 2, "center"),
    ]
    made: list[Block] = [Para(text)]
    if data.blocks:
        made.append(table(columns, data.blocks, ""))
    return made


def _warnings(rows: tuple[tuple[str, str, str, str], ...], n: dict[str, int]) -> list[Block]:
    text = _("发布预警 {n} 份；累计应签收 {all} 份，已签收 {signed} 份，签收率 {rate}。").format(
        n=n["warnings"], all=n["receipts"], signed=n["receipts.signed"],
        rate=percent(n["receipts.signed"], n["receipts"]),
    )  # fmt: skip
    columns = [
        col(_("编号"), 2.2),
        col(_("标题"), 4),
        col(_("级别"), 1, "center"),
        col(_("签收"), 1, "center"),
    ]
    return [Para(text), *([table(columns, rows, "")] if rows else [])]


def _mending(data: DailyPaper) -> list[Block]:
    n = data.numbers
    text = _(
        "当日整改销号 {closed} 项，未结 {open} 项，"
        "其中逾期 {overdue} 项；累计发现 {all} 项，累计销号 {done} 项，"
        "销号率 {rate}。"
    )
    made: list[Block] = [
        Para(
            text.format(
                closed=n["closed"], open=n["open"], overdue=n["overdue"], all=n["total.found"],
                done=n["total.closed"], rate=percent(n["total.closed"], n["total.found"]),
            )
        )
    ]  # fmt: skip
    if data.overdue:
        columns = [
            col(_("编号"), 2.2),
            col(_("单位"), 2),
            col(_("系统"), 2),
            col(_("隐患"), 3),
            col(_("逾期天数"), 1.1, "center"),
        ]
        made.append(table(columns, data.overdue, ""))
    return made


def _zero(data: DailyPaper) -> list[Block]:
    if data.zero is None:
        return [Para(_("本日不在零报告期内。"))]
    required, reported, missing, waiting = data.zero
    text = _(
        "应报 {n} 个单位，按时报送 {done} 个，到报率 {rate}；未报（含逾时）{missing} 个。"
    ).format(n=required, done=reported, rate=percent(reported, required), missing=missing)
    if waiting:
        text += _("另有 {n} 个未到截止时间。").format(n=waiting)
    if data.zero_events:
        text += _("报告有情况的单位：{names}。").format(names=listed(data.zero_events))
    columns = [col(_("未报单位"), 4), col(_("联系人"), 1.5), col(_("电话"), 2)]
    return [Para(text), *([table(columns, data.absent, "")] if data.absent else [])]


def _cases(rows: tuple[tuple[str, str, str, str], ...]) -> Block:
    columns = [
        col(_("编号"), 2),
        col(_("事件"), 4),
        col(_("单位"), 2),
        col(_("状态"), 1.3, "center"),
    ]
    return table(columns, rows, _("未发生网络安全事件。"))


def _changes(data: DailyPaper) -> list[Block]:
    text = _("冻结期内批准的变更 {n} 项，未经批准的变化告警 {drift} 条。").format(
        n=data.numbers["exceptions"], drift=data.numbers["drift"]
    )
    columns = [
        col(_("编号"), 2),
        col(_("系统"), 2),
        col(_("内容"), 3),
        col(_("窗口"), 2.4, "center"),
    ]
    return [Para(text), *([table(columns, data.changes, "")] if data.changes else [])]


def _duty(data: DailyPaper) -> Block:
    columns = [
        col(_("班次"), 2, "center"),
        col(_("岗位"), 2, "center"),
        col(_("姓名"), 2, "center"),
        col(_("电话"), 2, "center"),
    ]
    return table(columns, data.duty, _("没有排班。"))


def _numbers(queries: tuple[tuple[str, str, str], ...]) -> list[Block]:
    columns = [col(_("数"), 3), col(_("值"), 1, "center"), col(_("查询摘要"), 3, "center")]
    note = _(
        "每个数都由存下来的查询得出，摘要含查询条件和所涉各行；用 tlsec period daily --verify 可照原样再问。"
    )
    return [
        blocks.Attachment(_("附表"), _("数据来源")),
        table(columns, queries, "", "tiny"),
        Note(note),
    ]


def summary(data: SummaryPaper) -> Document:
    """The summary report of the whole period."""
    sender, n = data.sender, data.numbers
    title = _("{period}网络安全保障工作总结报告").format(period=sender.period)
    blank = _("（由填报人补充）")
    text = _(
        "{span}，围绕{period}，"
        "{bureau}组织对 {n} 个系统开展网络安全保障。"
        "实战期间值守 {turns} 人次，编发日报 {dailies} 期，"
        "办理交接班 {handovers} 次。"
    )
    data_text = _(
        "期间共发现隐患 {found} 项，整改销号 {closed} 项，"
        "销号率 {rate}；接收攻击告警 {attacks} 次，封禁 {blocks} 条；"
        "发布预警 {warnings} 份；发生网络安全事件 {cases} 起。"
    )
    body: list[Block] = [
        *opening(sender, title),
        Heading(_("一、组织情况")),
        Para(text.format(
            span=span(data.start, data.until), period=sender.period, bureau=sender.bureau,
            n=data.systems, turns=data.duty_turns, dailies=data.dailies, handovers=n["handovers"],
        )),
        *_phases(data.phases),
        Heading(_("二、数据")),
        Para(data_text.format(
            found=n["found"], closed=n["closed"], rate=percent(n["closed"], n["found"]),
            attacks=n["attacks"], blocks=n["blocks.new"], warnings=n["warnings"], cases=n["cases"],
        )),
        Para(_("探测覆盖：应测 {all} 个对象，测到 {n} 个（{rate}）；未测到的不计为正常。").format(
            all=n["places"], n=n["tested"], rate=percent(n["tested"], n["places"]),
        )),
        *_running(data.runs),
        *_summary_tables(data),
        Heading(_("三、事件和典型案例")),
        _cases(data.cases),
        Para(blank),
        Heading(_("四、问题不足")),
        *_left(data),
        Para(blank),
        Heading(_("五、临时措施恢复")),
        *_controls(data),
        Heading(_("六、经验")),
        Para(blank),
        Heading(_("七、建议")),
        Para(blank),
        blocks.AttachmentList((_("隐患台账"), _("各期日报"), _("交接班记录"), _("封禁清单"))),
        signature(sender),
        *_numbers(data.queries),
        proof(sender, data.digest),
    ]  # fmt: skip
    return document(sender, "worksheet", title, body, (_("经验、建议和典型案例由填报人补充。"),))


def _phases(phases: tuple[PhaseLine, ...]) -> list[Block]:
    columns = [
        col(_("阶段"), 1.2, "center"),
        col(_("计划"), 3, "center"),
        col(_("进入"), 2, "center"),
        col(_("任务完成"), 1.3, "center"),
    ]
    rows = []
    for p in phases:
        done = sum(bool(task[3]) for task in p.tasks)
        plan = f"{minute(p.start)[:10]} — {minute(p.until)[:10]}"
        rows.append((p.name, plan, minute(p.entered) or "—", f"{done}/{len(p.tasks)}"))
    return [table(columns, rows, "")]


def _summary_tables(data: SummaryPaper) -> list[Block]:
    made: list[Block] = []
    if data.by_unit:
        columns = [col(_("单位"), 5), col(_("发现"), 1, "center"), col(_("未结"), 1, "center")]
        rows = [(name or _("（无主）"), str(a), str(b)) for name, a, b in data.by_unit]
        made += [Heading(_("隐患（按单位）"), 2), table(columns, rows, "")]
    if data.zero:
        columns = [
            col(_("日期"), 2, "center"),
            col(_("应报"), 1, "center"),
            col(_("按时"), 1, "center"),
            col(_("未报"), 1, "center"),
            col(_("到报率"), 1, "center"),
        ]
        rows2 = [(d, str(a), str(b), str(c), percent(b, a)) for d, a, b, c in data.zero]
        made += [Heading(_("零报告"), 2), table(columns, rows2, "")]
    return made


def _left(data: SummaryPaper) -> list[Block]:
    columns = [
        col(_("编号"), 2.2),
        col(_("单位"), 2),
        col(_("系统"), 2),
        col(_("隐患"), 3),
        col(_("时限"), 1.8, "center"),
    ]
    text = _("尚有 {n} 项隐患未销号，转入常态整改：").format(n=len(data.left))
    return [Para(text), table(columns, data.left, "")] if data.left else [Para(_("隐患全部销号。"))]


def _controls(data: SummaryPaper) -> list[Block]:
    columns = [
        col(_("对象"), 2),
        col(_("措施"), 3),
        col(_("截止"), 1.8, "center"),
        col(_("恢复"), 1.8, "center"),
    ]
    on = sum(not row[3] for row in data.controls)
    rows = [(*row[:3], row[3] or _("未恢复")) for row in data.controls]
    text = _("登记临时措施 {n} 项，尚未恢复 {on} 项。").format(n=len(rows), on=on)
    return [Para(text), *([table(columns, rows, "")] if rows else [])]
