"""Rules of affected products: what is in a range, what is not known and so stays in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.policy.product_match import affected, compare, parse, same_product

versions = st.lists(st.integers(0, 40), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("1.9.9", "1.10"), ("1.0rc1", "1.0"), ("1.0", "1.0p1"), ("7.2p1", "7.2p2"),
        ("9.8p1", "9.9"), ("1.0.1f", "1.0.1g"), ("2.0-beta2", "2.0"), ("8", "8.0.1"),
    ],
)  # fmt: skip
def test_order(low: str, high: str) -> None:
    assert compare(low, high) == -1
    assert compare(high, low) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("1.20", "1.20.0"), ("2.4.6-0ubuntu1", "2.4.6-0ubuntu1")]
)
def test_equal(one: str, other: str) -> None:
    assert compare(one, other) == 0


@given(versions, versions, versions)
def test_the_order_is_one(a: str, b: str, c: str) -> None:
    assert compare(a, b) == -compare(b, a)
    if compare(a, b) <= 0 and compare(b, c) <= 0:
        assert compare(a, c) <= 0


@given(versions, versions)
def test_a_range_and_its_complement(bound: str, version: str) -> None:
    inside = affected(parse(f"nginx <{bound}"), version)
    outside = affected(parse(f"nginx >={bound}"), version)
    assert {inside, outside} == {"version", None}


@pytest.mark.parametrize("version", ["", "unknown", "最新版"])
def test_an_unknown_version_stays_in(version: str) -> None:
    assert affected(parse("nginx <1.20"), version) == "unversioned"


def test_several_ranges() -> None:
    rule = parse("OpenSSH >=8.5,<9.8 | <4.4")
    assert [affected(rule, v) for v in ("9.2p1", "4.3", "7.4", "9.8p1")] == [
        "version", "version", None, None,
    ]  # fmt: skip
    assert parse(rule.text) == rule


@pytest.mark.parametrize("text", ["", "<1.0", "nginx <", "nginx <abc", "nginx <1.0 and >0.5"])
def test_rules_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="“"):
        parse(text)


def test_names() -> None:
    assert same_product("OpenSSH", "openssh")
    assert same_product("Apache HTTP Server", "apache http server 2.4")
    assert same_product("大屏", "市民广场大屏播控")
    assert not same_product("SSH", "OpenSSH")
    assert not same_product("Apache Tomcat", "Apache")
