"""Item states through a scheme: the number, the classes of the standard, control points, the conclusion. Pure.

`steps` of a result are the lines that a person can redo with a pocket calculator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tlsec.i18n import _, listed, pick
from tlsec.policy.item_state import BY_VALUE, together
from tlsec.policy.item_state import Result as State
from tlsec.policy.scheme import Band, Scheme, Scored

HUNDRED = Fraction(100)
Ends = Callable[[Scored], tuple[float, float]]


def shown(number: Fraction) -> str:
    """Two decimals, cut: 89.999 is 89.99 and never 90.00."""
    cut = abs(number) * 100 // 1
    sign = "-" if number < 0 else ""
    return f"{sign}{cut // 100}.{cut % 100:02d}"


@dataclass(frozen=True, slots=True)
class Span:
    """A number between its low and its high end, exact. Kept as a percentage or as points of 100."""

    low: Fraction
    high: Fraction

    def __str__(self) -> str:
        low, high = shown(self.low), shown(self.high)
        return low if self.low == self.high else f"{low}–{high}"

    @property
    def data(self) -> dict[str, Any]:
        """{"low": 71.42, "high": 85.71, "exact": ["500/7", "600/7"]}"""
        return {
            "low": float(shown(self.low)),
            "high": float(shown(self.high)),
            "exact": [str(self.low), str(self.high)],
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    tested: int
    applicable: int

    @property
    def percent(self) -> Fraction:
        return HUNDRED * self.tested / self.applicable if self.applicable else Fraction(0)


@dataclass(frozen=True, slots=True)
class DomainResult:
    """Items of one of the ten classes by state, and what they are worth in per cent."""

    domain: str
    technical: bool
    met: int
    partly: int
    not_met: int
    untested: int
    not_applicable: int
    rate: Span

    @property
    def applicable(self) -> int:
        return self.met + self.partly + self.not_met + self.untested


@dataclass(frozen=True, slots=True)
class PointResult:
    """A control point (GB/T 28449-2018): untested while its items leave more than one result open."""

    point: str
    domain: str
    state: State
    items: int
    untested: int


@dataclass(frozen=True, slots=True)
class Risks:
    """Decisive risks beside the number: how many a person confirmed, how many nobody has decided.

    `medium`: some problem leads to a medium risk; None while nobody has said.
    """

    confirmed: int = 0
    undecided: int = 0
    medium: bool | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A value the source leaves open and the scheme had to set; told with every result."""

    what: str
    text: str
    touched: bool  # whether this result depends on it


@dataclass(frozen=True)
class Result:
    """`conclusion`: every class that is still possible, from the best to the worst."""

    scheme: Scheme
    number: Span
    raw: Span
    coverage: Coverage
    domains: tuple[DomainResult, ...]
    points: tuple[PointResult, ...]
    conclusion: tuple[str, ...]
    edges: tuple[Edge, ...]
    steps: tuple[str, ...]
    risks: Risks = Risks()

    @property
    def settled(self) -> bool:
        """Whether one conclusion is left."""
        return len(self.conclusion) == 1


def evaluate(scheme: Scheme, rows: Sequence[Scored], risks: Risks | None = None) -> Result:
    """The result of the items under a scheme. Without risks: none decisive, medium ones unknown."""
    asked = [row for row in rows if row.applicable]
    risks = risks or Risks()
    if risks.medium is None and all(row.low == 1 for row in asked):
        risks = Risks(risks.confirmed, risks.undecided, False)
    steps: list[str] = [
        _("方案 {id}：{name}；{source}").format(
            id=scheme.versioned, name=pick({"zh": scheme.zh, "en": scheme.en}), source=scheme.source
        )
    ]
    tested = Coverage(sum(row.tested for row in asked), len(asked))
    steps.append(
        _("适用 {n} 项（另有 {na} 项不适用，不计），已测 {tested} 项，未测 {untested} 项").format(
            n=len(asked), na=len(rows) - len(asked), tested=tested.tested,
            untested=len(asked) - tested.tested,
        )
    )  # fmt: skip
    number = _number(scheme, asked, lambda row: (row.low, row.high), steps)
    raw = _number(scheme, asked, lambda row: (row.raw_low, row.raw_high), [])
    steps.append(_("不计已批准例外（例外按不符合算）：{raw}").format(raw=raw))
    conclusion = conclusions(scheme, number, risks, steps)
    return Result(
        scheme, number, raw, tested, tuple(_domains(scheme, rows)), tuple(_points(rows)),
        conclusion, tuple(_edges(scheme, asked, number, risks)), tuple(steps), risks,
    )  # fmt: skip


# --- the number ---


def _number(scheme: Scheme, rows: Sequence[Scored], ends: Ends, steps: list[str]) -> Span:
    if not rows:
        steps.append(_("没有适用的条款，算不出数"))
        return Span(Fraction(0), HUNDRED)
    formula = {"mean": _mean, "deduction": _deduction, "rate": _rate}[scheme.formula]
    sides = [[(row, scheme.value(ends(row)[end])) for row in rows] for end in (0, 1)]
    if sides[0] == sides[1]:
        settled = formula(scheme, sides[0], steps)
        return Span(settled, settled)
    steps.append(_("低端（未测按不符合算）："))
    low = formula(scheme, sides[0], steps)
    steps.append(_("高端（未测按符合算）："))
    return Span(low, formula(scheme, sides[1], steps))


_Values = Sequence[tuple[Scored, Fraction]]


def _mean(scheme: Scheme, values: _Values, steps: list[str]) -> Fraction:
    """2019: M = 100 − 100 · (1/q) · Σ over classes (W_no + ½ W_part) / W_all."""
    lost = []
    for domain, part in _grouped(values).items():
        all_ = sum((row.weight for row, _x in part), Fraction(0))
        gone = sum((row.weight * (1 - x) for row, x in part), Fraction(0))
        lost.append(gone / all_)
        steps.append(
            _("{domain}：缺失 {gone} ÷ 全部 {all} = {share}").format(
                domain=domain, gone=shown(gone), all=shown(all_), share=_ratio(gone / all_)
            )
        )
    total = HUNDRED - HUNDRED * sum(lost, Fraction(0)) / len(lost)
    steps.append(
        _("M = 100 − 100 × (1/{q}) × {sum} = {m}").format(
            q=len(lost), sum=_ratio(sum(lost, Fraction(0))), m=shown(total)
        )
    )
    return total


def _deduction(scheme: Scheme, values: _Values, steps: list[str]) -> Fraction:
    """2021: V = max(0, 100·share − Σ f(w)·(1−x)·S) for technical and management items, S = 100/n."""
    assert scheme.attention is not None
    y, each = scheme.attention.value, HUNDRED / len(values)
    steps.append(_("S = 100 ÷ {n} = {s}；关注系数 y = {y}").format(
        n=len(values), s=_ratio(each), y=_ratio(y)))  # fmt: skip
    total = Fraction(0)
    for name, technical, share in (("Vt", True, y), ("Vm", False, 1 - y)):
        part = [(row, x) for row, x in values if row.technical is technical]
        flaws = sum((row.weight * (1 - x) for row, x in part), Fraction(0))
        value = max(Fraction(0), HUNDRED * share - flaws * each)
        total += value
        steps.append(
            _("{name} = max(0, {full} − {flaws} × {s}) = {value}（{n} 项，Σf(w)(1−x) = {flaws}）").format(
                name=name, full=shown(HUNDRED * share), flaws=_ratio(flaws), s=_ratio(each),
                value=shown(value), n=len(part),
            )
        )  # fmt: skip
    steps.append(_("M = Vt + Vm = {m}").format(m=shown(total)))
    return total


def _rate(scheme: Scheme, values: _Values, steps: list[str]) -> Fraction:
    """2025: items met ÷ (all − not applicable) × 100."""
    met = sum((x for _row, x in values), Fraction(0))
    rate = HUNDRED * met / len(values)
    steps.append(
        _("符合率 = {met} ÷ {n} × 100 = {rate}%").format(
            met=_ratio(met), n=len(values), rate=shown(rate)
        )
    )
    return rate


def _ratio(value: Fraction) -> str:
    """Exact where four decimals hold it, else four decimals with a mark."""
    text = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return text if Fraction(text) == value else f"≈{text}"


def _grouped(values: _Values) -> dict[str, list[tuple[Scored, Fraction]]]:
    found: dict[str, list[tuple[Scored, Fraction]]] = {}
    for row, x in values:
        found.setdefault(row.domain, []).append((row, x))
    return found


# --- classes and control points ---


def _domains(scheme: Scheme, rows: Iterable[Scored]) -> Iterable[DomainResult]:
    groups: dict[str, list[Scored]] = {}
    for row in rows:
        groups.setdefault(row.domain, []).append(row)
    for domain, part in groups.items():
        asked = [row for row in part if row.applicable]
        count = {state: sum(row.state == state for row in part) for state in _STATES}
        ends = [
            HUNDRED * sum((scheme.value(x) for x in side), Fraction(0)) / len(asked)
            if asked
            else Fraction(0)
            for side in ([row.low for row in asked], [row.high for row in asked])
        ]
        yield DomainResult(domain, part[0].technical, **count, rate=Span(*ends))


_STATES = ("met", "partly", "not_met", "untested", "not_applicable")


def _points(rows: Iterable[Scored]) -> Iterable[PointResult]:
    groups: dict[str, list[Scored]] = {}
    for row in rows:
        groups.setdefault(row.point, []).append(row)
    for point, part in groups.items():
        asked = [row for row in part if row.applicable]
        low = together([row.low for row in asked])
        high = together([row.high for row in asked])
        state: State = BY_VALUE[low] if low == high else "untested"
        untested = sum(row.state == "untested" for row in asked)
        if not asked:
            state = "not_applicable"
        yield PointResult(point, part[0].domain, state, len(asked), untested)


# --- the conclusion ---


def conclusions(
    scheme: Scheme, number: Span, risks: Risks, steps: list[str] | None = None
) -> tuple[str, ...]:
    """Classes that are possible between the ends of the number, as far as the risks leave them open."""
    first, last = _band(scheme, number.high), _band(scheme, number.low)
    found: set[str] = set()
    for band in scheme.bands[scheme.bands.index(first) : scheme.bands.index(last) + 1]:
        found |= _given(band, risks)
    ordered = tuple(sorted(found, key=scheme.order.__getitem__))
    if steps is not None:
        name = _("高风险") if scheme.decisive == "high" else _("重大风险隐患")
        steps.append(
            _("{name}：已确认 {n} 个，待人判定 {open} 个").format(
                name=name, n=risks.confirmed, open=risks.undecided
            )
        )
        if first.with_medium and risks.medium is None and not risks.confirmed:
            steps.append(_("是否有中风险问题还没有人判定，两种结论都留着"))
        names = (pick(scheme.named(id_).model_dump(exclude={"id"})) for id_ in ordered)
        steps.append(_("结论：{classes}").format(classes=listed(names, "或")))
    return ordered


def _band(scheme: Scheme, number: Fraction) -> Band:
    return next((band for band in scheme.bands if band.holds(number)), scheme.bands[-1])


def _given(band: Band, risks: Risks) -> set[str]:
    if risks.confirmed:
        return {band.with_risk}
    found = {band.gives}
    if band.with_medium:
        if risks.medium:
            found = {band.with_medium}
        elif risks.medium is None:
            found.add(band.with_medium)
    return found | ({band.with_risk} if risks.undecided else set())


def _edges(scheme: Scheme, rows: Sequence[Scored], number: Span, risks: Risks) -> Iterable[Edge]:
    if scheme.verify:
        yield Edge("scheme", str(scheme.verify), True)
    if scheme.attention is not None and scheme.attention.verify:
        yield Edge("attention", str(scheme.attention.verify), True)
    if scheme.importance.verify:
        yield Edge("importance", str(scheme.importance.verify), True)
    if scheme.partly_verify:
        yield Edge("partly", str(scheme.partly_verify), any(0.5 in (r.low, r.high) for r in rows))
    risky = bool(risks.confirmed or risks.undecided)
    for band in scheme.bands:
        if band.verify:
            at = number.low <= band.start <= number.high
            beside = risky and band.with_risk != band.gives and number.high >= band.start
            yield Edge(f"from-{shown(band.start)}", str(band.verify), at or beside)


def as_data(result: Result) -> Mapping[str, Any]:
    """A result as plain data with stable keys, for JSON and for keeping."""
    return {
        "scheme": result.scheme.versioned,
        "formula": result.scheme.formula,
        "number": result.number.data,
        "raw": result.raw.data,
        "coverage": {
            "tested": result.coverage.tested,
            "applicable": result.coverage.applicable,
            "percent": float(shown(result.coverage.percent)),
        },
        "domains": {
            d.domain: {state: getattr(d, state) for state in _STATES}
            | {"technical": d.technical, "applicable": d.applicable, "rate": d.rate.data}
            for d in result.domains
        },
        "points": {
            p.point: {"state": p.state, "items": p.items, "untested": p.untested}
            for p in result.points
        },
        "risks": {
            "kind": result.scheme.decisive,
            "confirmed": result.risks.confirmed,
            "undecided": result.risks.undecided,
            "medium": result.risks.medium,
        },
        "conclusion": list(result.conclusion),
        "settled": result.settled,
        "edges": [{"what": e.what, "text": e.text, "touched": e.touched} for e in result.edges],
        "steps": list(result.steps),
    }
