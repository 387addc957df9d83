"""Alertmanager's webhook, payload version 4: each alert by its own labels. Pure.

The group's key is kept as a hint only: one group may hold alerts of many troubles. "resolved" says that the
source's condition is clear; it closes nothing. Fields: prometheus.io, "Webhook receiver".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tlsec.i18n import _
from tlsec.ingest import times
from tlsec.ingest.eve import json_object
from tlsec.ingest.event import Event, Parsed
from tlsec.ingest.mapping import asset_of
from tlsec.ingest.reading import NAME, TEXT, Reading, short, text_of

VERSION = 1
_ASSET = ("instance", "host", "hostname", "node", "nodename", "address", "ip", "target")
_SEVERITY = ("severity", "level", "priority")
# labels that change with who looks, or that are other parts of the identity
_NOT_A_PLACE = ("alertname", "prometheus", "replica", "monitor", "prometheus_replica", "receiver")
_MOST_LABELS = 40


def parse(raw: bytes, reading: Reading) -> list[Parsed]:
    """One POST body."""
    if len(raw) > reading.limits.body_bytes:
        return [reading.reject(_("正文超过 {n} 字节").format(n=reading.limits.body_bytes), raw)]
    body = json_object(text_of(raw))
    if body is None:
        return [reading.reject(_("不是 JSON 对象"), raw)]
    alerts = body.get("alerts")
    if str(body.get("version")) != "4" or not isinstance(alerts, list):
        return [reading.reject(_("不是 Alertmanager 第 4 版的推送"), raw)]
    if len(alerts) > reading.limits.events_per_body:
        text = _("一次推送 {n} 条，超过 {most} 条")
        most = reading.limits.events_per_body
        return [reading.reject(text.format(n=len(alerts), most=most), raw)]
    group = short(body.get("groupKey", ""), NAME)
    return [_read(alert, group, reading) for alert in alerts]


def _read(alert: Any, group: str, reading: Reading) -> Parsed:
    piece = json.dumps(alert, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if not isinstance(alert, Mapping) or alert.get("status") not in ("firing", "resolved"):
        return reading.reject(_("这一条没有 status（firing 或 resolved）"), piece)
    labels = _texts(alert.get("labels"))
    name = labels.get("alertname", "")
    if not name:
        return reading.reject(_("这一条没有 alertname 标签"), piece)
    return _event(alert, labels, name, group, piece, reading)


def _event(
    alert: Mapping[str, Any], labels: dict[str, str], name: str, group: str, piece: bytes,
    reading: Reading,
) -> Event:  # fmt: skip
    notes = _texts(alert.get("annotations"))
    asset = next((key for key in _ASSET if labels.get(key)), "")
    address, host, port = asset_of(labels.get(asset, ""), labels.get(asset, ""), "")
    level = next((labels[key] for key in _SEVERITY if key in labels), "")
    apart = (*_NOT_A_PLACE, *_SEVERITY, *([asset] if address or host else []))
    firing = alert["status"] == "firing"
    said = alert.get("startsAt" if firing else "endsAt", "")
    return Event(
        source=reading.source,
        at=times.read(said, reading.zone, reading.received) or reading.received,
        received=reading.received,
        check=name,
        title=notes.get("summary", "")[:NAME] or name,
        severity=reading.severities["alertmanager"].of(level),
        kind=reading.kind or "metric",
        condition="firing" if firing else "clear",
        event_id=_event_id(alert, labels),
        address=address,
        host=host,
        port=port,
        locus={key: value for key, value in labels.items() if key not in apart},
        message=notes.get("description", "") or notes.get("summary", "") or name,
        attributes={"group": group, "url": short(alert.get("generatorURL", ""), NAME)},
        raw=piece,
    )


def _event_id(alert: Mapping[str, Any], labels: dict[str, str]) -> str:
    """One firing or one end of one label set: sent again with each repeat, it is the same event."""
    told = [alert["status"], str(alert.get("startsAt", ""))[:NAME], sorted(labels.items())]
    if alert["status"] == "resolved":
        told.append(str(alert.get("endsAt", ""))[:NAME])
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    pairs = list(value.items())[:_MOST_LABELS]
    return {short(key, 60): short(text, TEXT) for key, text in pairs if isinstance(text, str)}
