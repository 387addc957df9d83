"""The shipped catalogue against what was collated by hand: every item, every total, every selection.

`gbt22239_items.tsv`: id, evaluation unit ("" where not known), attribute, and thread, our own running number
of one requirement through the levels (G general, C cloud, M mobile, I Internet of Things, K industrial control).
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec import content
from tlsec.policy import catalog as catalogs
from tlsec.policy.catalog import EXTENSIONS, LEVELS, Item

CATALOG = catalogs.load(content.policies()[0] / "catalogs" / "gbt22239-2019")
CHINESE = re.compile(r"[\u3400-\u9fff，。：；、（）]")

# items at levels 1 to 4
TOTALS = {
    "general": (55, 135, 211, 228),
    "cloud": (11, 29, 46, 49),
    "mobile": (5, 14, 19, 21),
    "iot": (4, 7, 20, 21),
    "ics": (9, 15, 21, 22),
}
POINTS = {
    "general": (42, 68, 71, 71),
    "cloud": (7, 13, 16, 16),
    "mobile": (5, 7, 9, 9),
    "iot": (3, 4, 8, 8),
    "ics": (5, 9, 9, 9),
}
# general items by what the grade selects them with
BY_ATTRIBUTE = {
    1: {"S": 9, "A": 2, "G": 44},
    2: {"S": 15, "A": 4, "G": 116},
    3: {"S": 24, "A": 6, "G": 181},
    4: {"S": 25, "A": 8, "G": 195},
}
# PES CNS ABS CES SMC PSS ORS HRS CMS MMS, at levels 1 to 4
BY_DOMAIN = {
    "general": (
        (7, 2, 5, 11, 0, 1, 3, 4, 9, 13),
        (15, 4, 11, 23, 4, 6, 9, 7, 25, 31),
        (22, 8, 20, 34, 12, 7, 14, 12, 34, 48),
        (24, 11, 21, 36, 13, 7, 15, 14, 35, 52),
    ),
    "cloud": (
        (1, 2, 1, 3, 0, 0, 0, 0, 4, 0),
        (1, 3, 7, 11, 0, 0, 0, 0, 6, 1),
        (1, 5, 8, 19, 4, 0, 0, 0, 8, 1),
        (1, 8, 8, 19, 4, 0, 0, 0, 8, 1),
    ),
    "mobile": (
        (1, 0, 2, 1, 0, 0, 0, 0, 1, 0),
        (1, 0, 7, 2, 0, 0, 0, 0, 4, 0),
        (1, 0, 8, 5, 0, 0, 0, 0, 4, 1),
        (1, 0, 8, 7, 0, 0, 0, 0, 4, 1),
    ),
    "iot": (
        (2, 0, 1, 0, 0, 0, 0, 0, 0, 1),
        (2, 0, 3, 0, 0, 0, 0, 0, 0, 2),
        (4, 0, 3, 10, 0, 0, 0, 0, 0, 3),
        (4, 0, 3, 11, 0, 0, 0, 0, 0, 3),
    ),
    "ics": (
        (2, 2, 3, 2, 0, 0, 0, 0, 0, 0),
        (2, 4, 5, 2, 0, 0, 0, 0, 2, 0),
        (2, 4, 8, 5, 0, 0, 0, 0, 2, 0),
        (2, 4, 9, 5, 0, 0, 0, 0, 2, 0),
    ),
}
# general items of each grade that may be set (GB/T 22239-2019, table A.1)
GRADES = {
    (1, 1): 55, (1, 2): 129, (2, 2): 135, (2, 1): 133,
    (1, 3): 196, (2, 3): 202, (3, 3): 211, (3, 2): 209, (3, 1): 207,
    (1, 4): 212, (2, 4): 218, (3, 4): 227, (4, 4): 228, (4, 3): 226, (4, 2): 224, (4, 1): 222,
}  # fmt: skip


@cache
def table() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("gbt22239_items.tsv").read_text(encoding="utf-8")
    head, *rows = (line.split("\t") for line in text.splitlines())
    named = [dict(zip(head, row, strict=True)) for row in rows]
    assert len({row["id"] for row in named}) == len(named)
    return {row["id"]: row for row in named}


def items(extension: str, level: int) -> list[Item]:
    found = CATALOG.items.values()
    return [item for item in found if item.extension == extension and item.level == level]


# --- against the collation ---


def test_ids_units_and_attributes() -> None:
    ours = {i.id: (i.unit, CATALOG.point_of(i).attr) for i in CATALOG.items.values()}
    assert ours == {id_: (row["unit"], row["attr"]) for id_, row in table().items()}


def test_a_line_is_one_requirement_through_the_levels() -> None:
    threads: dict[str, set[str]] = {}
    for item in CATALOG.items.values():
        threads.setdefault(item.line, set()).add(table()[item.id]["thread"])
    assert all(len(found) == 1 for found in threads.values())
    assert len({thread for found in threads.values() for thread in found}) == len(CATALOG.lines)
    for levels in CATALOG.by_line.values():  # it may end below level 4, but has no gap
        assert sorted(levels) == list(range(min(levels), max(levels) + 1))


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("level", LEVELS)
def test_totals(extension: str, level: int) -> None:
    found = items(extension, level)
    at = level - 1
    assert len(found) == TOTALS[extension][at] == CATALOG.published[extension][str(level)]
    assert len({item.clause for item in found}) == POINTS[extension][at]
    domains = Counter(CATALOG.domain_of(item).id for item in found)
    assert tuple(domains[id_] for id_ in CATALOG.domains) == BY_DOMAIN[extension][at]


@pytest.mark.parametrize("level", LEVELS)
def test_totals_by_attribute(level: int) -> None:
    assert Counter(CATALOG.point_of(i).attr for i in items("general", level)) == BY_ATTRIBUTE[level]
    for extension in EXTENSIONS[1:]:
        assert {CATALOG.point_of(i).attr for i in items(extension, level)} == {"G"}


@pytest.mark.parametrize(("grade", "total"), GRADES.items(), ids=lambda v: str(v))
def test_totals_of_every_grade(grade: tuple[int, int], total: int) -> None:
    assert len(CATALOG.select(*grade)) == total


# --- numbers of the standards ---


def test_numbers_say_level_part_and_class() -> None:
    for item in CATALOG.items.values():
        part = EXTENSIONS.index(item.extension) + 1
        assert item.id.startswith(f"{item.level + 5}.{part}.")
        if item.unit:
            domain = CATALOG.domain_of(item).id
            assert item.unit.startswith(f"L{item.level}-{domain}{part}-")
    units = [item.unit for item in CATALOG.items.values() if item.unit]
    assert len(set(units)) == len(units)
    assert all(item.unit for item in CATALOG.items.values() if item.extension in EXTENSIONS[:2])


def test_letters_and_units_run_on() -> None:
    """a, b, c… in each clause, one requirement alone without a letter; units in the order of the items."""
    clauses: dict[str, list[str]] = {}
    classes: dict[str, list[Item]] = {}
    for item in sorted(CATALOG.items.values(), key=lambda item: item.order):
        clauses.setdefault(item.clause, []).append(item.letter)
        if item.unit:
            classes.setdefault(item.unit[:-2], []).append(item)
    for clause, letters in clauses.items():
        alone = letters == [""]
        assert alone or letters == [chr(ord("a") + n) for n in range(len(letters))], clause
    for found in classes.values():
        assert all(one.unit < next_.unit for one, next_ in pairwise(found)), found[0].unit


def test_a_point_is_one_clause_a_level() -> None:
    found: dict[tuple[str, int], set[str]] = {}
    for item in CATALOG.items.values():
        found.setdefault((CATALOG.point_of(item).id, item.level), set()).add(item.clause)
    assert all(len(clauses) == 1 for clauses in found.values())
    assert {line.point for line in CATALOG.lines.values()} == set(CATALOG.points)


# --- a higher level is not the lower one and more ---


@pytest.mark.parametrize(
    ("item", "levels"),
    [
        ("7.1.10.7-b", [1, 2]),  # written rules against malicious code end at level 2
        ("7.1.10.7-c", [2]),  # so do signature updates; 3 and 4 prove that the measures work
        ("8.1.10.7-b", [3, 4]),
        ("8.1.3.2-e", [3]),  # control by protocol and content; at level 4 conversion or isolation
        ("9.1.3.2-e", [4]),
        ("8.1.3.5-d", [3]),  # audit of remote users apart
    ],
)
def test_requirements_that_end_or_are_replaced(item: str, levels: list[int]) -> None:
    assert sorted(CATALOG.by_line[CATALOG.items[item].line]) == levels


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("7.1.9.4-b", "8.1.9.4-e"),  # test while developing
        ("7.1.10.13-a", "8.1.10.13-b"),  # contingency plans
        ("7.1.4.8-a", "8.1.4.9-a"),  # backup: 7.1.4 has no confidentiality before it
        ("6.5.3.2-a", "7.5.3.3-a"),  # wireless of control systems: dial-up came before it
        ("7.4.3.1-a", "8.4.4.1-a"),  # upkeep of sensing nodes
    ],
)
def test_requirements_that_are_numbered_anew(lower: str, higher: str) -> None:
    assert CATALOG.items[lower].line == CATALOG.items[higher].line


def test_level_4_is_no_superset_of_level_3() -> None:
    ended = {i.line for i in items("general", 3)} - {i.line for i in items("general", 4)}
    assert ended == {CATALOG.items[id_].line for id_ in ("8.1.3.2-e", "8.1.3.5-d")}


# --- selection ---

grades = st.sampled_from(sorted(GRADES))
extensions = st.sets(st.sampled_from(EXTENSIONS[1:]))


@given(grades, extensions)
def test_every_item_is_of_the_level_its_attribute_selects(
    grade: tuple[int, int], wanted: set[str]
) -> None:
    s, a = grade
    level = {"S": s, "A": a, "G": max(s, a)}
    for item in CATALOG.select(s, a, wanted):
        assert item.level == level[CATALOG.point_of(item).attr]
        assert item.extension == "general" or item.extension in wanted
        if item.extension != "general":
            assert item.level == max(s, a)


@given(grades, extensions, extensions)
def test_extensions_only_add(grade: tuple[int, int], some: set[str], more: set[str]) -> None:
    few = CATALOG.select(*grade, some)
    many = CATALOG.select(*grade, some | more)
    assert [item for item in many if item.extension in {"general", *some}] == few
    added = sum(TOTALS[name][max(grade) - 1] for name in more - some)
    assert len(many) == len(few) + added


@given(grades, extensions)
def test_no_line_twice_and_in_the_order_of_the_standard(
    grade: tuple[int, int], wanted: set[str]
) -> None:
    chosen = CATALOG.select(*grade, wanted)
    assert len({item.line for item in chosen}) == len(chosen)
    parts = [EXTENSIONS.index(item.extension) for item in chosen]
    assert parts == sorted(parts)
    for one, next_ in pairwise(chosen):
        if one.extension == next_.extension and one.level == next_.level:
            assert one.order < next_.order


@given(grades, st.sampled_from(sorted(CATALOG.lines)))
def test_one_line_as_in_the_whole(grade: tuple[int, int], line: str) -> None:
    alone = CATALOG.item(line, *grade)
    whole = {item.line: item for item in CATALOG.select(*grade, EXTENSIONS)}
    assert whole.get(line) == alone


@pytest.mark.parametrize(
    ("line", "s", "a", "expected"),
    [
        ("ces.identity.remote", 2, 3, "7.1.4.1-c"),
        ("ces.identity.remote", 3, 2, "8.1.4.1-c"),
        ("ces.intrusion.ports", 2, 3, "8.1.4.4-b"),
        ("cns.transit.secrecy", 3, 1, "8.1.2.2-b"),
        ("cns.transit.secrecy", 2, 2, None),
        ("mms.malware.rules", 3, 3, None),
    ],
)
def test_examples_of_selection(line: str, s: int, a: int, expected: str | None) -> None:
    found = CATALOG.item(line, s, a)
    assert (found.id if found else None) == expected


# --- texts ---


def test_ids_are_names() -> None:
    for id_ in (*CATALOG.points, *CATALOG.lines):
        assert not re.search(r"(^|\.)x\d", id_), id_
    for line in CATALOG.lines.values():
        assert line.id.startswith(f"{line.point}.")
    for point in CATALOG.points.values():
        domain = point.domain.lower()
        assert domain in point.id.split(".")[:2], point.id


def test_texts_in_both_languages() -> None:
    texts = [
        *((each.id, each.zh, each.en) for each in CATALOG.domains.values()),
        *((each.id, each.zh, each.en) for each in CATALOG.points.values()),
        *((each.id, each.zh, each.en) for each in CATALOG.lines.values()),
        *((each.id, each.zh, each.en) for each in CATALOG.items.values()),
    ]
    for id_, zh, en in texts:
        assert CHINESE.search(zh), id_
        assert en, id_
        assert not CHINESE.search(en), id_


def test_line_names_are_short() -> None:
    for line in CATALOG.lines.values():
        assert len(line.zh) <= 40, line.id
        assert len(line.en) <= 125, line.id


def test_what_is_settled_once_is_not_asked_of_every_machine() -> None:
    """Management lines are about papers, people and the whole, not about assets of the register."""
    assets = {"network_device", "security_device", "host", "terminal", "storage", "application"}
    for line in CATALOG.lines.values():
        if not CATALOG.domains[CATALOG.points[line.point].domain].technical:
            assert not assets & set(line.subjects), line.id


def test_machine_rooms_are_the_provider_s() -> None:
    room = CATALOG.by_line["mms.environment.caretaker"]
    assert CATALOG.lines[room[3].line].responsibility == "provider"
    for line in CATALOG.lines.values():
        if line.point.startswith("pes."):
            assert line.responsibility == "provider", line.id


def test_what_is_not_sure_says_so() -> None:
    for item in CATALOG.items.values():
        if item.extension in ("mobile", "iot", "ics"):
            assert "待核" in CATALOG.lines[item.line].verify, item.line
        if not item.unit:
            assert "单元" in CATALOG.lines[item.line].verify, item.id
