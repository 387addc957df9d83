"""Coverage: every item has a way to be settled; the numbers add up to the standard; the picture is whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tlsec import content, i18n
from tlsec.cli.policy import policy as commands
from tlsec.policy import bundle, coverage, question
from tlsec.policy.bundle import Policy
from tlsec.policy.question import Questions
from tlsec.report import coverage_chart

PUBLISHED = {  # GB/T 22239-2019
    "general": (55, 135, 211, 228), "cloud": (11, 29, 46, 49), "mobile": (5, 14, 19, 21),
    "iot": (4, 7, 20, 21), "ics": (9, 15, 21, 22),
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded() -> Policy:
    return bundle.load(content.policies(), content.fact_types())


@pytest.fixture(scope="module")
def asked(loaded: Policy) -> Questions:
    return question.load(content.policies(), loaded.catalog)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("TLSEC_WORKSPACE", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    yield
    i18n.use("zh")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["coverage", *arguments])


def rows(data: Any) -> Iterator[tuple[str, str, dict[str, int]]]:
    for level, parts in data["levels"].items():
        for part, row in parts.items():
            yield level, part, row


def test_numbers_add_up_to_the_standard() -> None:
    result = run("--json")
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    for level, part, row in rows(data):
        assert row["published"] == PUBLISHED[part][int(level) - 1]
        assert row["items"] <= row["published"]
        assert sum(row[way] for way in coverage.WAYS) == row["published"], (level, part)


@pytest.mark.parametrize("part", list(PUBLISHED))
@pytest.mark.parametrize("level", ["1", "2", "3", "4"])
def test_nothing_is_left_without_a_way(level: str, part: str) -> None:
    """Asked for at levels 2 and 3, general and cloud; kept at every level and part."""
    row = json.loads(run("--json").stdout)["levels"][level][part]
    assert row["items"] == row["published"]
    assert row["uncovered"] == 0
    assert (
        row["machine"] == 0
    )  # no shipped check proves an item by itself: a person is always asked


def test_a_check_alone_must_be_able_to_prove(loaded: Policy, asked: Questions) -> None:
    """A pass that only supports leaves the item untested for ever where nobody is asked."""
    proved = {
        mapping.line
        for each in loaded.checks.values()
        for mapping in each.check.maps
        if mapping.passed == "proves"
    }
    ways = coverage.ways_of(loaded, asked)
    assert [line for line, way in ways.items() if way == "machine" and line not in proved] == []


def test_an_item_without_a_way_is_said(loaded: Policy, asked: Questions) -> None:
    gone = {id_: q for id_, q in asked.by_id.items() if q.line != "hrs.training.plans"}
    fewer = Questions(gone, asked.roles)
    before = {item.id for item in coverage.uncovered(loaded, asked)}
    found = [item.id for item in coverage.uncovered(loaded, fewer) if item.id not in before]
    assert found == ["8.1.8.3-b", "9.1.8.3-b"]
    first, second = coverage.count(loaded, asked), coverage.count(loaded, fewer)
    was, now = (each["levels"]["3"]["general"] for each in (first, second))
    assert now["uncovered"] == was["uncovered"] + 1
    assert now["question"] == was["question"] - 1


def test_only_a_check_or_both(loaded: Policy, asked: Questions) -> None:
    line = "cms.grading.filing"
    assert coverage.ways_of(loaded, asked)[line] == "both"
    none = Questions({}, asked.roles)
    assert coverage.ways_of(loaded, none)[line] == "machine"
    assert coverage.ways_of(replace(loaded, checks={}), none)[line] == "uncovered"


def test_items_the_catalogue_lacks_count_as_uncovered(loaded: Policy, asked: Questions) -> None:
    items = {id_: item for id_, item in loaded.catalog.items.items() if id_ != "8.1.8.3-b"}
    row = coverage.count(replace(loaded, catalog=replace(loaded.catalog, items=items)), asked)
    full = coverage.count(loaded, asked)["levels"]["3"]["general"]
    assert row["levels"]["3"]["general"]["uncovered"] == full["uncovered"] + 1


def test_table_and_list(loaded: Policy, asked: Questions) -> None:
    shown = run()
    assert shown.exit_code == 0, shown.stderr
    assert re.search(r"3\s+通用\s+211\s+211\s", shown.stdout)
    left = coverage.uncovered(loaded, asked)
    listed = run("--uncovered").stdout
    assert (f"{len(left)} 条" in listed) if left else ("都有判定途径" in listed)
    assert json.loads(run("--uncovered", "--json").stdout)["uncovered"] == [i.id for i in left]


def test_picture(tmp_path: Path) -> None:
    file = tmp_path / "覆盖.svg"
    result = run("--svg", str(file))
    assert (result.exit_code, "覆盖.svg" in result.stdout) == (0, True)
    first = file.read_bytes()
    run("--svg", str(file), "--json")
    assert file.read_bytes() == first  # same data, same bytes
    texts = [each.text for each in ElementTree.fromstring(first).iter() if each.text]
    assert {"第 1 级", "第 4 级", "云计算", "211", "49"} <= set(texts)
    refused = run("--svg", str(tmp_path / "nowhere" / "a.svg"))
    assert refused.exit_code == 2
    assert "a.svg" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_bars_have_the_lengths_of_their_numbers() -> None:
    svg = coverage_chart.draw(
        [
            coverage_chart.Row(3, "A & B", both=10, question=20, machine=0, uncovered=10),
            coverage_chart.Row(3, "C", both=0, question=10, machine=10, uncovered=0),
        ],
        "标题 <1>", "来源",
    )  # fmt: skip
    root = ElementTree.fromstring(svg)
    name = "{http://www.w3.org/2000/svg}rect"
    widths = [float(r.get("width", "0")) for r in root.findall(name) if r.get("stroke")]
    assert widths == pytest.approx([171, 342, 171, 171, 171], abs=0.2)
    texts = [each.text for each in root.iter() if each.text]
    assert {"A & B", "标题 <1>", "40", "20"} <= set(texts)
