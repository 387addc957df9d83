"""Chapters the 2021 and the 2025 form of the evaluation report have in common."""

from __future__ import annotations

from collections import Counter

from tlsec.i18n import _, listed
from tlsec.report.blocks import Block, Field, FieldGrid, Heading, PageBreak, Para, Section
from tlsec.report.papers import assessment_parts as parts
from tlsec.report.papers import assessment_tables as tables
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers.assessment import ASSET_KINDS, Assessment, Domain, Problem
from tlsec.report.papers.assessment_tables import col


def front(data: Assessment) -> list[Block]:
    """基本信息表 and 声明."""
    people = data.people
    names = listed(person.name for person in people)
    return [
        Heading(_("网络安全等级测评基本信息表")),
        parts.facts(data),
        FieldGrid(
            (
                (Field(_("测评单位"), _("{bureau}（自评）").format(bureau=data.bureau)),),
                (Field(_("机构编号"), _("不适用（自评）")), Field(_("报告编号"), say.given(data.number))),
                (Field(_("参加人员"), say.given(names)),),
                (Field(_("编制人"), say.blank()), Field(_("编制日期"), say.blank())),
                (Field(_("审核人"), say.blank()), Field(_("审核日期"), say.blank())),
                (Field(_("批准人"), say.blank()), Field(_("批准日期"), say.blank())),
            )
        ),
        PageBreak(),
        Heading(_("声明")),
        Para(say.no_verdict()),
        Para(
            _(
                "本报告按等级测评报告的体例编写，用于测评前的自我检查。结论只对评估时间内所列对象和"
                "证据有效；系统变更后须重新评估。数据不能填写的内容标为{mark}。"
            ).format(mark=say.blank())
        ),
        Para(say.untested_rule()),
    ]  # fmt: skip


def overview(data: Assessment) -> list[Block]:
    """1: purpose, basis, process, copies."""
    basis = [
        _("《信息安全技术 网络安全等级保护基本要求》（GB/T 22239-2019）"),
        _("《信息安全技术 网络安全等级保护测评要求》（GB/T 28448-2019）"),
        _("《信息安全技术 网络安全等级保护测评过程指南》（GB/T 28449-2018）"),
        _("《{title}》").format(title=data.scheme.title),
    ]
    start, end = (say.day(day) or say.blank() for day in (data.started, data.ended))
    return [
        PageBreak(),
        Heading(_("1　测评项目概述")),
        Heading(_("1.1　测评目的"), 2),
        Para(
            _(
                "检查{name}（{grade}）的安全保护状况与其安全保护等级要求之间的差距，为整改和后续等级"
                "测评提供依据。"
            ).format(name=data.system.name, grade=data.system.grade)
        ),
        Heading(_("1.2　测评依据"), 2),
        *(Para(_("（{n}）{text}").format(n=number, text=text)) for number, text in enumerate(basis, 1)),
        Heading(_("1.3　测评过程"), 2),
        Para(_("测评自{a}开始，至{b}结束，报告日期为{c}。").format(
            a=start, b=end, c=say.day(data.report_date)
        )),
        tables.people(data),
        Heading(_("1.4　报告分发范围"), 2),
        Para(say.blank()),
    ]  # fmt: skip


def described(data: Assessment) -> list[Block]:
    """2: the object, the indicators, the objects chosen."""
    s = data.system
    return [
        Heading(_("2　被测对象描述")),
        Heading(_("2.1　定级和业务情况"), 2),
        Para(
            _("{name}由{unit}运营，安全保护等级为{grade}，主要业务：{business}。").format(
                name=s.name, unit=s.unit, grade=parts.grade(data), business=say.given(s.business)
            )
        ),
        Heading(_("2.2　采用的技术和网络结构"), 2),
        Para(_("所在网络区域：{zone}。网络拓扑图：{mark}").format(
            zone=say.given(s.zone), mark=say.blank()
        )),
        Heading(_("2.3　测评指标"), 2),
        *_indicators(data),
        Heading(_("2.4　测评对象"), 2),
        Para(data.sampling or _("抽样规则：{x}").format(x=say.blank())),
        *_chosen(data),
    ]  # fmt: skip


def _indicators(data: Assessment) -> list[Block]:
    """How many items of each part, by class; those excluded by a decision."""
    counts: Counter[tuple[str, str]] = Counter()
    for item in data.items:
        counts[item.domain, item.extension] += 1
    used = [e for e in ("general", "cloud", "mobile", "iot", "ics") if any(
        extension == e for _domain, extension in counts
    )]  # fmt: skip
    columns = [col(_("安全类"), 2.4), *(col(say.extension(e), 1, "center") for e in used)]
    columns += [col(_("不适用"), 1, "center"), col(_("适用"), 1, "center")]
    rows = [
        (d.name, *(str(counts[d.id, e]) for e in used), str(d.not_applicable), str(d.applicable))
        for d in data.domains
    ]
    sums = (str(sum(counts[d.id, e] for d in data.domains)) for e in used)
    total = (str(data.totals.not_applicable), str(data.totals.applicable))
    rows.append((_("合计"), *sums, *total))
    excluded = [item for item in data.items if item.state == "not_applicable"]
    return [
        parts.caption("2", 1, _("测评指标")),
        tables.table(columns, rows, ""),
        parts.caption("2", 2, _("不适用的测评指标")),
        tables.excluded(excluded),
    ]


def _chosen(data: Assessment) -> list[Block]:
    body: list[Block] = []
    for kind in ASSET_KINDS:
        found = [asset for asset in data.assets if asset.kind == kind]
        if not found:
            continue
        chosen = [asset for asset in found if asset.sampled]
        head = _("{kind}：共 {n} 个，选取 {m} 个").format(
            kind=say.kind(kind), n=len(found), m=len(chosen)
        )
        body += [Heading(head, 3)]
        body += [tables.assets(chosen, chosen=True)] if chosen else []
    missing = listed(say.kind(k) for k in ASSET_KINDS if k not in {a.kind for a in data.assets})
    if missing:
        body.append(Para(_("台账中没有登记的种类：{kinds}。{mark}").format(
            kinds=missing, mark=say.blank()
        )))  # fmt: skip
    return body


def single_results(data: Assessment) -> list[Block]:
    """3: points class by class, verification tests, summary of problems (table 3-9 of 2025)."""
    body: list[Block] = [PageBreak(), Heading(_("3　单项测评结果分析"))]
    for number, domain in enumerate(data.domains, 1):
        body += _class(data, domain, number)
    number = len(data.domains) + 1
    body += [Heading(_("3.{n}　验证测试").format(n=number), 2), *_verification(data)]
    body += [
        Heading(_("3.{n}　单项测评小结").format(n=number + 1), 2),
        Para(_("共汇总安全问题 {n} 个：{counts}。").format(
            n=len(data.problems), counts=parts.counts(data)
        )),
        Section("landscape"),
        parts.caption("3", 9, _("安全问题汇总")),
        tables.problem_list(data, data.problems),
        Section(),
    ]  # fmt: skip
    return body


def _class(data: Assessment, domain: Domain, number: int) -> list[Block]:
    head = _("3.{n}　{name}").format(n=number, name=domain.name)
    if not domain.applicable:
        return [Heading(head, 2), Para(_("本类没有适用的测评指标。"))]
    found = sum(
        data.index[p.item].domain == domain.id for p in data.problems if p.item in data.index
    )
    text = _(
        "适用 {all} 项，符合 {met} 项、部分符合 {partly} 项、不符合 {bad} 项、未测 {open} 项；符合率"
        "{rate}。发现问题 {n} 个。"
    ).format(
        all=domain.applicable, met=domain.met, partly=domain.partly, bad=domain.not_met,
        open=domain.untested, rate=say.rate(domain.rate), n=found,
    )  # fmt: skip
    return [Heading(head, 2), Para(text), tables.points(data, domain)]


def _verification(data: Assessment) -> list[Block]:
    text = _("漏洞扫描 {n} 次，见扫描结果记录；渗透测试和演练 {m} 次，见渗透测试结果记录。").format(
        n=len(data.scans), m=len(data.trials)
    )
    return [Para(text)]


def whole(data: Assessment) -> list[Block]:
    """4: between points, between zones, and what was lowered for it."""
    lowered = [risk for risk in data.risks if risk.decision == "lowered"]
    columns = [
        col(_("案例"), 1.5, "center"),
        col(_("情形"), 3.2),
        col(_("起弥补作用的措施"), 3),
        col(_("调整后"), 1, "center"),
        col(_("研判人"), 1.4, "center"),
    ]
    rows = [
        (
            r.case, r.situation, say.given(r.mitigation),
            say.severity(r.level) if r.level else say.blank(), r.by,
        )
        for r in lowered
    ]  # fmt: skip
    return [
        PageBreak(),
        Heading(_("4　整体测评")),
        Heading(_("4.1　安全控制点间"), 2),
        Para(_("同一区域、同一安全类中其他控制点的弥补作用：{mark}").format(mark=say.blank())),
        Heading(_("4.2　区域间"), 2),
        Para(_("区域之间访问路径上的弥补作用：{mark}").format(mark=say.blank())),
        Heading(_("4.3　整体测评结果"), 2),
        Para(_("经人员研判，因有缓解措施而降低等级的情形 {n} 个。").format(n=len(lowered))),
        tables.table(columns, rows, _("没有经整体测评调整的结果。")),
    ]


def risk_analysis(data: Assessment) -> list[Block]:
    """5-1: what each problem can do."""
    columns = [
        col(_("编号"), 1.3, "center"), col(_("条款"), 1.9, "center"), col(_("对象"), 2),
        col(_("问题"), 3.6), tables.severity_col(0.8), col(_("依据"), 1.6, "center"),
    ]  # fmt: skip
    rows = [
        (
            p.no, tables.code(data, p.item), p.where or data.system.name, p.text,
            say.severity(p.severity), _("机器疑似") if p.suspected else _("人员判定"),
        )
        for p in tables.by_severity(data.problems)
    ]  # fmt: skip
    high = parts.risks(data, "high")
    return [
        Heading(_("5　安全问题风险分析")),
        Para(_("按可能造成的最大危害判定等级：{counts}。").format(counts=parts.counts(data))),
        parts.caption("5", 1, _("安全问题风险分析")),
        tables.table(columns, rows, _("没有问题记录。")),
        Para(_("触发高风险案例的情形及研判如下。")),
        tables.risks(high),
    ]


def advice(problems: list[Problem], data: Assessment) -> Block:
    """What to do about each problem, and its state."""
    columns = [
        col(_("编号"), 1.2, "center"), col(_("问题"), 3), tables.severity_col(0.8),
        col(_("整改建议"), 3.6), col(_("责任单位"), 1.8), col(_("期限"), 1.9, "center"),
    ]  # fmt: skip
    rows = [
        (
            p.no, p.text, say.severity(p.severity), say.given(p.advice),
            p.unit or data.system.unit, say.day(p.due),
        )
        for p in tables.by_severity(problems)
    ]  # fmt: skip
    return tables.table(columns, rows, _("没有问题记录。"))


def assets(data: Assessment, heading: str) -> list[Block]:
    """All objects by kind."""
    body: list[Block] = [Section("landscape"), Heading(heading)]
    for number, kind in enumerate(ASSET_KINDS, 1):
        found = [asset for asset in data.assets if asset.kind == kind]
        text = _("{n}. {kind}（{count} 个）").format(
            n=number, kind=say.kind(kind), count=len(found)
        )
        body += [Heading(text, 3), tables.assets(found)]
    return body


def summary(data: Assessment, heading: str) -> list[Block]:
    """Points and the results of their items."""
    columns = [
        col(_("安全类"), 2), col(_("安全控制点"), 2.4), col(_("部分"), 1, "center"),
        *(col(word, 0.9, "center") for word in (
            _("适用"), say.state("met"), say.state("partly"), say.state("not_met"),
            say.state("untested"),
        )), tables.state_col(1),
    ]  # fmt: skip
    names = {domain.id: domain.name for domain in data.domains}
    rows = [
        (
            names.get(p.domain, p.domain), p.name, say.extension(p.extension), str(p.applicable),
            str(p.met), str(p.partly), str(p.not_met), str(p.untested), say.state(p.state),
        )
        for p in data.points
    ]  # fmt: skip
    return [Heading(heading), tables.table(columns, rows, say.blank())]


def records(data: Assessment, heading: str) -> list[Block]:
    """Every item at every object with its evidence, class by class."""
    body: list[Block] = [Heading(heading)]
    for number, domain in enumerate(data.domains, 1):
        items = [item for item in data.items if item.domain == domain.id]
        if items:
            text = _("{n}. {name}").format(n=number, name=domain.name)
            body += [Heading(text, 3), tables.records(items)]
    return [*body, Section()]


def scans(data: Assessment, heading: str) -> list[Block]:
    """What was scanned from where."""
    columns = [
        col(_("编号"), 1.8, "center"), col(_("时间"), 2.3, "center"), col(_("探测点"), 1.4),
        col(_("范围"), 2), *(col(word, 0.9, "center") for word in (
            _("目标"), _("有效"), _("未通过"), _("未测"),
        )), col(_("问题"), 1.8),
    ]  # fmt: skip
    rows = [
        (
            s.no, say.moment(s.at), s.vantage, s.scope, str(s.targets), str(s.tested),
            str(s.failed), str(s.untested), _some(s.problems),
        )
        for s in data.scans
    ]  # fmt: skip
    return [Heading(heading), tables.table(columns, rows, say.blank())]


def _some(names: tuple[str, ...]) -> str:
    more = _("等 {n} 个").format(n=len(names)) if len(names) > 6 else ""
    return listed(names[:6]) + more


def trials(data: Assessment, heading: str) -> list[Block]:
    """Penetration tests and drills, and the items their findings count against."""
    columns = [
        col(_("编号"), 1.2, "center"), col(_("种类"), 1, "center"), col(_("时间"), 2, "center"),
        col(_("实施"), 1.6), col(_("经过和发现"), 3.4), col(_("条款"), 1.8), col(_("问题"), 1.6),
    ]  # fmt: skip
    rows = [
        (
            t.no, t.kind, say.moment(t.at), t.by, t.text,
            listed(tables.code(data, item) for item in t.items), _some(t.problems),
        )
        for t in data.trials
    ]  # fmt: skip
    return [Heading(heading), tables.table(columns, rows, say.blank())]


def threats(data: Assessment, heading: str) -> list[Block]:
    """The list of threats."""
    columns = [col(_("威胁"), 1.6), col(_("种类"), 1.2), col(_("说明"), 5)]
    rows = [(t.name, t.kind, t.text) for t in data.threats]
    return [Heading(heading), tables.table(columns, rows, say.blank())]
