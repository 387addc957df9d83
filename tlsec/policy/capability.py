"""安全防护能力评估: how well a unit protects, detects, responds and recovers, as intervals with their formulas. Pure.

What was not measured is never left out silently: it widens the interval, or is named as having no sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Fault, Faulty


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Text(_Strict):
    zh: str
    en: str


class Measure(_Strict):
    """One number of an ability. `required`: without data it counts as open (0 to 1)."""

    id: str
    weight: float = Field(gt=0)
    required: bool
    zh: str
    en: str
    formula: _Text


class Ability(_Strict):
    id: str
    weight: float = Field(gt=0)
    zh: str
    en: str
    measures: list[Measure] = Field(min_length=1)


class Scheme(_Strict):
    """`window_days`: how far back events count; `fresh_days`: how old an observation may be."""

    id: str
    version: int
    source: str
    date: str
    window_days: int = Field(gt=0)
    fresh_days: int = Field(gt=0)
    sign_hours: int = Field(gt=0)
    abilities: list[Ability] = Field(min_length=1)

    def formula(self, measure: Measure, language: str) -> str:
        """The printed formula with the scheme's limits in it."""
        text = measure.formula.en if language == "en" else measure.formula.zh
        return text.format(
            window_days=self.window_days, fresh_days=self.fresh_days, sign_hours=self.sign_hours
        )


@dataclass(frozen=True, slots=True)
class Count:
    """`done` of `total` for certain; `open` more of them could still turn out either way."""

    done: float = 0
    open: float = 0
    total: float = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure's share as an interval; None where it has no sample and is not required."""

    measure: Measure
    count: Count
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class AbilityResult:
    """Points 0-100 as an interval; None where no measure has a sample."""

    ability: Ability
    measured: tuple[Measured, ...]
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Capability:
    """`known`: share of the weight that rests on measured things, 0-1."""

    abilities: tuple[AbilityResult, ...]
    low: float
    high: float
    known: float


def load(folders: Iterable[Path]) -> Scheme:
    """The scheme of the last folder that has one. Raises Faulty."""
    files = [f for folder in folders if (f := folder / "ladders" / "capability.yaml").is_file()]
    if not files:
        raise Faulty([Fault("capability.yaml", _("没有能力评估方案"))])
    return marked_yaml.parse(Scheme, marked_yaml.load(files[-1]))


def evaluate(scheme: Scheme, counts: Mapping[str, Count]) -> Capability:
    """Intervals of every ability and of the whole, by weights; `counts` by measure id."""
    abilities = tuple(_ability(each, counts) for each in scheme.abilities)
    low, high, weight = _mean((a.ability.weight, a.low, a.high) for a in abilities)
    total = sum(a.weight for a in scheme.abilities)
    known = sum(
        a.weight * _known(result) for a, result in zip(scheme.abilities, abilities, strict=True)
    )
    if not weight:
        return Capability(abilities, 0.0, 100.0, 0.0)
    return Capability(abilities, low, high, known / total)


def _ability(ability: Ability, counts: Mapping[str, Count]) -> AbilityResult:
    measured = tuple(_measured(m, counts.get(m.id, Count())) for m in ability.measures)
    low, high, weight = _mean((m.measure.weight, m.low, m.high) for m in measured)
    if not weight:
        return AbilityResult(ability, measured, None, None)
    return AbilityResult(ability, measured, 100 * low, 100 * high)


def _measured(measure: Measure, count: Count) -> Measured:
    if count.total > 0:
        return Measured(
            measure, count, count.done / count.total, (count.done + count.open) / count.total
        )
    return Measured(measure, count, *((0.0, 1.0) if measure.required else (None, None)))


def _mean(rows: Iterable[tuple[float, float | None, float | None]]) -> tuple[float, float, float]:
    """Weighted means of the lower and upper ends, and the weight they rest on."""
    found = [(w, low, high) for w, low, high in rows if low is not None and high is not None]
    weight = sum(w for w, _low, _high in found)
    if not weight:
        return 0.0, 0.0, 0.0
    return (
        sum(w * low for w, low, _high in found) / weight,
        sum(w * high for w, _low, high in found) / weight,
        weight,
    )


def _known(result: AbilityResult) -> float:
    """Share of an ability's weight that was measured, open parts taken off."""
    total = sum(m.measure.weight for m in result.measured)
    return (
        sum(
            m.measure.weight * (1 - m.count.open / m.count.total)
            for m in result.measured
            if m.count.total > 0
        )
        / total
    )
