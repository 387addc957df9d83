"""Suricata's EVE JSON: alert events; all others are counted by type and left. Pure.

Fields: docs.suricata.io, "EVE JSON Format" (alert, flow_id, community_id, direction, http, tls, dns).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tlsec.i18n import _
from tlsec.ingest import identity, times
from tlsec.ingest.event import Event, Parsed
from tlsec.ingest.reading import NAME, TEXT, Reading, address_of, port_of, short, text_of

VERSION = 1
_DEEP = 40  # levels of nesting, well under Python's own limit
# detail kept as attributes: path in the event → name
_KEPT = {
    ("flow_id",): "flow_id",
    ("community_id",): "community_id",
    ("app_proto",): "app_proto",
    ("alert", "action"): "action",
    ("alert", "category"): "category",
    ("alert", "rev"): "rev",
    ("http", "hostname"): "http_host",
    ("http", "http_method"): "http_method",
    ("http", "status"): "http_status",
    ("tls", "sni"): "sni",
    ("tls", "fingerprint"): "tls_fingerprint",
    ("in_iface",): "interface",
}


def parse(raw: bytes, reading: Reading) -> list[Parsed]:
    """One line of eve.json."""
    if not raw.strip(b"\0\r\n\t "):
        return [reading.leave("empty")]
    if len(raw) > reading.limits.line_bytes:
        return [reading.reject(_("一行超过 {n} 字节").format(n=reading.limits.line_bytes), raw)]
    return read(text_of(raw), raw, reading)


def read(text: str, raw: bytes, reading: Reading) -> list[Parsed]:
    data = json_object(text)
    if data is None:
        return [reading.reject(_("不是 JSON 对象"), raw)]
    kind = data.get("event_type")
    if not isinstance(kind, str):
        return [reading.reject(_("没有 event_type，不是 EVE 事件"), raw)]
    if kind != "alert":
        return [reading.leave(short(kind, 40))]
    alert = data.get("alert")
    if not isinstance(alert, Mapping):
        return [reading.reject(_("alert 事件缺少 alert 部分"), raw)]
    rule = alert.get("signature_id")
    if not isinstance(rule, int) or isinstance(rule, bool):
        return [reading.reject(_("alert 事件缺少 signature_id"), raw)]
    return [_event(data, alert, f"{_number(alert.get('gid'), 1)}:{rule}", raw, reading)]


def _event(
    data: Mapping[str, Any], alert: Mapping[str, Any], check: str, raw: bytes, reading: Reading
) -> Event:
    """The asset is the server's side of the flow; a packet on its way back has it as the source.

    Names said by the client (Host, SNI) are attributes only: an attacker chooses them.
    """
    back = data.get("direction", alert.get("direction")) == "to_client"
    ours, other = ("src", "dest") if back else ("dest", "src")
    address = address_of(data.get(f"{ours}_ip", ""))
    attacker = address_of(data.get(f"{other}_ip", ""))
    title = short(alert.get("signature", ""), NAME) or check
    locus = {"proto": short(data.get("proto", ""), 20).lower()}
    return Event(
        source=reading.source,
        at=times.read(data.get("timestamp", ""), reading.zone, reading.received)
        or reading.received,
        received=reading.received,
        check=check,
        title=title,
        severity=reading.severities["eve"].of(
            alert.get("severity", ""), str(alert.get("category", ""))
        ),
        kind=reading.kind or "ids",
        address=address,
        port=port_of(data.get(f"{ours}_port", "")),
        locus={key: value for key, value in locus.items() if value} | _path(data),
        actors=(attacker,) if attacker and attacker != address else (),
        message=short(f"{title} {_within(data, ('http', 'url'))}", TEXT),
        attributes={
            name: short(value, NAME)
            for path, name in _KEPT.items()
            if (value := _within(data, path))
        },
        raw=raw,
    )


def _path(data: Mapping[str, Any]) -> dict[str, str]:
    url = _within(data, ("http", "url"))
    return {"path": identity.path_template(url)} if url else {}


def _within(data: Mapping[str, Any], path: tuple[str, ...]) -> str:
    """A value deep inside, as text; "" where it is missing or is no plain value."""
    value: Any = data
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return str(value)[:TEXT] if isinstance(value, str | int | float) else ""


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def json_object(text: str) -> Mapping[str, Any] | None:
    """A JSON object; None for anything else: broken, nested too deep, numbers without end."""
    value = json_value(text)
    return value if isinstance(value, Mapping) else None


def json_value(text: str) -> Any:
    """Any JSON value; None for what is no JSON or is nested too deep."""
    if nesting(text) > _DEEP:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # ValueError also: a number of thousands of digits
        return None


def nesting(text: str) -> int:
    """The deepest nesting of brackets, strings included: an upper bound found without recursion."""
    if text.count("[") + text.count("{") <= _DEEP:
        return 0
    depth = deepest = 0
    quoted = escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest
