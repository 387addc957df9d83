"""ArcSight's Common Event Format, alone on a line or inside syslog. Pure.

Read in one pass from left to right: no expression can be made slow by what the line holds.
"""

from __future__ import annotations

from datetime import datetime

from tlsec.i18n import _
from tlsec.ingest import identity, times
from tlsec.ingest.event import Event, Kind, Parsed
from tlsec.ingest.reading import NAME, TEXT, Reading, address_of, host_of, port_of, short, text_of

VERSION = 1
_HEADER = 7
_MOST_KEYS = 200
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_KEY_MARKS = set("_.-[]")
_KEPT = ("act", "app", "cat", "deviceExternalId", "duser", "fname", "outcome", "reason", "request",
         "requestMethod", "suser")  # fmt: skip


def parse(raw: bytes, reading: Reading) -> list[Parsed]:
    """One line that is CEF and nothing else."""
    if len(raw) > reading.limits.line_bytes:
        return [reading.reject(_("一行超过 {n} 字节").format(n=reading.limits.line_bytes), raw)]
    return read(text_of(raw.rstrip(b"\0\r\n")), raw, reading, None, "")


def read(text: str, raw: bytes, reading: Reading, at: datetime | None, host: str) -> list[Parsed]:
    """CEF text from wherever it came. `at`, `host`: of the syslog header around it."""
    header = header_of(text[text.find("CEF:") + 4 :])
    if header is None:
        return [reading.reject(_("CEF 头部不全：应有七段，以 | 分开"), raw)]
    (version, vendor, product, _release, rule, name, severity), rest = header
    if not version.strip().isdigit():
        return [reading.reject(_("CEF 版本号写法不对"), raw)]
    ext = extension(rest)
    return [_event(f"{vendor}/{product}:{rule}", name, severity, ext, raw, reading, at, host)]


def _event(
    check: str, name: str, severity: str, ext: dict[str, str], raw: bytes, reading: Reading,
    at: datetime | None, host: str,
) -> Event:  # fmt: skip
    address = address_of(ext.get("dst", ""))
    named = host_of(ext.get("dhost", ""))
    if not address and not named:  # what a host's own guard says is about that host
        address = address_of(ext.get("dvc", "")) or address_of(host)
        named = host_of(ext.get("dvchost", "")) or host_of(host)
    if not address and not named:
        address = reading.sender
    said = ext.get("rt") or ext.get("end") or ext.get("start") or ""
    attackers = (address_of(ext.get(key, "")) for key in ("src", "sourceTranslatedAddress"))
    locus = {
        "proto": ext.get("proto", "").lower()[:20],
        "path": identity.path_template(ext["request"]) if ext.get("request") else "",
        "account": ext.get("duser", "")[:NAME],
        "file": ext.get("filePath", "")[:NAME],
    }
    return Event(
        source=reading.source,
        at=times.read(said, reading.zone, reading.received) or at or reading.received,
        received=reading.received,
        check=short(check, NAME),
        title=short(name, NAME) or short(check, NAME),
        severity=reading.severities["cef"].of(severity),
        kind=reading.kind or _kind(ext.get("cat", "")),
        event_id=short(ext.get("externalId", ""), NAME),
        address=address,
        host=named,
        port=port_of(ext.get("dpt", "")),
        locus={key: value for key, value in locus.items() if value},
        actors=tuple(dict.fromkeys(one for one in attackers if one and one != address)),
        message=short(ext.get("msg", "") or name, TEXT),
        attributes={key: short(ext[key], NAME) for key in _KEPT if ext.get(key)},
        raw=raw,
    )


def _kind(category: str) -> Kind:
    return "waf" if "waf" in category.lower() else "ids"


def header_of(text: str) -> tuple[list[str], str] | None:
    """The seven header fields and what follows; None when a bar is missing."""
    fields: list[str] = []
    value: list[str] = []
    at = 0
    while at < len(text) and len(fields) < _HEADER:
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            value.append(text[at + 1])
            at += 2
            continue
        if char == "|":
            fields.append("".join(value))
            value = []
        else:
            value.append(char)
        at += 1
    if len(fields) == _HEADER - 1:  # the last bar may be missing when no extension follows
        fields.append("".join(value).strip())
        return fields, ""
    return (fields, text[at:]) if len(fields) == _HEADER else None


def extension(text: str) -> dict[str, str]:
    """key=value pairs whose values may hold blanks; escapes undone; a key said twice keeps its first value."""
    marks = _equals(text)
    starts = [_key_start(text, mark) for mark in marks]
    pairs = [(s, m) for s, m in zip(starts, marks, strict=True) if s is not None]
    found: dict[str, str] = {}
    for index, (start, mark) in enumerate(pairs[:_MOST_KEYS]):
        end = pairs[index + 1][0] if index + 1 < len(pairs) else len(text)
        found.setdefault(text[start:mark], _unescaped(text[mark + 1 : end].strip()))
    return found


def _equals(text: str) -> list[int]:
    """Places of the `=` that no backslash stands before."""
    places, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == "=":
            places.append(at)
        at += 1
    return places


def _key_start(text: str, mark: int) -> int | None:
    """Where the key before an `=` starts; None when what stands there is no key."""
    start = mark
    while start > 0 and mark - start < 64 and _of_key(text[start - 1]):
        start -= 1
    return start if start < mark and (start == 0 or text[start - 1] == " ") else None


def _of_key(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in _KEY_MARKS)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            out.append(_PLAIN_ESCAPES.get(text[at + 1], text[at + 1]))
            at += 2
        else:
            out.append(text[at])
            at += 1
    return "".join(out)
