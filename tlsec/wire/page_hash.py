"""Fingerprints of a page that stay the same while only clocks, counters and tokens change.

Two of them: of the text a reader sees, and of the structure that carries it. Every pattern is bounded,
so a hostile page costs time in proportion to its size.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

MARK = "#"  # stands for what was taken out
_UUID = re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_QUERY = re.compile(r"(https?://[^\s?#]{1,500})\?\S*")
_COUNT_WORDS = (
    "访问量|访问次数|访问人数|总访问|浏览量|浏览次数|浏览|点击量|点击数|点击率|点击|阅读量|阅读次数|阅读|访客|在线人数|在线|人气|热度|"
    "下载次数|转发|点赞|page ?views?|visits?|visitors?|views?|hits?|online|counter"
)
_BEFORE = re.compile(rf"(?i)({_COUNT_WORDS})([^\d\n]{{0,12}})\d[\d,.]{{0,18}}(?:\s?[万亿])?")
_AFTER = re.compile(
    r"(?i)(?<![\d,.])\d[\d,.]{0,18}\s{0,3}"
    r"(万?(?:人次|次浏览|次访问|次点击|次阅读|次|位访客|位访问者|位|人在线|人访问|人浏览)"
    r"|visits?\b|visitors?\b|views?\b|hits?\b|users? online)"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_TIMES = re.compile(
    r"(?i)(?<!\d)(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?!\d)(?:\s?日)?"
    r"|(?<!\d)\d{1,2}\s?月\s?\d{1,2}\s?日"
    r"|(?<!\d)\d{1,2}/\d{1,2}/(?:19|20)\d\d"
    rf"|\b{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d\b"
    rf"|(?<!\d)\d{{1,2}}[\s-]{_MONTH}[\s-](?:19|20)\d\d\b"
    r"|(?:星期|周)[一二三四五六日天]"
    r"|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,"
    r"|(?<!\d)\d{1,2}[:：]\d{2}(?:[:：]\d{2}(?:[.,]\d{1,9})?)?(?!\d)(?:\s?(?:am|pm|z|gmt|utc|[+-]\d{2}:?\d{2})\b)?"
    r"|(?<!\d)\d{1,2}\s?[时点]\s?\d{1,2}\s?分(?:\s?\d{1,2}\s?秒)?"
    r"|农历\s?\S{2,8}"
    r"|(?<!\d)1[5-9]\d{8}(?:\d{3})?(?!\d)"  # seconds or milliseconds since 1970
)
_AGO = re.compile(
    r"(?<!\d)\d{1,6}(?:\.\d{1,9})?\s?(?:毫秒|秒|分钟|小时|天|ms|seconds?|minutes?|hours?)(?:前|\s?ago)?"
)
_SESSION_PATH = re.compile(r"(?i);(?:jsessionid|phpsessid|sid)=[^/?#]{0,200}")
_CSRF = re.compile(
    r"(?i)csrf|xsrf|token|nonce|viewstate|eventvalidation|requestverification|captcha|authenticity"
)
_COUNTER_NAME = re.compile(
    r"(?i)(?:^|[-_\s])(?:visit|hit|view|pv|uv|online|click|count)|counter|visitor|count$|views$"
)
# attributes that carry structure; values that carry content or change by themselves are left out
_KEPT = ("id", "class", "name", "type", "role", "rel", "action", "method", "href", "src", "target")
_ADDRESSES = frozenset(("href", "src", "action"))


def normal_text(text: str) -> str:
    """Text without what changes by itself: dates, times, counters, tokens, query strings, spacing."""
    text = " ".join(text.split())
    # tokens first: what looks like a clock inside one must not tear it apart
    text = _RUN.sub(_token, _UUID.sub(MARK, _QUERY.sub(r"\1", text)))
    text = _TIMES.sub(MARK, text)
    text = _AGO.sub(MARK, _AFTER.sub(rf"{MARK}\1", _BEFORE.sub(rf"\1\2{MARK}", text)))
    return " ".join(re.sub(r"#(?:[\sT]?#)+", MARK, text).split())


def _token(found: re.Match[str]) -> str:
    """A run that mixes letters and digits is a token; a long word or a path is not."""
    run = found.group()
    mixed = any(c.isdigit() for c in run) and any(c.isalpha() for c in run)
    return MARK if mixed and _no_path(run) else run


def _no_path(run: str) -> bool:
    return max(map(len, re.split(r"[/_-]", run))) >= 12


def normal_value(name: str, value: str) -> str:
    """An attribute's value without query strings, session ids and tokens."""
    value = " ".join(value[:2000].split())
    if name in _ADDRESSES:
        if value[:5].lower() in ("data:", "javas"):
            return value[:4].lower()
        try:
            parts = urlsplit(value)
            value = f"{parts.scheme}:{parts.netloc}{_SESSION_PATH.sub('', parts.path)}"
        except ValueError:
            value = "bad"
    return _TIMES.sub(MARK, _RUN.sub(_token, _UUID.sub(MARK, value)))


def is_csrf(tag: str, attributes: Mapping[str, str]) -> bool:
    """A hidden input or a meta element that carries a token."""
    if tag not in ("input", "meta"):
        return False
    if tag == "input" and attributes.get("type", "").lower() != "hidden":
        return False
    return bool(_CSRF.search(attributes.get("name", "")[:200]))


def is_counter(attributes: Mapping[str, str]) -> bool:
    """An element whose id or class says that it shows a count."""
    return any(_COUNTER_NAME.search(attributes.get(name, "")[:300]) for name in ("id", "class"))


def described(tag: str, attributes: Mapping[str, str]) -> str:
    """An element in one text: its tag and what of its attributes carries structure."""
    kept = []
    if attributes:
        kept = [f"{n}={normal_value(n, attributes[n])}" for n in _KEPT if attributes.get(n)]
    return "<" + "\x1f".join((tag, *kept)) + ">"


class Structure:
    """SHA-256 over the elements of a page, fed one by one."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def start(self, said: str) -> None:
        """An element as `described` says it."""
        self._hash.update(said.encode("utf-8", "replace"))

    def end(self, tag: str) -> None:
        self._hash.update(f"</{tag}>".encode("utf-8", "replace"))

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def digest(data: str | bytes) -> str:
    """SHA-256 of a text (UTF-8) or of bytes, in hex."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()
