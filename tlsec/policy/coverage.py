"""How each item of a catalogue can be settled: by checks, by questions, by both; none may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tlsec.policy.bundle import Policy
from tlsec.policy.catalog import EXTENSIONS, LEVELS, Catalog, Item
from tlsec.policy.check import Loaded
from tlsec.policy.question import Questions

Way = Literal["machine", "question", "both", "uncovered"]
WAYS: tuple[Way, ...] = ("both", "question", "machine", "uncovered")


def items_of(loaded: Loaded, catalog: Catalog) -> dict[int, list[str]]:
    """Item ids that a check speaks to, by level, in the order of its mappings."""
    found: dict[int, list[str]] = {level: [] for level in LEVELS}
    for line in dict.fromkeys(mapping.line for mapping in loaded.check.maps):
        for level, item in sorted(catalog.by_line[line].items()):
            found[level].append(item.id)
    return found


def count(policy: Policy, questions: Questions) -> dict[str, Any]:
    """{"levels": {"3": {"general": {items, published, machine, question, both, uncovered}}}, …}.

    `items`: in our catalogue; `published`: in the standard; `machine`, `question`, `both`: reached by
    checks only, questions only, both; `uncovered`: published and reached by neither. The last four add
    up to `published`, so an item that the catalogue lacks counts as uncovered.
    """
    ways = ways_of(policy, questions)
    levels = {
        str(level): {extension: _row(policy, level, extension, ways) for extension in EXTENSIONS}
        for level in LEVELS
    }
    return {
        "catalog": f"{policy.catalog.id}@{policy.catalog.version}",
        "checks": len(policy.checks),
        "questions": len(questions.by_id),
        "levels": levels,
    }


def ways_of(policy: Policy, questions: Questions) -> dict[str, Way]:
    """Line id → how it can be settled.

    A mapping that says nothing either way reaches nothing.
    """
    reached = {
        mapping.line
        for loaded in policy.checks.values()
        for mapping in loaded.check.maps
        if (mapping.passed, mapping.failed) != ("nothing", "nothing")
    }
    asked = questions.by_line
    named: dict[tuple[bool, bool], Way] = {
        (True, True): "both", (True, False): "machine",
        (False, True): "question", (False, False): "uncovered",
    }  # fmt: skip
    return {line: named[line in reached, line in asked] for line in policy.catalog.lines}


def uncovered(policy: Policy, questions: Questions) -> list[Item]:
    """Items that nobody could settle: no check and no question, in the order of the standard."""
    ways = ways_of(policy, questions)
    found = (item for item in policy.catalog.items.values() if ways[item.line] == "uncovered")
    return sorted(found, key=lambda item: item.order)


def _row(policy: Policy, level: int, extension: str, ways: Mapping[str, Way]) -> Mapping[str, int]:
    held = [
        ways[item.line]
        for item in policy.catalog.items.values()
        if item.level == level and item.extension == extension
    ]
    published = policy.catalog.published.get(extension, {}).get(str(level), len(held))
    missing = max(0, published - len(held))
    return {
        "items": len(held),
        "published": published,
        "machine": held.count("machine"),
        "question": held.count("question"),
        "both": held.count("both"),
        "uncovered": held.count("uncovered") + missing,
    }
