"""Whether a paper would contradict itself; run before printing (facts: the open checkers of 2025).

Each rule counts anew what is stored or said twice. A violated one refuses the paper with a sentence
that names both numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime

from tlsec.i18n import _, listed
from tlsec.report import charts, words
from tlsec.report.errors import PaperError
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers.assessment import STATES, Assessment, Item
from tlsec.report.words import When

_SLACK = 0.011  # percent points: rates are stored with two decimals
_SHOWN = 5


class Inconsistent(PaperError):
    """The data contradicts itself. `faults`: one sentence for every contradiction."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        head = _("报告未生成：数据前后不一致，共 {n} 处。").format(n=len(faults))
        super().__init__("\n".join([head, *(f"- {fault}" for fault in faults[:20])]))


def require(data: Assessment) -> None:
    """Raises Inconsistent where the data contradicts itself."""
    faults = tuple(check(data))
    if faults:
        raise Inconsistent(faults)


def check(data: Assessment) -> Iterator[str]:
    """Every contradiction as a sentence."""
    for rule in _RULES:
        yield from rule(data)


def _differs(what: str, said: object, counted: object) -> Iterator[str]:
    if said != counted:
        yield _("{what}：汇总为 {said}，逐项清点为 {counted}。").format(
            what=what, said=said, counted=counted
        )


def _unique(data: Assessment) -> Iterator[str]:
    for what, names in (
        (_("条款编号"), [item.id for item in data.items]),
        (_("问题编号"), [problem.no for problem in data.problems]),
        (_("资产编号"), [asset.id for asset in data.assets]),
        (_("安全类编号"), [domain.id for domain in data.domains]),
        (_("控制点编号"), [point.id for point in data.points]),
    ):
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            yield _("{what}重复：{names}（{n} 条中只有 {unique} 个不同编号）。").format(
                what=what, names=_some(twice), n=len(names), unique=len(set(names))
            )


def _some(names: Iterable[str]) -> str:
    found = list(names)
    more = _("等 {n} 个").format(n=len(found)) if len(found) > _SHOWN else ""
    return listed(found[:_SHOWN]) + more


def _states(data: Assessment) -> Iterator[str]:
    counts = Counter(item.state for item in data.items)
    for state in STATES:
        what = _("结果为“{state}”的条款数").format(state=say.state(state))
        yield from _differs(what, getattr(data.totals, state), counts[state])
    yield from _differs(_("适用条款数"), data.totals.applicable, len(data.applicable))


def _groups(data: Assessment) -> Iterator[str]:
    by_domain, by_point = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for item in data.items:
        for key in {item.state, "" if item.state == "not_applicable" else "applicable"}:
            by_domain[item.domain, key] += 1
            by_point[item.point, key] += 1
    for domain in data.domains:
        for key in ("applicable", *STATES):
            what = _("安全类“{name}”的{key}数").format(name=domain.name, key=_key(key))
            yield from _differs(what, getattr(domain, key), by_domain[domain.id, key])
    for point in data.points:
        for key in ("applicable", "met", "partly", "not_met", "untested"):
            what = _("控制点“{name}”的{key}数").format(name=point.name, key=_key(key))
            yield from _differs(what, getattr(point, key), by_point[point.id, key])
    for what, known, used in (
        (_("安全类"), {d.id for d in data.domains}, {i.domain for i in data.items}),
        (_("控制点"), {p.id for p in data.points}, {i.point for i in data.items}),
    ):
        if used - known:
            yield _("条款引用了 {n} 个未列出的{what}（{names}），已列出 {m} 个。").format(
                n=len(used - known), what=what, names=_some(sorted(used - known)), m=len(known)
            )


def _key(key: str) -> str:
    return charts.state_words().get(key, _("适用"))


def _rates(data: Assessment) -> Iterator[str]:
    """符合率 of the classes (ch. 6) against that of the conclusion (ch. 7), and both their bounds."""
    for domain in data.domains:
        if not domain.rate or not domain.applicable:
            continue
        least = 100 * domain.met / domain.applicable
        most = 100 * (domain.applicable - domain.not_met) / domain.applicable
        if domain.rate.low < least - _SLACK or domain.rate.high > most + _SLACK:
            yield _("安全类“{name}”的符合率为 {said}，按各项结果只可能在 {counted} 之间。").format(
                name=domain.name,
                said=say.rate(domain.rate, 2),
                counted=f"{least:.2f}%～{most:.2f}%",
            )
    total = data.scheme.number("rate")
    rated = [(d.applicable, d.rate) for d in data.domains if d.rate and d.applicable]
    if total is None or not rated:
        return
    for end, name in (("low", _("下限")), ("high", _("上限"))):
        whole = sum(n * getattr(rate, end) for n, rate in rated) / sum(n for n, _rate in rated)
        said = getattr(total.value, end)
        if abs(whole - said) > _SLACK:
            yield _("符合率{end}：结论写 {said}%，按各安全类汇总为 {counted}%。").format(
                end=name, said=f"{said:.2f}", counted=f"{whole:.2f}"
            )


def _scheme(data: Assessment) -> Iterator[str]:
    for number in data.scheme.numbers:
        if number.value.low > number.value.high:
            yield _("{label}的下限 {low} 大于上限 {high}。").format(
                label=number.label, low=number.value.low, high=number.value.high
            )
    for item in data.items:
        if item.low > item.high:
            yield _("条款 {id} 的下限 {low} 大于上限 {high}。").format(
                id=item.id, low=item.low, high=item.high
            )
    settled = sum(item.state != "untested" for item in data.applicable)
    share = 100 * settled / len(data.applicable) if data.applicable else 0.0
    if abs(share - data.scheme.coverage) > 0.06:
        yield _("覆盖率：汇总为 {said}%，逐项清点为 {counted}%（已测 {n}/{all}）。").format(
            said=f"{data.scheme.coverage:.2f}", counted=f"{share:.2f}", n=settled,
            all=len(data.applicable),
        )  # fmt: skip


def _severities(data: Assessment) -> Iterator[str]:
    """Counts on the cover against chapter 5."""
    counts = Counter(problem.severity for problem in data.problems)
    for severity in ("high", "medium", "low"):
        what = _("{grade}风险问题数").format(grade=say.severity(severity))
        yield from _differs(what, getattr(data.totals, severity), counts[severity])
    major = [r for r in data.risks if r.kind == "major" and r.decision == "confirmed"]
    fixed = sum(bool(risk.fixed_on) for risk in major)
    yield from _differs(_("重大风险隐患数"), data.totals.major, len(major))
    yield from _differs(_("已整改的重大风险隐患数"), data.totals.major_fixed, fixed)


def _objects(data: Assessment) -> Iterator[str]:
    """Objects of appendix A, chosen ones of chapter 2, records of appendix D."""
    known = {asset.id for asset in data.assets}
    seen = {found.object for item in data.items for found in item.objects if found.object}
    chosen = {asset.id for asset in data.assets if asset.sampled}
    if seen - known:
        yield _(
            "单项测评结果记录有 {n} 个对象不在资产清单中（{names}），资产清单共 {m} 个资产。"
        ).format(n=len(seen - known), names=_some(sorted(seen - known)), m=len(known))
    if chosen - seen:
        yield _(
            "选取了 {n} 个测评对象，其中 {k} 个在单项测评结果记录中没有任何内容（{names}）。"
        ).format(n=len(chosen), k=len(chosen - seen), names=_some(sorted(chosen - seen)))
    foreign = sorted({p.object for p in data.problems if p.object} - known)
    if foreign:
        yield _("有 {n} 个问题的对象不在资产清单中（{names}），资产清单共 {m} 个资产。").format(
            n=len(foreign), names=_some(foreign), m=len(known)
        )


def _problems(data: Assessment) -> Iterator[str]:
    """Problems of chapter 3 against the records of appendix D."""
    foreign = [p.no for p in data.problems if p.item not in data.index]
    if foreign:
        yield _("有 {n} 个问题所属条款不在本次 {m} 项条款中（{names}）。").format(
            n=len(foreign), m=len(data.items), names=_some(foreign)
        )
    live = [p for p in data.problems if p.state not in ("closed", "waived") and p.no not in foreign]
    odd = [p.no for p in live if data.index[p.item].state in ("met", "not_applicable")]
    if odd:
        yield _("{n} 个未关闭的问题（{names}）所属条款在单项测评结果记录中为符合或不适用。").format(
            n=len(odd), names=_some(odd)
        )
    told = {problem.item for problem in data.problems}
    failed = [item for item in data.items if item.state in ("not_met", "partly")]
    silent = [_code(item) for item in failed if item.id not in told]
    if silent:
        yield _(
            "单项测评结果记录有 {n} 项不符合或部分符合，其中 {k} 项没有对应的问题（{names}）。"
        ).format(n=len(failed), k=len(silent), names=_some(silent))


def _code(item: Item) -> str:
    return item.code or item.clause or item.id


def _records(data: Assessment) -> Iterator[str]:
    """Findings of scans and trials show up among the problems and in appendix D."""
    known = {problem.no for problem in data.problems}
    records = [(scan.no, scan.problems) for scan in data.scans]
    for no, told in [*records, *((trial.no, trial.problems) for trial in data.trials)]:
        lost = [problem for problem in told if problem not in known]
        if lost:
            yield _("记录 {no} 提到 {n} 个问题，其中 {k} 个不在问题清单中（{names}）。").format(
                no=no, n=len(told), k=len(lost), names=_some(lost)
            )
    for trial in data.trials:
        good = [i for i in trial.items if i not in data.index or data.index[i].state == "met"]
        if good:
            yield _(
                "{kind} {no} 的 {n} 项发现中有 {k} 项在单项测评结果记录中仍为符合或未列出（{names}）。"
            ).format(
                kind=trial.kind, no=trial.no, n=len(trial.items), k=len(good), names=_some(good)
            )
    for scan in data.scans:
        if scan.failed > scan.tested:
            yield _("扫描 {no}：未通过 {failed} 项多于有效结果 {tested} 项。").format(
                no=scan.no, failed=scan.failed, tested=scan.tested
            )


def _dates(data: Assessment) -> Iterator[str]:
    yield from _order(_("测评开始"), data.started, _("测评结束"), data.ended)
    yield from _order(_("测评结束"), data.ended, _("报告日期"), data.report_date)
    for problem in data.problems:
        name = _("问题 {no} 发现").format(no=problem.no)
        yield from _order(name, problem.found_on, _("报告日期"), data.report_date)
        yield from _order(name, problem.found_on, _("整改完成"), problem.fixed_on)
    for old in data.previous:
        yield from _order(_("上次结论"), old.on, _("报告日期"), data.report_date)


def _order(first: str, a: When | None, second: str, b: When | None) -> Iterator[str]:
    x, y = as_day(a), as_day(b)
    if x and y and x > y:
        yield _("日期次序：{first}（{a}）晚于{second}（{b}）。").format(
            first=first, a=x.isoformat(), second=second, b=y.isoformat()
        )


def as_day(value: When | None) -> date | None:
    """The day in Asia/Shanghai, None for free text."""
    if isinstance(value, datetime):
        return words.local(value).date()
    return value if isinstance(value, date) else None


_RULES: tuple[Callable[[Assessment], Iterator[str]], ...] = (
    _unique, _states, _groups, _rates, _scheme, _severities, _objects, _problems, _records, _dates,
)  # fmt: skip
