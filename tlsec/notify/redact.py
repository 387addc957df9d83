"""What must not stand in a message or a log: secrets, full addresses, control characters. Pure.

Messages leave by commercial robots and SMS: who reads them there must learn of a trouble, not where to attack.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from ipaddress import ip_address

MASK = "***"
_IPV4 = re.compile(r"(?<![\d.])(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}(?![\d]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{1,4})?(?![\w:])"
)
_NAMED = re.compile(  # no part of it without a bound: a long text must not take long
    r"""(?ix)
        (?P<name> (?: passw(?:or)?d | passwd | pwd | secret | token | api[-_]?key | access[-_]?key
        | private[-_]?key | credential | authorization | cookie | session(?:id)? ) [\w-]{0,40}
        | 口令 | 密码 | 密钥 | 令牌 )
        (?P<mark> ["']? \s{0,4} [:=：] \s{0,4} | ["']? \s{0,4} (?:为|是) \s{0,4} )
        (?! \d{1,3} \s* (?: $ | [\s，。、；,;] | [项处个次条台家] ) )  # a count
        (?P<value> (?:bearer|basic)\s+\S+ | "[^"]*" | '[^']*' | [^\s,;，；、。&<>"')）]+ )"""
)  # fmt: skip
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^/\s@]{1,300}@")
_PEM = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_KEYED_URL = re.compile(r"(?i)(/(?:hook|webhook|services)/)[\w-]{12,}(?:/[\w-]{6,})*")
_QUERY_KEY = re.compile(r"(?i)([?&](?:key|sign|signature|sig)=)[^&\s]+")


def plain(text: str) -> str:
    """Without control and direction characters; line ends and tabs stay."""
    kept = (
        char
        for char in text.replace("\r\n", "\n").replace("\r", "\n")
        if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")
    )
    return "".join(kept)


def clean(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without known secrets, what looks like one, and the last part of addresses."""
    text = plain(text)
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, MASK)
    text = _PEM.sub(MASK, text)
    text = _USERINFO.sub(rf"\1{MASK}@", text)
    text = _NAMED.sub(lambda found: f"{found['name']}{found['mark']}{MASK}", text)
    text = _SCHEME.sub(rf"\1 {MASK}", text)
    text = _KEYED_URL.sub(rf"\1{MASK}", text)
    text = _QUERY_KEY.sub(rf"\1{MASK}", text)
    return addresses(text)


def addresses(text: str) -> str:
    """203.0.113.9 as 203.0.113.*, 2001:db8:1::9 as 2001:db8:*; ports stay."""
    return _IPV4.sub(_short4, _IPV6.sub(_short6, text))


def _short4(found: re.Match[str]) -> str:
    try:
        ip_address(found[0])
    except ValueError:  # a version such as 1.2.300.4
        return found[0]
    return f"{found[1]}.*"


def _short6(found: re.Match[str]) -> str:
    try:
        groups = ip_address(found[0]).exploded.split(":")
    except ValueError:  # a time such as 12:30:45, a MAC address
        return found[0]
    shown = [group.lstrip("0") or "0" for group in groups[:2]]
    return ":".join(shown) + ":*"


def flat(text: str) -> str:
    """On one line."""
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """At most so many bytes of UTF-8, whole characters, with a mark where something is missing."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    end = "…"
    return raw[: most - len(end.encode())].decode(errors="ignore") + end
