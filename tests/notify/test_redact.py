"""A message never holds a secret, a full address or a character that a screen would obey."""

from __future__ import annotations

import re
import time
import unicodedata
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.notify import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("203.0.113.9:443 开放", "203.0.113.*:443 开放"),
        ("地址203.0.113.9。", "地址203.0.113.*。"),
        ("版本 1.2.3.4.5 与 1.2.300.4", "版本 1.2.3.4.5 与 1.2.300.4"),
        ("[2001:db8::10]:443", "[2001:db8:*]:443"),
        ("12:30:45 与 00:1a:2b:3c:4d:5e", "12:30:45 与 00:1a:2b:3c:4d:5e"),
        ("https://admin:pw@198.51.100.7/x", "https://***@198.51.100.*/x"),
        ("password: 'a b', x", "password: ***, x"),
        ("密码为Abc123！", "密码为***"),
        ("弱口令：3 处", "弱口令：3 处"),
        ("弱口令：123456", "弱口令：***"),
        ("口令强度不足：应加长", "口令强度不足：应加长"),
        ("Authorization: Bearer abcdefghijk", "Authorization: ***"),
        ("头 Bearer abcdefghijk.x", "头 Bearer ***"),
        ("/open-apis/bot/v2/hook/0a1b2c3d-aaaa-bbbb", "/open-apis/bot/v2/hook/***"),
        ("send?access_token=abc&x=1", "send?access_token=***&x=1"),
        ("send?key=693a91f6-7xxx", "send?key=***"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----", "***"),
        ("a\x1b[31mb\u202ec\r\nd", "a[31mbc\nd"),
    ],
)
def test_what_must_not_be_read_is_masked(text: str, shown: str) -> None:
    assert redact.clean(text) == shown


@given(st.ip_addresses(v=4), st.sampled_from([" ", "，", "（", ":", "/", "@", "-"]))
def test_no_ipv4_address_comes_through(address: IPv4Address, mark: str) -> None:
    assert str(address) not in redact.clean(f"从{mark}{address}{mark}来")


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_comes_through(address: IPv6Address) -> None:
    for text in (str(address), address.exploded):
        assert text not in redact.clean(f"从 {text} 来 [{text}]:443") or text == "::"


@given(st.text(max_size=300), st.text("abcXYZ0123+/=_-", min_size=4, max_size=40))
def test_a_known_secret_never_comes_through(text: str, secret: str) -> None:
    said = redact.clean(f"{text[:100]}{secret}{text[100:]} {secret}", [secret])
    assert secret not in said


@given(st.text(max_size=400))
def test_cleaning_is_done_once_and_leaves_no_control_character(text: str) -> None:
    once = redact.clean(text)
    assert not [c for c in once if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t"]
    assert redact.clean(once) == once


@given(st.text(max_size=200), st.integers(8, 300))
def test_cutting_keeps_whole_characters(text: str, most: int) -> None:
    cut = redact.cut(text, most)
    assert len(cut.encode()) <= most
    assert cut == text or cut.endswith("…")


def test_long_and_crooked_texts_take_no_long_time() -> None:
    started = time.monotonic()
    for unit in (
        "token",
        "a",
        ":",
        "1.",
        "-",
        "口令",
        "::1 ",
        "bearer ",
        "&key=",
        "-----BEGIN PRIVATE KEY-----",
    ):
        redact.clean(unit * (40_000 // len(unit)))
    assert time.monotonic() - started < 2
    assert re.fullmatch("a+", redact.clean("a" * 100))
