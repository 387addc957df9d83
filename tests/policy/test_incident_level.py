"""Levels proposed from numbers, classes of events, product rules."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec import content
from tlsec.policy import event_class, incident_level, thresholds

TABLE = thresholds.load(content.policies())
SCALES = incident_level.scales(TABLE)
CLASSES = event_class.load(content.policies())
numbers = st.floats(0, 1e9, allow_nan=False)
values = st.dictionaries(st.sampled_from(list(SCALES)), numbers, max_size=5)


def rank(made: dict[str, float]) -> int:
    level = incident_level.propose(TABLE, made).level
    return -1 if level is None else incident_level.rank(level)


@given(values, st.sampled_from(list(SCALES)), numbers)
def test_more_is_never_a_lower_level(made: dict[str, float], key: str, more: float) -> None:
    raised = made | {key: max(more, made.get(key, 0))}
    assert rank(raised) >= rank(made)


@pytest.mark.parametrize("key", list(SCALES))
def test_a_line_includes_its_number(key: str) -> None:
    for level, since in SCALES[key].since.items():
        assert incident_level.propose(TABLE, {key: since}).level == level
        below = incident_level.propose(TABLE, {key: math.nextafter(since, 0)}).level
        assert below is not None
        assert incident_level.rank(below) < incident_level.rank(level)


def test_nothing_is_proposed_from_nothing() -> None:
    assert incident_level.propose(TABLE, {}).level is None


def test_a_proposal_says_its_line_and_what_to_check() -> None:
    made = incident_level.propose(TABLE, {"home": 45, "people": 10})
    assert made.level == "larger"
    assert "45 分钟" in made.hits[0].text and "30 分钟以上" in made.hits[0].text
    assert any("征求意见稿" in mark for mark in made.marks)
    assert made.hits[1].level == "general"


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="可用"):
        incident_level.propose(TABLE, {"severity": 1})


def test_ten_categories_of_which_a_hazard_is_no_incident() -> None:
    assert [c.n for c in CLASSES.categories] == list(range(1, 11))
    assert [c.zh for c in CLASSES.categories if not c.incident] == ["安全隐患"]
    assert all(c.code == "" and sub.code == "" for c in CLASSES.categories for sub in c.subs)


@pytest.mark.parametrize(
    ("check", "key"),
    [
        ("web.page-change", "attack/网页篡改"),
        ("web.hidden-link", "attack/暗链植入"),
        ("dns.match", "attack/域名劫持"),
        ("web.available", "abnormal/访问异常"),
        ("tls.cert-days", "hazard/网络配置合规缺陷"),
        ("net.exposure", "hazard/网络配置合规缺陷"),
        ("web.default-account", "hazard/网络配置合规缺陷"),
        ("boundary.flow", "hazard/网络配置合规缺陷"),
        ("CVE-2026-0001", "hazard/网络漏洞"),
    ],
)
def test_classes_of_findings(check: str, key: str) -> None:
    found = event_class.of_finding(CLASSES, check)
    assert found is not None and found.key == key


def test_every_shipped_check_has_a_class() -> None:
    names = [f.stem for f in (content.policies()[0] / "checks").rglob("*.yaml")]
    assert len(names) > 40
    assert [name for name in names if event_class.of_finding(CLASSES, name) is None] == []


def test_classes_by_name() -> None:
    assert event_class.find(CLASSES, "勒索软件").key == "malware/勒索软件"
    assert event_class.find(CLASSES, "网络攻击/其他").key == "attack/其他"
    with pytest.raises(ValueError, match="不止一个"):
        event_class.find(CLASSES, "其他")
    with pytest.raises(ValueError, match="没有事件类别"):
        event_class.find(CLASSES, "高危")
