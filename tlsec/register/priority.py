"""What the watch looks at first: a sum of parts, each shown beside the number. Not a severity, not on papers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tlsec.i18n import _
from tlsec.inventory.models import System, Zone
from tlsec.policy import clock as arithmetic
from tlsec.register import posture
from tlsec.register.clocks import segments
from tlsec.register.models import RiskItem
from tlsec.register.models_clocks import Clock
from tlsec.register.rules import Rules
from tlsec.register.words import severity_word


@dataclass(frozen=True, slots=True)
class Priority:
    """`number` is the sum of `parts`: (points, what for)."""

    number: int
    parts: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        """35（高）+ 12（三级）+ … = 62"""
        terms = [_("{n}（{what}）").format(n=n, what=what) for n, what in self.parts]
        return " + ".join(terms) + f" = {self.number}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What an item's priority is worked out from. `burn`: share of the fix limit used; None for no clock."""

    severity: str
    level: int | None
    zone_role: str
    protected: bool
    burn: float | None


def score(facts: Facts, rules: Rules) -> Priority:
    """Final severity, level, exposure, key period, time used: each by policies/ladders/priority.yaml."""
    weights = rules.weights
    level = str(facts.level) if facts.level else "none"
    level_word = _("等保{n}级").format(n=facts.level) if facts.level else _("未定级")
    role = facts.zone_role if facts.zone_role in weights.exposure else "other"
    parts = [
        (weights.severity.get(facts.severity, 0), severity_word(facts.severity)),
        (weights.level.get(level, 0), level_word),
        (weights.exposure.get(role, 0), _("暴露面 {role}").format(role=facts.zone_role or "—")),
    ]
    if facts.protected:
        parts.append((weights.period, _("重保对象")))
    if facts.burn is not None:
        used = round(weights.burn.get("used", 0) * min(max(facts.burn, 0.0), 1.0))
        percent = round(facts.burn * 100)
        parts.append((used, _("时限已用 {n}%").format(n=percent)))
        if facts.burn >= 1:
            parts.append((weights.burn.get("overdue", 0), _("已超期")))
    return Priority(sum(points for points, _what in parts), tuple(parts))


def of(items: Iterable[RiskItem], now: datetime, rules: Rules) -> dict[str, Priority]:
    """The priority of each item, by its number; a handful of queries however many there are."""
    asked = list(items)
    levels = dict(
        System.objects.filter(id__in={i.system_id for i in asked}).values_list("id", "level")
    )
    roles = dict(Zone.objects.filter(id__in={i.zone for i in asked}).values_list("id", "role"))
    burns = _burns([i.pk for i in asked], now, rules)
    raised = list(posture.live(now))
    return {
        i.no: score(
            Facts(
                i.severity,
                levels.get(i.system_id),
                roles.get(i.zone, "exit" if i.zone == "INET" else ""),
                any(not row.systems or i.system_id in row.systems for row in raised),
                burns.get(i.pk),
            ),
            rules,
        )
        for i in asked
    }


def _burns(keys: list[int], now: datetime, rules: Rules) -> dict[int, float]:
    """Share of the limit of each running fix clock that is used."""
    found: dict[int, float] = {}
    for at in range(0, len(keys), 500):
        rows = Clock.objects.filter(kind=Clock.Kind.FIX, item_id__in=keys[at : at + 500])
        for row in rows.exclude(due=None).prefetch_related("segments"):
            made = segments(row)
            left, limit = arithmetic.left(made, rules.calendars, now), made[-1].limit
            if left is not None and limit:
                found[row.item_id] = 1 - left / limit
    return found
