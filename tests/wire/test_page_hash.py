"""What normalising takes out and what it leaves, piece by piece; whole pages are in test_page_fingerprints."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.wire.page import read_page
from tlsec.wire.page_hash import MARK, normal_text, normal_value

TOKENS = st.binary(min_size=16, max_size=32).map(bytes.hex)
MIXED = TOKENS.filter(lambda text: any(map(str.isdigit, text)) and any(map(str.isalpha, text)))


@pytest.mark.parametrize(
    "text",
    [
        "Internationalization of the administration", "电话 0551-12345678", "共有 25 项服务，其中 3 项可网办",
        "/government/information/disclosure/annual-report", "皖ICP备05012345号-1", "高温 37 度",
    ],
)  # fmt: skip
def test_words_and_figures_that_mean_something_stay(text: str) -> None:
    assert normal_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-16", "2026年10月16日", "2026 年 1 月 2 日", "10月16日", "16/10/2026", "09:00", "09:00:01.123",
        "October 16, 2026", "2026-10-16T09:00:01Z", "星期五", "1792137600", "1792137600123", "3分钟前",
        "5 minutes ago", "d41d8cd98f00b204e9800998ecf8427e", "eyJhbGciOiJIUzI1NiJ9",
        "aGVsbG8gd29ybGQgMTIzNA==", "9时5分", "农历九月初六",
    ],
)  # fmt: skip
def test_clocks_and_tokens_leave_one_mark_and_their_neighbours(text: str) -> None:
    assert normal_text(f"甲 {text} 乙") == f"甲 {MARK} 乙"


@given(MIXED, MIXED)
def test_a_token_is_a_token_whatever_its_digits_look_like(one: str, other: str) -> None:
    for shape in ("甲 {} 乙", "<{}>"):
        assert normal_text(shape.format(one)) == normal_text(shape.format(other))
    page = '<p id="x-{0}" class="c {0}"><a href="/n/{0}?t={0}">甲</a>'
    hashes = {read_page(page.format(each), "http://a.test/").dom_hash for each in (one, other)}
    assert len(hashes) == 1


def test_a_token_with_a_moment_inside() -> None:
    assert normal_text("00000000000a1500000000000a000000") == MARK
    assert normal_value("id", "x-00000000000a1500000000000a000000") == MARK


def test_attribute_values() -> None:
    here, there = UUID(int=2**127 + 12345), UUID(int=2**126 + 9)
    assert normal_value("href", f"/a/{here}/b?x=1#y") == normal_value("href", f"/a/{there}/b")
    assert normal_value("action", "/s;jsessionid=0A?x") == normal_value("action", "/s")
    assert normal_value("href", "/a/b") != normal_value("href", "/a/c")
    assert normal_value("href", "//a.test/b") != normal_value("href", "//c.test/b")
    assert normal_value("src", "data:image/png;base64,AAAA") == "data"
    assert normal_value("href", "http://[bad") == "bad"


def test_elements_named_as_counters_show_counts() -> None:
    shown = [
        '<span id="hitCounter">{}</span>',
        "<b class='visit-num'>{}</b>",
        "<i class=pv-count><b>{}</b></i>",
    ]
    for shape in shown:
        one, other = (read_page(shape.format(n), "http://a.test/") for n in ("7", "1,234"))
        assert one.text_hash == other.text_hash
    kept = [
        read_page(f"<span class=content>{n}</span>", "http://a.test/").text_hash for n in (7, 8)
    ]
    assert kept[0] != kept[1]
