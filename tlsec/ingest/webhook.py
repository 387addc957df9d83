"""Generic JSON by HTTP: read through a mapping file, believed only when signed.

Signature: HMAC-SHA256 with the source's secret over "<timestamp>.<body>", in hex, in the header
`X-Tlsec-Signature: sha256=…` beside `X-Tlsec-Timestamp: <seconds since 1970>`. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tlsec.i18n import _
from tlsec.ingest import mapping
from tlsec.ingest.eve import json_value
from tlsec.ingest.event import Parsed
from tlsec.ingest.reading import Reading, text_of

VERSION = 1
SIGNATURE, TIMESTAMP = "X-Tlsec-Signature", "X-Tlsec-Timestamp"
_REMEMBERED = 100_000  # signatures within the window


class Untrusted(ValueError):
    """A body that is not believed; says why, for the sender."""


def sign(secret: bytes, timestamp: int, body: bytes) -> str:
    """The value of the signature header."""
    signed = hmac.new(secret, str(timestamp).encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


@dataclass(frozen=True, slots=True)
class Guard:
    """Believes what is signed with the secret and not older than the window.

    A sender that got no answer may send the very same again within the window: `check` gives both the same
    delivery id, by which the register takes it once. So a replay changes nothing, restarts included.
    """

    secret: bytes
    window_seconds: int

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """The delivery's id. Raises Untrusted."""
        stamp = headers.get(TIMESTAMP, "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise Untrusted(_("缺少或写错了时间戳头 {name}").format(name=TIMESTAMP))
        given = headers.get(SIGNATURE, "").encode("utf-8", "replace")
        # before the clock: who cannot sign learns nothing of our time
        if not hmac.compare_digest(given, sign(self.secret, int(stamp), body).encode()):
            raise Untrusted(_("签名不对"))
        if abs(now.timestamp() - int(stamp)) > self.window_seconds:
            message = _("时间戳与本机相差超过 {n} 秒，请校时后重发")
            raise Untrusted(message.format(n=self.window_seconds))
        return hashlib.sha256(given).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Token:
    """Believes who knows a token: for senders that cannot sign, such as Alertmanager."""

    secret: bytes

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """No id: what such a sender sends twice is known by the ids of its events. Raises Untrusted."""
        given = headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, b"Bearer " + self.secret):
            raise Untrusted(_("令牌不对"))
        return ""


def parse(raw: bytes, reading: Reading) -> list[Parsed]:
    """One body: the records that the source's mapping file finds in it."""
    limits, found = reading.limits, reading.map
    if found is None or found.format != "json":
        return [reading.reject(_("来源 {id} 没有 JSON 对照文件").format(id=reading.source), raw)]
    if len(raw) > limits.body_bytes:
        return [reading.reject(_("正文超过 {n} 字节").format(n=limits.body_bytes), raw)]
    body = json_value(text_of(raw))
    if body is None:
        return [reading.reject(_("不是 JSON"), raw)]
    records = mapping.within(body, found.each)
    if isinstance(records, Mapping):
        records = [records]
    if not isinstance(records, list):
        text = _("对照 {name}：正文里没有列表 {path}")
        return [reading.reject(text.format(name=found.map, path=found.each or "."), raw)]
    if len(records) > limits.events_per_body:
        text = _("一次推送 {n} 条，超过 {most} 条")
        return [reading.reject(text.format(n=len(records), most=limits.events_per_body), raw)]
    return [_record(one, reading) for one in records]


def _record(one: Any, reading: Reading) -> Parsed:
    assert reading.map is not None  # parse looked
    piece = json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if not isinstance(one, Mapping):
        return reading.reject(_("这一条不是 JSON 对象"), piece)
    return mapping.record(reading.map, lambda path: mapping.within(one, path), piece, reading)
