"""The level of an incident from numbers: lines of the reporting measure's annex → a proposal. Pure.

Lines are data (policies/ladders/incident-thresholds.yaml, see thresholds.py), most of them marked 待核; "以上"
includes the number. Only a person sets the level; what no line speaks of is judged by the general clauses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tlsec.i18n import N_, _, language, listed
from tlsec.policy.thresholds import Thresholds

Level: TypeAlias = Literal["general", "larger", "major", "special"]
LEVELS: tuple[Level, ...] = ("general", "larger", "major", "special")  # upward
LEVEL_NAMES: dict[str, str] = {
    "general": N_("一般"),
    "larger": N_("较大"),
    "major": N_("重大"),
    "special": N_("特别重大"),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """One measured thing. `timed`: minutes of a clock, else a count. `since`: where each level begins."""

    measure: str
    name: str
    timed: bool
    since: Mapping[str, float]
    verify: Mapping[str, str]
    note: str


@dataclass(frozen=True, slots=True)
class Hit:
    """What a number says: the level it reaches, and the line that it reached or is still below."""

    scale: Scale
    value: float
    level: Level
    since: float | None
    verify: str

    @property
    def text(self) -> str:
        value = self._said(self.value)
        if self.since is None:
            return _("{what} {value}，没有数值线").format(what=self.scale.name, value=value)
        reached = self.level != "general"
        level = self.level if reached else next(iter(self.scale.since))
        form = (
            _("{what} {value}，达到{level}的线（{since}以上）")
            if reached
            else _("{what} {value}，未达到{level}的线（{since}以上）")
        )
        return form.format(
            what=self.scale.name,
            value=value,
            level=_(LEVEL_NAMES[level]),
            since=self._said(self.since),
        )

    def _said(self, value: float) -> str:
        number = f"{value:,.10g}"
        return _("{n} 分钟").format(n=number) if self.scale.timed else number


@dataclass(frozen=True, slots=True)
class Proposal:
    """The highest level that any number reaches; None while no line speaks of any of them."""

    level: Level | None
    hits: tuple[Hit, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        """What has to be checked of the lines that were used."""
        return tuple(dict.fromkeys(hit.verify for hit in self.hits if hit.verify))


def rank(level: str) -> int:
    """0 for 一般, then upward. Raises ValueError for what is no level."""
    return LEVELS.index(level)


def scales(table: Thresholds) -> dict[str, Scale]:
    """Every measured thing by its key: outage.portal-city, tamper.home, counts.people."""
    made: dict[str, Scale] = {}
    for kind, lines in (("outage", table.outage), ("tamper", table.tamper)):
        for id, line in lines.items():
            name = line.en if language() == "en" else line.zh
            key = f"{kind}.{id}"
            since = _upward(table, line.minutes)
            made[key] = Scale(key, name, True, since, line.verify, line.note)
    for id, count in table.counts.items():
        key = f"counts.{id}"
        made[key] = Scale(key, count.zh, False, _upward(table, count.minimum), count.verify, "")
    return made


def _upward(table: Thresholds, since: Mapping[str, int]) -> dict[str, float]:
    return {level.id: since[level.id] for level in table.levels if level.id in since}


def measure(table: Thresholds, key: str) -> str:
    """The full key of a measure by itself or by its last part. Raises ValueError with a sentence."""
    known = scales(table)
    found = [each for each in known if key in (each, each.partition(".")[2])]
    if len(found) != 1:
        raise ValueError(_("没有量 {key}，可用：{known}").format(key=key, known=listed(known)))
    return found[0]


def propose(table: Thresholds, values: Mapping[str, float]) -> Proposal:
    """A level from numbers by measure. Raises ValueError for a measure that is not there."""
    known = scales(table)
    hits = []
    for key, value in values.items():
        scale = known[measure(table, key)]
        reached = [level for level, since in scale.since.items() if value >= since]
        named = reached[-1] if reached else next(iter(scale.since), "")
        level: Level = LEVELS[rank(reached[-1])] if reached else "general"
        verify = "；".join(filter(None, (scale.verify.get(named, ""), scale.note)))
        hits.append(Hit(scale, value, level, scale.since.get(named), verify))
    hits.sort(key=lambda hit: -rank(hit.level))
    spoken = [hit for hit in hits if hit.since is not None]
    return Proposal(spoken[0].level if spoken else None, tuple(hits))
