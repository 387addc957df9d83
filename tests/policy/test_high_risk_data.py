"""The two lists of high-risk cases, held against a compact table: case → clause, level, trigger, side.

Clauses are GB/T 22239-2019 at level 3 (8.x), or level 4 (9.x) where the case is for level 4 only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import bundle, high_risk, triggers
from tlsec.policy.bundle import Policy
from tlsec.policy.high_risk import Case, HighRiskList

# case clause from-level trigger; hc: only where continuity needs are high; !: nothing mitigates it
GUIDE = """
6.1.1.1 8.1.1.2 3 01 | 6.1.2.1 8.1.1.5-a 3 | 6.1.3.1 8.1.1.9-b 3 hc | 6.1.3.2 9.1.1.9-d 4 hc
6.2.1.1 8.1.2.1-a 3 03 hc ! | 6.2.1.2 8.1.2.1-d 2 | 6.2.1.3 8.1.2.1-e 3 hc | 6.2.2.1 8.1.2.2-b 3
6.3.1.1 8.1.3.1-a 2 09 | 6.3.1.2 8.1.3.1-d 3 10 | 6.3.2.1 8.1.3.2-a 2 11 | 6.3.3.1 8.1.3.3-a 2 13
6.3.3.2 8.1.3.3-b 3 14 | 6.3.3.3 8.1.3.3-c 3 15 | 6.4.1.1 8.1.4.1-a 2 18 | 6.4.1.2 8.1.4.1-c 2
6.4.1.3 8.1.4.1-d 3 19 | 6.4.2.1 8.1.4.2-b 2 | 6.4.2.2 8.1.4.2-e 3 20 | 6.4.3.1 8.1.4.4-b 2 21
6.4.3.2 8.1.4.4-e 2 22 | 6.4.3.3 8.1.4.4-d 2 | 6.4.4.1 8.1.4.5 2 23 | 6.4.5.1 8.1.4.8-a 3 24
6.4.5.2 8.1.4.8-b 3 25 | 6.4.6.1 8.1.4.9-a 3 26 | 6.4.6.2 8.1.4.9-c 3 hc !
6.4.6.3 9.1.4.9-d 4 hc ! | 6.4.7.1 8.1.4.11-a 2 ! | 6.4.7.2 8.1.4.11-b 2 !
6.5.1.1 8.1.5.4-b 3 ! | 6.5.1.2 8.1.5.4-d 3 ! | 6.6.1.1 8.1.6.2-a 3 ! | 6.7.1.1 8.1.7.1-a 3 !
6.8.1.1 8.1.8.4-b 2 ! | 6.9.1.1 8.1.9.3-a 2 ! | 6.9.2.1 8.1.9.5-c 3 | 6.9.3.1 8.1.9.7-b 3
6.9.4.1 8.1.9.9-a 3 ! | 6.9.4.2 8.1.9.9-c 3 ! | 6.10.1.1 8.1.10.13-b 2 ! | 6.10.1.2 8.1.10.13-c 3 !
7.1.1.1 8.2.1.1 2 p | 7.2.1.1 8.2.2.1-a 2 p | 7.2.1.2 8.2.2.1-b 2 04 p | 7.2.1.3 9.2.2.1-h 4 p
7.2.1.4 8.2.2.1-c 2 05 p | 7.3.1.1 8.2.3.1-a 2 pc | 7.3.2.1 8.2.3.2-a 3 16 p
7.4.1.1 8.2.4.4-c 3 p | 7.4.2.1 8.2.4.5-a 2 p | 7.4.3.1 8.2.4.6-a 2 c | 7.4.3.2 8.2.4.6-d 2 p
7.4.4.1 8.2.4.7-b 2 p | 7.5.1.1 8.2.5.1-b 3 p | 7.6.1.1 8.2.6.1-a 2 c | 7.6.2.1 8.2.6.2-a 3 p
7.7.1.1 8.2.7.1 2 p
8.1.1.1 9.3.1.1 4 | 8.2.1.1 8.3.2.1 3 | 8.2.2.1 8.3.2.2 2 | 8.2.3.1 8.3.2.3-d 3
8.2.3.2 8.3.2.3-e 2 | 8.2.3.3 8.3.2.3-b 3 | 8.3.1.1 8.3.3.2-b 3 | 8.3.1.2 8.3.3.2-c 3
8.4.1.1 8.3.4.1-a 3 | 8.4.1.2 8.3.4.1-b 3
9.1.1.1 8.4.1.1-a 3 | 9.2.1.1 8.4.2.1 2 17 | 9.3.1.1 8.4.3.1-a 3 | 9.3.2.1 8.4.3.2-a 3
10.1.1.1 8.5.1.1-a 2 02 | 10.2.1.1 8.5.2.1-a 2 06 | 10.2.1.2 8.5.2.1-b 2 07 | 10.2.2.1 8.5.2.2 3 08
10.3.1.1 8.5.3.1-a 2 12 | 10.3.2.1 8.5.3.3-d 3 | 10.4.1.1 8.5.4.1-b 3 | 10.4.1.2 8.5.4.1-e 3
10.5.1.1 8.5.5.1 2
"""
TISEAA = """
1 8.1.1.2 2 | 2 8.1.1.3-c 3 | 3 8.1.1.5-a 2 | 4 8.1.1.9-b 2 | 5 9.1.1.9-d 4 | 6 8.2.1.1 2 p
7 8.1.2.1-a 3 hc | 8 8.1.2.1-c 2 | 9 8.1.3.1-a 2 | 10 8.1.2.1-d 2 | 11 8.1.2.1-e 3 hc
12 8.2.2.1-a 2 p | 13 8.1.2.2-a 3 | 14 8.1.2.2-b 3 | 15 8.1.3.1-d 3 | 16 8.1.3.2-a 2
17 8.1.3.3-a 2 | 18 8.1.3.3-b 3 | 19 8.1.3.4-a 2 | 20 8.1.3.5-a 2 | 21 8.1.4.1-a 2
22 8.1.4.1-c 2 | 23 8.1.4.1-d 3 | 24 8.1.4.2-b 2 | 25 8.1.4.3-a 2 | 26 8.1.4.3-c 2
27 8.1.4.4-b 2 | 28 8.1.4.4-c 2 | 29 8.1.4.4-e 2 | 30 8.1.4.4-e 2 | 31 8.1.4.5 2
32 8.1.4.1-a 2 | 33 8.1.4.1-a 2 | 34 8.1.4.1-b 2 | 35 8.1.4.1-c 2 | 36 8.1.4.1-d 3
37 8.1.4.2-b 2 | 38 8.1.4.2-e 2 | 39 8.1.4.3-a 2 | 40 8.1.4.3-c 2 | 41 8.1.4.4-d 2
42 8.1.4.4-e 2 | 43 8.1.4.7-a 3 | 44 8.1.4.8-a 3 | 45 8.1.4.8-b 3 | 46 8.1.4.9-a 2
47 8.1.4.9-b 3 | 48 8.1.4.9-c 3 hc | 49 9.1.4.9-d 4 | 50 8.1.4.10-a 2 | 51 8.1.4.10-b 3
52 8.1.4.11-a 2 | 53 8.1.4.11-b 2 | 54 8.2.4.5-a 2 p | 55 8.1.5.4-c 3 hc | 56 8.1.5.4-d 3
57 8.1.5.4-f 3 | 58 8.1.6.2-a 2 | 59 8.1.7.1-a 3 | 60 8.1.8.3-a 2 | 61 8.1.8.4-b 2
62 8.1.9.3-a 2 | 63 8.1.9.5-c 3 | 64 8.1.9.7-b 3 | 65 8.1.10.6-h 3 | 66 8.1.10.6-j 3
67 8.1.10.7-a 2 | 68 8.1.10.10-a 2 | 69 8.1.10.11-c 2 | 70 8.1.10.13-b 2 | 71 8.1.10.13-c 2
"""
# levels the lists give although GB/T 22239 has the requirement from level 3 only
ODD_LEVELS = {("guide-2025", "7.4.3.2"), ("tiseaa-2020", "38")}
SIDES = {"p": ["provider"], "c": ["customer"], "pc": ["provider", "customer"]}
LISTS = {"guide-2025": GUIDE, "tiseaa-2020": TISEAA}


def expected(text: str) -> Mapping[str, list[str]]:
    rows = [part.split() for part in re.split(r"[|\n]", text) if part.strip()]
    return {row[0]: row[1:] for row in rows}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return bundle.load(content.policies(), content.fact_types())


@pytest.fixture(scope="module")
def lists(policy: Policy) -> Mapping[str, HighRiskList]:
    return high_risk.load(content.policies(), policy.catalog, policy.checks)


def cases(lists: Mapping[str, HighRiskList]) -> list[tuple[str, Case]]:
    return [(name, case) for name, each in lists.items() for case in each.cases]


def test_counts(lists: Mapping[str, HighRiskList]) -> None:
    parts = Counter(case.case.split(".")[0] for case in lists["guide-2025"].cases)
    assert parts == {"6": 42, "7": 16, "8": 10, "9": 4, "10": 9}
    assert [case.case for case in lists["tiseaa-2020"].cases] == [str(n) for n in range(1, 72)]


@pytest.mark.parametrize("name", list(LISTS))
def test_each_case_is_the_one_of_the_table(
    name: str, lists: Mapping[str, HighRiskList], policy: Policy
) -> None:
    rows = expected(LISTS[name])
    assert list(rows) == [case.case for case in lists[name].cases]
    for case in lists[name].cases:
        clause, level, *marks = rows[case.case]
        items = [policy.catalog.by_line[line].get(int(clause[0]) - 5) for line in case.lines]
        assert clause in [item.id for item in items if item], case.case
        assert (case.from_level, case.to_level) == (int(level), 4), case.case
        codes = [f"A-{mark}" for mark in marks if mark.isdigit()]
        assert case.trigger == (codes[0] if codes else ""), case.case
        assert case.side == next((SIDES[mark] for mark in marks if mark in SIDES), []), case.case
        continuity = case.condition is not None and "连续性" in case.condition.zh
        assert continuity == ("hc" in marks), case.case
        if name == "guide-2025" and case.case.startswith("6."):
            assert case.mitigable == ("!" not in marks), case.case


def test_a_case_has_an_item_at_each_level_it_speaks_of(
    lists: Mapping[str, HighRiskList], policy: Policy
) -> None:
    odd = {
        (name, case.case)
        for name, case in cases(lists)
        for level in range(case.from_level, case.to_level + 1)
        if not any(level in policy.catalog.by_line[line] for line in case.lines)
    }
    assert odd == ODD_LEVELS
    assert all(case.verify for name, case in cases(lists) if (name, case.case) in ODD_LEVELS)


def test_cloud_cases_say_whose_they_are(lists: Mapping[str, HighRiskList], policy: Policy) -> None:
    for name, case in cases(lists):
        parts = {line.split(".")[0] for line in case.lines}
        assert bool(case.side) == (parts == {"cloud"}), (name, case.case)


def test_a_check_of_a_case_speaks_to_its_line(
    lists: Mapping[str, HighRiskList], policy: Policy
) -> None:
    """Otherwise its failure would never reach the case."""
    for name, case in cases(lists):
        for check in case.checks:
            maps = policy.checks[check].check.maps
            said = [m.failed for m in maps if m.line in case.lines]
            assert set(said) & {"refutes", "weakens"}, (name, case.case, check)
        if case.checks:
            assert set(case.by) & {"N", "H", "C"}, (name, case.case)


def test_what_is_recalled_is_marked(lists: Mapping[str, HighRiskList]) -> None:
    for case in lists["tiseaa-2020"].cases:
        assert ("待核" in case.verify) == (int(case.case) >= 28), case.case


def test_texts_are_whole_and_short(lists: Mapping[str, HighRiskList]) -> None:
    for name, case in cases(lists):
        assert 5 <= len(case.zh) <= 60, (name, case.case)
        assert case.en[0].isupper() and not re.search("[一-鿿]", case.en), (name, case.case)
        assert case.mitigable or not case.mitigations, (name, case.case)
        for text in case.mitigations:
            assert text.zh and text.en


def test_each_list_goes_with_its_report_form(lists: Mapping[str, HighRiskList]) -> None:
    known = {file.stem for file in (content.policies()[0] / "schemes").glob("*.yaml")}
    for scheme in known:
        assert high_risk.for_scheme(lists, scheme) is not None, scheme
    assert {s for each in lists.values() for s in each.schemes} == known


def test_triggers(lists: Mapping[str, HighRiskList]) -> None:
    table = triggers.load(content.policies())
    assert list(table) == [f"A-{n:02d}" for n in range(1, 33)]
    used = [case.trigger for case in lists["guide-2025"].cases if case.trigger]
    assert sorted(used) == [f"A-{n:02d}" for n in range(1, 27)]  # 27-32 are tied to no item
    assert {case.trigger for case in lists["tiseaa-2020"].cases} == {""}


def test_a_bad_table_of_triggers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "high-risk").mkdir()
    file = tmp_path / "high-risk" / "triggers-own.yaml"
    head = "table: own\nversion: 1\nzh: 甲\nen: B\nsource: 丙\ntriggers:\n"
    file.write_text(head + "  - {code: A-01, zh: 甲, en: B}\n", encoding="utf-8")
    with pytest.raises(Faulty, match=r"triggers-own\.yaml:7.*A-01"):
        triggers.load([*content.policies(), tmp_path])
    file.write_text(head + "  - {code: A-1, zh: 甲, en: B}\n", encoding="utf-8")
    with pytest.raises(Faulty, match=r"triggers-own\.yaml:7"):
        triggers.load([tmp_path])
