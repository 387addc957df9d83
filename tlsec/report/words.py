"""How a Chinese official paper writes dates, numbers, punctuation and doubtful characters. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeAlias, overload
from zoneinfo import ZoneInfo

When: TypeAlias = datetime | date | str

SHANGHAI = ZoneInfo("Asia/Shanghai")

_CJK = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff《》（）“”、。，；：？！〔〕【】"
_FULL = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_BETWEEN = re.compile(f"(?<=[{_CJK}])[ ]*([,;:?!])[ ]*(?=[{_CJK}]|$)")
_BRACKETS = re.compile(rf"(?<=[{_CJK}])\(([^()]*[{_CJK}][^()]*)\)")
_SPACES = re.compile(f"(?<=[{_CJK}])[ ]+(?=[{_CJK}0-9])|(?<=[0-9])[ ]+(?=[{_CJK}])")
_SLOT = re.compile(r"\{(\w+)\}")

# Marks that turn the reading direction or hide: in evidence they are an attack, so they are shown.
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u200b\u2028\u2029\u2060\ufeff")
# everything `_visible` may change; long papers are cleaned character by character otherwise
_ODD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(sorted(_DIRECTION | _INVISIBLE))
    + "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
    + "]"
)


def clean(text: str) -> str:
    """Text that every file format can hold and that shows what it holds.

    Control characters, direction overrides, invisible marks, lone surrogates and noncharacters
    are written as their codes (`\\x00`, `\\u202e`): evidence is shown, never silently dropped.
    Line ends become one `\\n`; a tab becomes a space.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return _ODD.sub(lambda match: _visible(match[0]), text)


def _visible(char: str) -> str:
    code = ord(char)
    if char == "\n":
        return char
    if unicodedata.category(char) == "Cc":
        return f"\\x{code:02x}"
    if char in _DIRECTION or char in _INVISIBLE or 0xD800 <= code <= 0xDFFF:
        return f"\\u{code:04x}"
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


def fill(template: str, values: Mapping[str, str]) -> str:
    """`{name}` slots of a wording replaced by values; values are never read as templates.

    Raises KeyError for a slot without a value.
    """
    return _SLOT.sub(lambda match: values[match[1]], template)


def slots(template: str) -> set[str]:
    """The names of the `{name}` slots of a wording."""
    return set(_SLOT.findall(template))


def formal(text: str) -> str:
    """Written Chinese as papers want it: full-width punctuation between Chinese characters,
    no spaces between Chinese and digits. Latin text, addresses and versions stay as they are.
    """
    text = _BETWEEN.sub(lambda match: _FULL[match[1]], text)
    text = _BRACKETS.sub(r"（\1）", text)
    return _SPACES.sub("", text)


def day(value: When) -> str:
    """ "2026年3月5日" in Asia/Shanghai; text is passed through, "" stays ""."""
    if isinstance(value, str):
        return value
    value = local(value)
    return f"{value.year}年{value.month}月{value.day}日"


def minute(value: When) -> str:
    """ "2026-03-05 16:30" in Asia/Shanghai, or "2026-03-05" for a plain date."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H:%M}"
    return value.isoformat()


def span(start: When, end: When) -> str:
    """ "2026年3月1日至3月3日", the year and month said once; one day when both are the same."""
    if isinstance(start, str) or isinstance(end, str):
        first, last = day(start), day(end)
        return first if first == last or not last else f"{first}至{last}" if first else last
    a, b = local(start), local(end)
    if (a.year, a.month, a.day) == (b.year, b.month, b.day):
        return day(a)
    if a.year != b.year:
        return f"{day(a)}至{day(b)}"
    if a.month != b.month:
        return f"{day(a)}至{b.month}月{b.day}日"
    return f"{day(a)}至{b.day}日"


@overload
def local(value: datetime) -> datetime: ...


@overload
def local(value: date) -> date: ...


def local(value: date | datetime) -> date | datetime:
    """A time in Asia/Shanghai. A naive time is a programming error: ValueError."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("naive datetime in a paper; pass UTC")
    return value.astimezone(SHANGHAI)


def width(text: str) -> float:
    """Printed width in characters of full width: wide ones count 1, others one half."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.5 for c in text)
