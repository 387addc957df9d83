"""Bytes of a page to text that can be stored: character sets, control characters, lengths."""

from __future__ import annotations

import codecs
import re
import unicodedata

# control characters but tab, line feed, carriage return; surrogates; what turns the writing direction
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_META = re.compile(rb"<meta[^>]{0,500}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_:.-]{2,40})", re.I)
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_:.-]{2,40})", re.I)
_META_WINDOW = 4096  # browsers look at 1,024; templates with long comments put it later
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# what pages call a character set is often a subset of what they send (WHATWG Encoding, section 4.2)
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "chinese": "gb18030",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "utf8": "utf-8",
    "utf-16": "utf-8",  # a <meta> that could be read as ASCII is not UTF-16
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}
_NO_CHARSETS = frozenset(
    (
        "utf-7",
        "idna",
        "punycode",
        "undefined",
        "unicode-escape",
        "raw-unicode-escape",
        "mbcs",
        "oem",
    )
)
_SURE = 12  # so many bytes outside ASCII that are valid UTF-8 are no accident


def decode(body: bytes, content_type: str = "") -> str:
    """Text of a body: byte order mark, declared character set, then what the bytes themselves say.

    Never raises; bytes that fit nothing become U+FFFD.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    declared = _declared(body, content_type)
    utf8 = _strict(body, "utf-8")
    if utf8 is not None and (declared is None or _outside_ascii(body) >= _SURE):
        return utf8
    if declared and (text := _strict(body, declared)) is not None:
        return text
    if utf8 is not None:
        return utf8
    if declared in (None, "utf-8") and (text := _strict(body, "gb18030")) is not None:
        return text
    return body.decode(declared or "utf-8", "replace")


def _declared(body: bytes, content_type: str) -> str | None:
    found = _CHARSET.search(content_type[:500])
    label = found.group(1) if found else ""
    if not label and (meta := _META.search(body[:_META_WINDOW])):
        label = meta.group(1).decode("ascii")
    label = _SUPERSETS.get(label.lower(), label.lower())
    try:
        codec = codecs.lookup(label) if label else None
    except (LookupError, ValueError):
        return None
    # codecs such as base64 or rot13 are no character sets; the others are Python's own inventions
    good = codec and getattr(codec, "_is_text_encoding", True) and codec.name not in _NO_CHARSETS
    return label if good else None


def _strict(body: bytes, name: str) -> str | None:
    """The text, or None when the bytes do not fit; a character cut at the very end is dropped."""
    try:
        return codecs.getincrementaldecoder(name)("strict").decode(body)
    except (UnicodeError, LookupError):
        return None


def _outside_ascii(body: bytes) -> int:
    return len(body) - len(body.translate(None, bytes(range(128, 256))))


def printable(text: str) -> str:
    """Without NUL, control, surrogate and direction characters; NFC."""
    return unicodedata.normalize("NFC", _UNWANTED.sub("", text))


def one_line(text: str, limit: int) -> str:
    """Printable, white space collapsed, at most `limit` characters."""
    return " ".join(printable(text[: limit * 8]).split())[:limit]


def header_text(raw: bytes, limit: int = 8192) -> str:
    """A header's value as text: UTF-8, else GB18030, else Latin-1; printable, one line."""
    text = _strict(raw, "utf-8") or _strict(raw, "gb18030") or raw.decode("latin-1")
    return one_line(text, limit)
