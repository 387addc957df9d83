"""OSCAL: the file loads in the reference models, refers only to what is in it, and says no more than is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from trestle.oscal.assessment_results import AssessmentResults, Model

from tlsec import i18n
from tlsec.report.papers import oscal
from tlsec.report.papers.assessment import (
    Assessment,
    Asset,
    Interval,
    Item,
    Machine,
    Number,
    ObjectFinding,
    Risk,
    Said,
    SchemeResult,
    Source,
    System,
    Totals,
)

MADE = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def item(id_: str, clause: str, state: Any, *objects: ObjectFinding, **more: Any) -> Item:
    low, high = {"met": (1, 1), "partly": (0.5, 0.5), "not_met": (0, 0)}.get(state, (0.0, 1.0))
    return Item(
        id_, f"L3-CES1-{len(clause):02}", clause, "ces", "ces.identity", 3, "general",
        f"要求 {clause}", state, low, high, objects, **more,
    )  # fmt: skip


SEEN = Machine("tls.versions", "203.0.113.13:443", MADE, "接受过时版本", "881", "未通过")
SAID = Said(
    "周若川", "吴景和", date(2026, 11, 1), "逐台看过", ("ab" * 32,), date(2027, 11, 1), "怎样登录"
)


def assessment(**changes: Any) -> Assessment:
    data = Assessment(
        city="岚泽市",
        bureau="岚泽市数据局",
        system=System("S13", "人社网上服务", "市人社局", "岚泽市", "S3A2G3"),
        scheme=SchemeResult(
            "2025", "1", "2025", "2025 版报告模板", (Number("rate", "符合率", Interval(50, 75), "%"),),
            ("基本符合", "不符合"), 75.0,
        ),
        totals=Totals(4, 1, 1, 1, 1, 1, 1, 0, 0),
        report_date=date(2026, 11, 24),
        made=MADE,
        items=(
            item("a", "8.1.4.1-a", "met", ObjectFinding("", "系统", "met", (), (SAID,))),
            item("b", "8.1.4.1-c", "not_met", ObjectFinding("A-S13", "网站", "not_met", (SEEN, SEEN))),
            item("c", "8.1.4.1-d", "partly", ObjectFinding("H1", "主机", "partly", (SEEN,), (SAID,))),
            item("d", "8.1.4.2-a", "untested", ObjectFinding("A-S13", "网站", "untested")),
            item("e", "8.1.4.8-a", "not_applicable", note="没有这类数据"),
        ),
        risks=(
            Risk("high", "guide-2025", "6.4.1.2", "口令明文传输", ("b",), trigger="A-18"),
            Risk("major", "guide-2025", "6.4.1.2", "同上", ("b",), decision="lowered", by="周若川",
                 reason="已加双因素", mitigation="双因素登录"),
        ),
        assets=(Asset("A-S13", "application", "人社网上服务"),),
        sources=(Source("条款目录", "gbt22239-2019", "2"),),
        digest="f" * 64,
    )  # fmt: skip
    return replace(data, **changes)


def result(data: Assessment) -> dict[str, Any]:
    (found,) = oscal.build(data)["assessment-results"]["results"]
    assert isinstance(found, dict)
    return found


def load(document: dict[str, Any]) -> AssessmentResults:
    return Model.model_validate(document).assessment_results


def test_it_loads_in_the_reference_models(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    oscal.write(assessment(), path)
    loaded = AssessmentResults.oscal_read(path)
    assert loaded is not None
    (found,) = loaded.results
    assert len(found.findings) == 3
    assert len(found.observations) == 5
    assert len(found.risks) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"items": ()},
        {"items": (item("d", "8.1.4.2-a", "untested"),), "risks": ()},
        {
            "items": (item("e", "8.1.4.8-a", "not_applicable", note="\u202e<b>{{7*7}}\n=cmd"),),
            "risks": (),
        },
        {"sources": (), "assets": (), "digest": ""},
    ],
)
def test_sparse_ones_load_too(changes: dict[str, Any]) -> None:
    load(oscal.build(assessment(**changes)))


def test_untested_is_no_finding_and_not_applicable_is_excluded() -> None:
    found = result(assessment())
    targets = {f["target"]["target-id"]: f["target"]["status"]["state"] for f in found["findings"]}
    assert targets == {
        "gbt22239-8.1.4.1-a": "satisfied",
        "gbt22239-8.1.4.1-c": "not-satisfied",
        "gbt22239-8.1.4.1-d": "not-satisfied",
    }
    (selection,) = found["reviewed-controls"]["control-selections"]
    assert selection["exclude-controls"] == [{"control-id": "gbt22239-8.1.4.8-a"}]
    assert "没有这类数据" in selection["remarks"]
    assert {"control-id": "gbt22239-8.1.4.2-a"} in selection["include-controls"]


def test_every_reference_leads_somewhere_and_every_id_is_its_own() -> None:
    document = oscal.build(assessment())
    own = [value for key, value in _pairs(document) if key == "uuid"]
    assert len(own) == len(set(own))
    for key, value in _pairs(document):
        if key.endswith("-uuid"):
            assert value in own, key
        if key == "party-uuids":
            assert set(value) <= set(own)
    assert document["assessment-results"]["import-ap"]["href"][1:] in own


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key, part
            yield from _pairs(part)
    elif isinstance(value, list):
        for part in value:
            yield from _pairs(part)


def test_a_machines_suspicion_is_under_investigation_until_a_person_decides() -> None:
    first, second = result(assessment())["risks"]
    assert first["status"] == "investigating"
    assert second["status"] == "deviation-approved"
    assert second["mitigating-factors"][0]["description"] == "双因素登录"


def test_the_same_assessment_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        oscal.write(assessment(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_it_speaks_english_when_asked() -> None:
    i18n.use("en")
    try:
        text = json.dumps(oscal.build(assessment()), ensure_ascii=False)
    finally:
        i18n.use("zh")
    assert '"value": "en"' in text
