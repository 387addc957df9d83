"""How much of a catalogue the checks reach, counted honestly: a part of the standard is not the standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlsec.policy.bundle import Policy
from tlsec.policy.catalog import Catalog
from tlsec.policy.check import Loaded

LEVELS = (1, 2, 3, 4)
EXTENSIONS = ("general", "cloud", "mobile", "iot", "ics")


def items_of(loaded: Loaded, catalog: Catalog) -> dict[int, list[str]]:
    """Item ids that a check speaks to, by level, in the order of its mappings."""
    wanted = [mapping.line for mapping in loaded.check.maps]
    found: dict[int, list[str]] = {level: [] for level in LEVELS}
    for line in dict.fromkeys(wanted):
        for item in catalog.items.values():
            if item.line == line:
                found[item.level].append(item.id)
    return found


def count(policy: Policy) -> dict[str, Any]:
    """{"levels": {"3": {"general": {items, published, machine, question, both, uncovered}}}, …}.

    `items`: in our catalogue; `published`: in the standard; `machine`, `question`, `both`: reached by
    checks only, questions only, both; `uncovered`: published and reached by neither.
    """
    reached = {mapping.line for loaded in policy.checks.values() for mapping in loaded.check.maps}
    levels = {
        str(level): {extension: _row(policy, level, extension, reached) for extension in EXTENSIONS}
        for level in LEVELS
    }
    return {"catalog": f"{policy.catalog.id}@{policy.catalog.version}", "levels": levels}


def _row(policy: Policy, level: int, extension: str, reached: set[str]) -> Mapping[str, int]:
    held = [
        item
        for item in policy.catalog.items.values()
        if item.level == level and item.extension == extension
    ]
    machine = sum(item.line in reached for item in held)
    published = policy.catalog.published.get(extension, {}).get(str(level), len(held))
    return {
        "items": len(held),
        "published": published,
        "machine": machine,
        "question": 0,  # questions are content of a later edition
        "both": 0,
        "uncovered": published - machine,
    }
