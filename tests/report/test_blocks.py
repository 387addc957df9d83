"""The block model and the way Chinese papers write things."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.hostile import HOSTILE
from tests.report.sample import NOTICE
from tlsec.report import blocks, words
from tlsec.report.papers import notice


def test_row_of_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="row of 1"):
        blocks.Table((blocks.Column("甲"), blocks.Column("乙")), (("一",),))


def test_data_is_json_and_texts_are_all_there() -> None:
    document = notice.build(NOTICE)
    data = json.dumps(blocks.to_data(document), ensure_ascii=False)
    assert all(json.dumps(p.text, ensure_ascii=False)[1:-1] in data for p in NOTICE.problems)
    assert "岚泽市数据局文件" in list(blocks.texts(document))


def test_digest_follows_content_not_remarks() -> None:
    document = notice.build(NOTICE)
    assert blocks.digest(document) == blocks.digest(replace(document, remarks=("另",)))
    other = notice.build(replace(NOTICE, unit="石渡市人民政府办公室"))
    assert blocks.digest(document) != blocks.digest(other)


@pytest.mark.parametrize("name", HOSTILE)
def test_clean_leaves_only_what_xml_can_hold(name: str) -> None:
    text = words.clean(HOSTILE[name])
    text.encode("utf-8")
    assert all(c == "\n" or c >= " " for c in text)
    assert not set(text) & set("\x7f\x85\u2028\u202e\u2067\ufffe\uffff")


def test_clean_shows_what_was_hidden() -> None:
    assert words.clean("a\x00b\u202ec") == "a\\x00b\\u202ec"
    assert words.clean("a\r\nb\tc") == "a\nb c"


@given(st.text())
def test_clean_is_stable(text: str) -> None:
    once = words.clean(text)
    assert words.clean(once) == once
    assert all(c == "\n" or c.isprintable() or c.isspace() or ord(c) > 0xA0 for c in once)


def test_fill_never_reads_values_as_templates() -> None:
    assert words.fill("甲{a}乙", {"a": "{b}", "b": "x"}) == "甲{b}乙"
    with pytest.raises(KeyError):
        words.fill("{c}", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好,世界:请看", "你好，世界：请看"),
        ("共 3 项", "共3项"),
        ("TLS 1.0, TLS 1.1", "TLS 1.0, TLS 1.1"),
        ("端口(已备案)开放", "端口（已备案）开放"),
        ("https://a.test:443/x?y=1", "https://a.test:443/x?y=1"),
        ("证书(RSA)", "证书(RSA)"),
    ],
)
def test_formal(text: str, expected: str) -> None:
    assert words.formal(text) == expected


def test_days_and_spans() -> None:
    assert words.day(date(2026, 3, 5)) == "2026年3月5日"
    assert words.day(datetime(2026, 3, 5, 17, 0, tzinfo=UTC)) == "2026年3月6日"
    assert words.day("") == ""
    assert words.span(date(2026, 3, 1), date(2026, 3, 3)) == "2026年3月1日至3日"
    assert words.span(date(2026, 2, 28), date(2026, 3, 3)) == "2026年2月28日至3月3日"
    assert words.span(date(2025, 12, 31), date(2026, 1, 1)) == "2025年12月31日至2026年1月1日"
    assert words.span(date(2026, 3, 1), date(2026, 3, 1)) == "2026年3月1日"
    assert words.span("", date(2026, 3, 1)) == "2026年3月1日"
    with pytest.raises(ValueError, match="naive"):
        words.day(datetime(2026, 3, 5))
