"""What is missing before a system's items are settled, by the way that would settle them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tlsec.assess.results import Assessed, AssessedItem
from tlsec.i18n import N_

Way = Literal["conflict", "probe", "review", "renew", "answer", "platform", "nothing"]
# in the order in which they are worth doing; code → the user's words
WAYS: dict[Way, str] = {
    "conflict": N_("人说符合、机器查出不符合：先核实"),
    "probe": N_("检查没有测成或已过期：重新扫描"),
    "review": N_("已答，等另一人审核"),
    "renew": N_("答复已过期：重新答"),
    "answer": N_("还没有人答"),
    "platform": N_("等平台的结论"),
    "nothing": N_("没有检查也没有问题：补充内容或记录证据"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A way and the items that wait for it."""

    way: Way
    items: tuple[str, ...]


def of(assessed: Assessed) -> tuple[Gap, ...]:
    """Each unsettled item under the first way that applies, conflicts with them."""
    found: dict[Way, list[str]] = {way: [] for way in WAYS}
    waiting = set(assessed.waiting)
    for item in assessed.items:
        if item.state.conflicts:
            found["conflict"].append(item.id)
        elif item.state.state == "untested":
            found[_way(item, waiting)].append(item.id)
    return tuple(Gap(way, tuple(items)) for way, items in found.items() if items)


def _way(item: AssessedItem, waiting: set[str]) -> Way:
    untested = [each for each in item.state.objects if each.state == "untested"]
    whys = {each.why for each in untested}
    missing = {question for each in untested for question in each.evidence.missing}
    if "cannot_tell" in whys:
        return "probe"
    if missing & waiting:
        return "review"
    if any(each.evidence.lapsed for each in untested):
        return "renew"
    if missing:
        return "answer"
    if "inherited" in whys:
        return "platform"
    return "probe" if item.checks else "nothing"
