"""Character sets: declared, missing, wrong, broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.wire.page_text import decode, header_text, one_line, printable

TEXT = "岚泽市人民政府门户网站"
META = '<meta charset="{}">'


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "gbk"])
@pytest.mark.parametrize("declared", [True, False])
def test_chinese_is_read_declared_or_not(codec: str, declared: bool) -> None:
    body = TEXT.encode(codec)
    assert decode(body, f"text/html; charset={codec}" if declared else "") == TEXT
    meta = META.format(codec).encode()
    assert decode(meta + body, "text/html").endswith(TEXT)


def test_old_meta_and_rare_characters() -> None:
    old = b'<META http-equiv=Content-Type content="text/html; charset=gb2312">'
    assert decode(old + "镕㐀𠮷".encode("gb18030")).endswith("镕㐀𠮷")


def test_the_header_outweighs_the_page() -> None:
    assert decode(
        META.format("utf-8").encode() + TEXT.encode("gbk"), "text/html; charset=gbk"
    ).endswith(TEXT)


@pytest.mark.parametrize("label", ["gbk", "iso-8859-1", "windows-1252"])
def test_long_utf8_wins_over_a_wrong_label(label: str) -> None:
    assert decode(TEXT.encode(), f"text/html; charset={label}") == TEXT


def test_short_gbk_that_could_be_utf8_stays_gbk() -> None:
    assert decode("联通".encode("gbk"), "text/html; charset=gbk") == "联通"


def test_gbk_labelled_utf8() -> None:
    assert decode(TEXT.encode("gbk"), "text/html; charset=utf-8") == TEXT


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_byte_order_mark(mark: str) -> None:
    assert decode(TEXT.encode(mark), "text/html; charset=big5") == TEXT


@pytest.mark.parametrize(
    "label", ["nonsense", "utf-7", "base64", "rot13", "idna", "hex", "x" * 300, "zlib"]
)
def test_odd_labels_are_not_trusted(label: str) -> None:
    assert decode(TEXT.encode(), f"text/html; charset={label}") == TEXT


def test_a_character_cut_at_the_end_is_dropped() -> None:
    assert decode(TEXT.encode()[:-1]) == TEXT[:-1]


def test_broken_bytes_are_replaced() -> None:
    assert "\ufffd" in decode(b"abc\xff\xfe\xff" + b"\x80", "text/html; charset=utf-8")


@given(
    st.binary(max_size=200), st.sampled_from(["", "gbk", "utf-8", "shift_jis", "hz", "undefined"])
)
def test_anything_is_decoded(body: bytes, label: str) -> None:
    printable(decode(body, f"charset={label}")).encode("utf-8")


def test_printable() -> None:
    assert printable("a\0b\x1bc\u202ed\ud800e\tf\n") == "abcde\tf\n"
    assert printable("e\u0301") == "é"
    assert one_line("  a \n\t b  ", 3) == "a b"
    assert header_text("岚泽".encode("gbk")) == header_text("岚泽".encode()) == "岚泽"
