"""Fingerprints of pages: what may change by itself, and what must not go unseen."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlsec.wire.page import Reading, read_page
from tlsec.wire.page_hash import normal_text

PAGE = """<title>岚泽市</title><h1>要闻</h1><meta name="csrf-token" content="{token}">
<p>今天是{day} {clock}</p><p>访问量：{visits} 次</p><span id="visitor-count">{visits}</span>
<form action="/q;jsessionid={token}?_={visits}"><input type=hidden name=_csrf value="{token}">
<input name=q></form><p>{said}</p>"""
TOKEN = st.text("0123456789abcdef", min_size=32, max_size=32).filter(
    lambda text: not text.isdigit() and not text.isalpha()
)
MOMENT = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2099, 12, 31))
VISITS = st.integers(0, 10**12)
DAYS = ["{0.year}年{0.month}月{0.day}日", "{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0:%Y.%m.%d}"]


def read(
    moment: dt.datetime, visits: int, token: str, said: str = "", day: str = DAYS[0]
) -> Reading:
    weekday = "星期" + "一二三四五六日"[moment.weekday()]
    html = PAGE.format(
        day=f"{day.format(moment)} {weekday}",
        clock=f"{moment:%H:%M:%S}",
        visits=visits,
        token=token,
        said=said,
    )
    return read_page(html, "https://www.lanze.test/")


@pytest.mark.parametrize("day", DAYS)
@settings(deadline=None)
@given(
    moments=st.tuples(MOMENT, MOMENT),
    visits=st.tuples(VISITS, VISITS),
    tokens=st.tuples(TOKEN, TOKEN),
)
def test_clocks_counters_and_tokens_are_left_out(
    day: str,
    moments: tuple[dt.datetime, dt.datetime],
    visits: tuple[int, int],
    tokens: tuple[str, str],
) -> None:
    one, two = (read(*each, day=day) for each in zip(moments, visits, tokens, strict=True))
    assert (one.text_hash, one.dom_hash) == (two.text_hash, two.dom_hash)


@settings(deadline=None)
@given(MOMENT, VISITS, TOKEN, st.text("岚泽市民政务要闻黑客", min_size=1, max_size=20))
def test_words_are_not(moment: dt.datetime, visits: int, token: str, said: str) -> None:
    plain, worded = read(moment, visits, token), read(moment, visits, token, said)
    assert plain.text_hash != worded.text_hash
    assert plain.dom_hash == worded.dom_hash


@pytest.mark.parametrize(
    "markup", ["<b></b>", "<iframe src=//odd.test/></iframe>", "<a href=/x></a>", "<input name=q>"]
)
def test_structure_is_not(markup: str) -> None:
    base = "<div><p>甲</p></div>"
    one, two = (read_page(html, "http://a.test/") for html in (base, base + markup))
    assert one.text_hash == two.text_hash
    assert one.dom_hash != two.dom_hash


def test_scripts_are_seen_as_resources_instead() -> None:
    base = "<div><p>甲</p></div>"
    page = read_page(base + "<script src=//odd.test/x.js></script>", "http://a.test/")
    assert page.dom_hash == read_page(base, "http://a.test/").dom_hash
    assert [(part.kind, part.foreign) for part in page.resources] == [("script", True)]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("访问量：12", "访问量：1,234,567"),
        ("浏览 12 次", "浏览 98765 次"),
        ("您是第 12 位访客", "您是第 98765 位访客"),
        ("在线人数 3 人", "在线人数 41 人"),
        ("12 visits", "13 visits"),
        ("更新于 3 分钟前", "更新于 17 分钟前"),
        ("Tue, 24 Nov 2026 02:00:01 GMT", "Wed, 25 Nov 2026 14:59:01 GMT"),
        ("2026-11-24T02:00:01Z", "2026-11-25T13:10:59Z"),
        ("2026年11月24日 星期二", "2027年1月2日 周六"),
        ("1764000000", "1764000123456"),
        ("123e4567-e89b-12d3-a456-426614174000", "00000000-0000-4000-8000-000000000001"),
        ("a \n\t b", "a b"),
    ],
)
def test_same(one: str, two: str) -> None:
    assert normal_text(one) == normal_text(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("电话 12345", "电话 12346"),
        ("第 3 章", "第 4 章"),
        ("预算 1200 万元", "预算 1300 万元"),
        ("共 33 个系统", "共 34 个系统"),
        ("https://a.test/x?q=1", "https://b.test/x?q=1"),
        ("internationalization", "internationalisation"),
        ("甲 乙", "甲乙"),
    ],
)
def test_different(one: str, two: str) -> None:
    assert normal_text(one) != normal_text(two)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_normal_text_is_settled(text: str) -> None:
    assert " ".join(normal_text(text).split()) == normal_text(text)
