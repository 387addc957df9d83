"""The assessment of the sample city from scan and answers to conclusions, its numbers worked out a second time.

The formulas here are written from the published text, not from our code: 2025 is the share of items met,
2021 takes from 100 what each item lacks, half for technology and half for management.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.desk import Desk

pytestmark = pytest.mark.timeout(600)
TECHNICAL = {"PES", "CNS", "ABS", "CES", "SMC"}
VALUE = {"met": 1, "partly": Fraction(1, 2), "not_met": 0}
SYSTEMS = ("S02", "S26", "S13")
environment = Desk.environment


def typed(readme: str) -> Iterator[list[str]]:
    """The commands of the README of the answers, as a person copies them."""
    for line in readme.splitlines():
        if line.startswith("tlsec "):
            yield shlex.split(line)[1:]


@pytest.fixture(scope="module")
def told(running_city: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The story of answers/README.md played through; the scan is the short one."""
    desk = running_city.copy(tmp_path_factory.mktemp("assessed") / "workspace")
    for words in typed((desk.root / "answers" / "README.md").read_text(encoding="utf-8")):
        if words == ["range", "up"] or "--explain" in words:
            continue
        if words == ["scan"]:
            words = ["scan", "known"]
        if words[:2] == ["assess", "import"]:
            words = ["assess", "import", *sorted(map(str, desk.root.glob(words[2])))]
        done = desk.run(*words, seconds=300)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    return desk


@pytest.fixture
def desk(told: Desk, tmp_path: Path) -> Desk:
    """The told story in a workspace of its own."""
    return told.copy(tmp_path / "workspace")


def standing(desk: Desk, system: str, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = desk.json("assess", "status", system, *more)
    return found


def states(found: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {i["line"]: (i["state"], i["low"], i["high"], i["raw"]) for i in found["items"]}


def moved(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    one, two = states(before), states(after)
    assert one.keys() == two.keys()
    return {line for line in one if one[line] != two[line]}


def asked(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in found["items"] if item["state"] != "not_applicable"]


# --- the published formulas ---


def rate(items: list[dict[str, Any]], end: str) -> Fraction:
    """2025: items met of those that apply, in per cent; a part does not count."""
    return Fraction(100 * sum(item[end] == 1 for item in items), len(items))


def score(items: list[dict[str, Any]], end: str) -> Fraction:
    """2021: 50 each for technology and management, less 100/n for each item not met, half for a part."""
    total = Fraction(0)
    for technical in (True, False):
        part = [item for item in items if (item["domain"] in TECHNICAL) is technical]
        lacking = sum((1 - Fraction(item[end]) for item in part), Fraction(0))
        total += max(Fraction(0), 50 - lacking * Fraction(100, len(items)))
    return total


def cut(number: Fraction) -> float:
    return int(number * 100) / 100


def classes_2025(low: Fraction, high: Fraction, risks: list[dict[str, Any]]) -> set[str]:
    """More than 90 conforms unless there is a major hidden danger, from 60 on basically, else not."""
    major = {risk["status"] for risk in risks if risk["kind"] == "major"}
    found = set()
    if high > 90:
        if "confirmed" not in major:
            found.add("conforming")
        if major & {"confirmed", "suspected"}:
            found.add("basic")
    if low <= 90 and high >= 60:
        found.add("basic")
    return found | ({"failing"} if low < 60 else set())


def classes_2021(low: Fraction, high: Fraction, risks: list[dict[str, Any]]) -> set[str]:
    """A high risk makes it poor; else excellent from 90 (good with a medium risk), good, fair, poor."""
    high_ones = [risk for risk in risks if risk["kind"] == "high"]
    if any(risk["status"] == "confirmed" for risk in high_ones):
        return {"poor"}
    found = {"poor"} if any(risk["status"] == "suspected" for risk in high_ones) else set()
    lowered = [r["decision"]["level"] for r in risks if r["status"] == "lowered"]
    if high >= 90:
        found |= {"good"} if "medium" in lowered else {"excellent", "good"}
    for name, start, end in (("good", 80, 90), ("fair", 70, 80), ("poor", 0, 70)):
        if low < end and high >= start:
            found.add(name)
    return found


FORMULAS = (("2025", rate, classes_2025), ("2021", score, classes_2021))


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_numbers_come_out_the_same_when_worked_out_again(told: Desk, system: str) -> None:
    for scheme, formula, classes in FORMULAS:
        found = standing(told, system, "--scheme", scheme)
        items = asked(found)
        for item in items:
            assert item["low"] <= item["high"]
            if item["state"] in VALUE:
                assert item["low"] == item["high"] == VALUE[item["state"]]
        low, high = formula(items, "low"), formula(items, "high")
        assert [Fraction(text) for text in found["number"]["exact"]] == [low, high]
        assert (found["number"]["low"], found["number"]["high"]) == (cut(low), cut(high))
        assert low < high  # something is always left open in the story
        tested = sum(item["state"] != "untested" for item in items)
        assert found["coverage"]["tested"] == tested
        assert found["coverage"]["applicable"] == len(items)
        assert found["coverage"]["percent"] == cut(Fraction(100 * tested, len(items)))
        assert set(found["conclusion"]) == classes(low, high, found["suspected"])


def test_the_grades_select_their_items_and_exclusions_leave_them_out(told: Desk) -> None:
    every = {row["system"]: row for row in told.json("assess", "status")["systems"]}
    selected = {system: standing(told, system) for system in SYSTEMS}
    assert {system: len(found["items"]) for system, found in selected.items()} == {
        "S13": 209, "S26": 135, "S02": 211 + 46,
    }  # fmt: skip
    assert [every[s]["coverage"]["applicable"] for s in SYSTEMS] == [257 - 1, 135 - 1, 209 - 7]
    for system, found in selected.items():
        assert every[system]["number"] == found["number"]
        assert every[system]["conclusion"] == found["conclusion"]
    assert every["S01"]["coverage"]["tested"] == 0


def test_a_met_answer_against_the_machine_is_a_conflict_and_not_met(told: Desk) -> None:
    found = standing(told, "S05")
    lines = {each["line"] for each in found["conflicts"]}
    assert lines == {"cns.transit.integrity", "cns.transit.secrecy"}
    for line in lines:
        assert states(found)[line] == ("not_met", 0, 0, "not_met")
    (row,) = [each for each in found["items"] if each["line"] == "cns.transit.secrecy"]
    (at,) = standing(told, "S05", "--explain", row["id"])["objects"]
    assert at["why"] == "refuted"
    assert [a["means"] for a in at["answers"]] == ["met"]
    assert "fail" in {v["state"] for v in at["verdicts"] if v["fail"] == "refutes"}


def test_an_explanation_ends_at_rows_that_exist(told: Desk) -> None:
    assert standing(told, "S13", "--explain", "score")["steps"]
    domain = standing(told, "S13", "--explain", "MMS")["items"]
    contract = next(i["id"] for i in domain if i["line"] == "mms.outsourcing.contract")
    (at,) = standing(told, "S13", "--explain", contract)["objects"]
    assert (at["state"], at["why"]) == ("partly", "weakened")  # the page names another firm
    for verdict in at["verdicts"]:
        found = told.rows("SELECT check_id, state FROM scan_verdict WHERE id = ?", verdict["id"])
        assert found == [(verdict["check"], verdict["state"])]
    for answer in at["answers"]:
        row = told.rows("SELECT question, means, by FROM assess_answer WHERE id = ?", answer["id"])
        assert row == [(answer["question"], answer["means"], answer["by"])]
        for sha in answer["evidence"]:
            stored = told.root / "data" / "evidence" / sha[:2] / sha
            assert hashlib.sha256(stored.read_bytes()).hexdigest() == sha
    assert at["verdicts"]
    assert at["answers"]


def test_only_what_depends_on_an_answer_moves_and_conclusions_stay(desk: Desk) -> None:
    kept = conclusions(desk)
    assert kept
    before = standing(desk, "S13")
    line = "mms.backup.rules"
    assert states(before)[line][0] == "met"
    change = ["assess", "answer", "S13", line, "--choose", "not_met", "--note", "没有照做"]
    assert desk.run("--as", "朱嘉禾", *change).returncode == 0
    assert moved(before, standing(desk, "S13")) == set()  # nobody has reviewed it
    review = ["assess", "review", "S13", "--all-from", "朱嘉禾", "--accept"]
    assert desk.run("--as", "秦北辰", *review).returncode == 0
    after = standing(desk, "S13")
    assert moved(before, after) == {line, "mms.contingency.drill"}  # the other one that waited
    assert states(after)[line] == ("not_met", 0, 0, "not_met")
    drawn = desk.json("assess", "conclude", "S13")
    assert {each["line"] for each in drawn["changes"]} == {line, "mms.contingency.drill"}
    assert conclusions(desk)[: len(kept)] == kept


def conclusions(desk: Desk) -> list[Any]:
    return desk.rows("SELECT * FROM assess_conclusion ORDER BY id")


def test_an_expired_answer_leaves_its_item_untested_and_widens_the_interval(desk: Desk) -> None:
    before = standing(desk, "S26")
    line = "pss.rules.coverage"
    over = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
    desk.change(
        "UPDATE assess_answer SET expires = ? WHERE system = 'S26' AND line = ?", over, line
    )
    after = standing(desk, "S26")
    assert moved(before, after) == {line}
    assert states(after)[line][0] == "untested"
    low, high = (rate(asked(before), end) for end in ("low", "high"))
    assert rate(asked(after), "low") < low
    assert rate(asked(after), "high") == high
    assert after["coverage"]["tested"] == before["coverage"]["tested"] - 1
    assert before["coverage"]["applicable"] == after["coverage"]["applicable"]


def test_results_of_the_platform_carry_its_tenant_until_their_last_day(desk: Desk) -> None:
    carried = {
        line: state
        for line, state in states(standing(desk, "S23")).items()
        if line.startswith("cloud.ces.images")
    }
    before = standing(desk, "S02")
    assert carried.items() <= states(before).items()
    assert {state[0] for state in carried.values()} == {"met", "partly"}
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    desk.change("UPDATE assess_inheritance SET until = ?, valid_from = ?", yesterday, "2020-01-01")
    after = standing(desk, "S02")
    assert {states(after)[line] for line in carried} == {("untested", 0, 1, "untested")}
    assert "到期" in after["inheritance"]
    assert all(states(after)[line][0] == "untested" for line in moved(before, after))
    assert rate(asked(after), "low") < rate(asked(before), "low")
    assert rate(asked(after), "high") >= rate(asked(before), "high")


def test_thirty_three_systems_fit_into_eighty_columns(
    told: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Desk, "environment", lambda desk: environment(desk) | {"COLUMNS": "80"})
    lines = told.run("assess", "status").stdout.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert sum(line.strip().startswith("S") for line in lines) == 33  # one line each
