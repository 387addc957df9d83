"""Syslog: RFC 3164 as devices really write it, and RFC 5424. Pure. (Framing: frames.py.)

A header that is not quite right is read as far as it goes (no year, ISO time, no host, no priority); only
what has no header at all is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tlsec.i18n import _
from tlsec.ingest import cef, eve, identity, mapping, times
from tlsec.ingest.event import Event, Parsed
from tlsec.ingest.reading import NAME, TEXT, Reading, address_of, host_of, short, text_of

VERSION = 1
DEFAULT_PRI = 13  # user.notice, RFC 3164 4.3.3
_PRI = re.compile(r"<(\d{1,3})>")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?= |$)")
_COUNTER = re.compile(r"(?:\d{1,12}: )?[*.]?")  # what some routers put before the time
_TAG = re.compile(r"([^\s:\[\]]{1,64})(?:\[([^\]\s]{0,64})\])?:(?: |$)")
_SD_NAME = re.compile(r'[^\s="\]]{1,64}')
_MOST_PARAMS = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One message. `at`: the sender's time in UTC, None for none; `data`: structured data, id.name → value."""

    severity: int
    facility: int
    at: datetime | None
    host: str
    app: str
    pid: str
    msgid: str
    message: str
    data: Mapping[str, str] = field(default_factory=dict)


class Unreadable(ValueError):
    """Says why; the text is for the user."""


def parse(raw: bytes, reading: Reading) -> list[Parsed]:
    """One message: as CEF or EVE when it carries one, else by the source's rules, else by its template."""
    if not raw.strip(b"\0\r\n\t "):
        return [reading.leave("empty")]
    if len(raw) > reading.limits.line_bytes:
        return [reading.reject(_("一行超过 {n} 字节").format(n=reading.limits.line_bytes), raw)]
    text = text_of(raw.rstrip(b"\0\r\n")).lstrip("\ufeff")
    if text.startswith("CEF:"):
        return cef.parse(raw, reading)
    if text.startswith("{"):
        return eve.parse(raw, reading)
    try:
        line = read(text, reading)
    except Unreadable as error:
        return [reading.reject(str(error), raw)]
    if "CEF:" in line.message[:8]:
        return cef.read(line.message, raw, reading, line.at, line.host)
    if line.message.startswith("{") and '"event_type"' in line.message:
        return eve.read(line.message, raw, reading)
    if reading.map is not None:
        return mapping.line_events(reading.map, _fields(line), line.at, raw, reading)
    return [_plain(line, raw, reading)]


def _fields(line: Line) -> dict[str, str]:
    """What a mapping file may name of a message."""
    return {
        **{f"data.{key}": value for key, value in line.data.items()},
        "host": line.host,
        "app": line.app,
        "pid": line.pid,
        "msgid": line.msgid,
        "message": line.message,
        "severity": str(line.severity),
        "facility": str(line.facility),
    }


def _plain(line: Line, raw: bytes, reading: Reading) -> Parsed:
    """A line that no rule knows: its program, message id and template tell it from others, never its name."""
    if line.severity > reading.limits.syslog_floor:
        return reading.leave(f"severity.{line.severity}")
    app = line.app or "syslog"
    named = f"{app}:{line.msgid}" if line.msgid else f"{app}:{identity.template(line.message)}"
    return Event(
        source=reading.source,
        at=line.at or reading.received,
        received=reading.received,
        check=short(named, NAME),
        title=short(line.message, NAME) or app,
        severity=reading.severities["syslog"].of(line.severity),
        kind=reading.kind or "log",
        address=address_of(line.host) or (reading.sender if not host_of(line.host) else ""),
        host=host_of(line.host),
        message=short(line.message, TEXT),
        attributes={"app": app, "facility": str(line.facility)},
        raw=raw,
    )


def read(text: str, reading: Reading) -> Line:
    """The header and message of a line. Raises Unreadable for what has neither priority nor time."""
    pri, rest, given = DEFAULT_PRI, text, False
    if found := _PRI.match(text):
        pri, rest, given = int(found[1]), text[found.end() :], True
        if pri > 191:
            raise Unreadable(_("优先级 {pri} 超出 0-191").format(pri=pri))
    elif text.startswith("<"):
        raise Unreadable(_("优先级写法不对"))
    if given and rest.startswith("1 "):
        return _rfc5424(pri, rest[2:], reading)
    return _rfc3164(pri, rest, given, reading)


def _rfc5424(pri: int, text: str, reading: Reading) -> Line:
    parts = text.split(" ", 5)
    if len(parts) < 6:
        raise Unreadable(_("RFC 5424 的头部不全"))
    stamp, host, app, pid, msgid, rest = parts
    data, message = _structured(rest)
    return Line(
        severity=pri & 7,
        facility=pri >> 3,
        at=None if stamp == "-" else times.read(stamp, reading.zone, reading.received),
        host=_nil(host),
        app=_nil(app)[:48],
        pid=_nil(pid)[:128],
        msgid=_nil(msgid)[:32],
        message=message.removeprefix("\ufeff"),
        data=data,
    )


def _nil(text: str) -> str:
    return "" if text == "-" else text


def _structured(text: str) -> tuple[dict[str, str], str]:
    """Structured data and what follows it. Raises Unreadable when an element does not end."""
    if text == "-" or text.startswith("- "):
        return {}, text[2:]
    data: dict[str, str] = {}
    at = 0
    while text.startswith("[", at):
        at = _element(text, at + 1, data)
    if at == 0:
        raise Unreadable(_("RFC 5424 的结构化数据写法不对"))
    return data, text[at:].removeprefix(" ")


def _element(text: str, at: int, data: dict[str, str]) -> int:
    """One [id name="value" …] whose id starts at `at`; returns where it ended."""
    found = _SD_NAME.match(text, at)
    if not found:
        raise Unreadable(_("RFC 5424 的结构化数据写法不对"))
    element, at = found[0], found.end()
    while text.startswith(" ", at):
        name = _SD_NAME.match(text, at + 1)
        if not name or not text.startswith('="', name.end()):
            raise Unreadable(_("RFC 5424 的结构化数据写法不对"))
        value, at = _quoted(text, name.end() + 2)
        if len(data) < _MOST_PARAMS:
            data[f"{element}.{name[0]}"] = value[:TEXT]
    if not text.startswith("]", at):
        raise Unreadable(_("RFC 5424 的结构化数据没有结束"))
    return at + 1


_QUOTED = re.compile(r'((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\\]])')


def _quoted(text: str, at: int) -> tuple[str, int]:
    found = _QUOTED.match(text, at)
    if not found:
        raise Unreadable(_("RFC 5424 的结构化数据没有结束"))
    return _ESCAPED.sub(r"\1", found[1]), found.end()


def _rfc3164(pri: int, text: str, given: bool, reading: Reading) -> Line:
    """Time, host and tag as far as they are there. `given`: a priority stood before."""
    rest = text[_COUNTER.match(text).end() :]  # type: ignore[union-attr]  # matches the empty text too
    at, after = _time(rest, reading)
    if after is None:
        if not given:
            raise Unreadable(_("没有优先级，也没有时间，不像 syslog"))
        return Line(pri & 7, pri >> 3, None, "", *_tagged(text))
    host, blank, message = after.partition(" ")
    named = blank and "[" not in host and (address_of(host) or host_of(host))
    if not named:  # the sender left its name out
        host, message = "", after
    return Line(pri & 7, pri >> 3, at, host, *_tagged(message))


def _time(text: str, reading: Reading) -> tuple[datetime | None, str | None]:
    """The time at the start of a text and what follows; (None, None) when there is none."""
    if found := times.match_month_first(text):
        at = times.month_first(found, reading.zone, reading.received)
        after = text[found.end() :]
        zoned = re.match(r" (?:[A-Z]{3,5}|[+-]\d\d:?\d\d)?: |:? ", after)  # Cisco names its zone
        return at, after[zoned.end() :] if zoned else after.lstrip()
    if iso := _ISO.match(text):
        stamp = iso[0].replace(",", ".")
        return times.read(stamp, reading.zone, reading.received), text[iso.end() :].lstrip(" ")
    return None, None


def _tagged(text: str) -> tuple[str, str, str, str]:
    """(program, pid, message id, message)."""
    found = _TAG.match(text)
    if not found or found[1] == "CEF":
        return "", "", "", text
    return found[1], found[2] or "", "", text[found.end() :]
