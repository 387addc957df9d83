"""Who an alert from outside is: its fingerprint, what it says now, and whom it is attacked by. Pure.

The fingerprint is over a JSON array [kind, asset, check, locus], so values cannot run together; a part that
is missing is the explicit `~`. Title, message, severity, times, flow ids, attackers and counters stay out.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from zoneinfo import ZoneInfo

from tlsec.ingest.event import Event
from tlsec.ingest.reading import short

RULE = "ingest"
RULE_VERSION = 1
MISSING = "~"
UNKNOWN = "u:"
ELSEWHERE = "其余位置"  # the locus of places beyond what is told apart within an hour
_LOCAL = ZoneInfo("Asia/Shanghai")
_CHECK = 80
_VALUE = 200
_SEGMENTS = 8
_VOLATILE = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,40}|0x[0-9a-fA-F]+|\b[0-9a-fA-F]{16,}\b|\d+(?:[.:]\d+)*"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one trouble from another, and the key made of it. `loose`: nothing to merge by."""

    kind: str
    asset: str
    check: str
    locus: tuple[tuple[str, str], ...]
    fingerprint: str
    loose: bool


def identify(event: Event, asset: str, locus: Mapping[str, str] | None = None) -> Identity:
    """`asset`: the register's id, or u:<host or address>. `locus` stands for the event's own when given."""
    parts = locus if locus is not None else place(event)
    ordered = tuple(sorted((key, _text(value)) for key, value in parts.items() if value))
    check = check_ref(event.check)
    loose = check == MISSING and asset in ("", UNKNOWN) and not ordered
    key = [event.kind, _text(asset) or MISSING, check, [list(pair) for pair in ordered] or MISSING]
    if loose:  # nothing to merge by: every one stands alone
        key.append(event.delivery_key)
    digest = hashlib.sha256(_canonical(key).encode()).hexdigest()
    return Identity(event.kind, asset or MISSING, check, ordered, f"f1:{digest}", loose)


def place(event: Event) -> dict[str, str]:
    """The locus of an event: its port and what its parser named."""
    parts = {short(key, 40): short(value, _VALUE) for key, value in event.locus.items()}
    if event.port:
        parts["port"] = str(event.port)
    return parts


def check_ref(check: str) -> str:
    """The check's reference in at most 80 characters: a longer one keeps a hash of what was cut."""
    text = unicodedata.normalize("NFC", check).strip()
    if len(text) <= _CHECK:
        return text or MISSING
    return (
        f"{text[: _CHECK - 13]}#{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:12]}"
    )


def content_hash(event: Event) -> str:
    """What the event says now: differs when severity, condition, title or message differ."""
    said = [event.severity, event.condition, event.title, _VOLATILE.sub("#", event.message)]
    return hashlib.sha256(_canonical(said).encode()).hexdigest()[:32]


def actor_key(address: str, check: str, at: datetime) -> tuple[str, str, str] | None:
    """(network of /24 or /56, check family, local day): one attacker over many assets; None for no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    net = ip_network((parsed, 24 if parsed.version == 4 else 56), strict=False)
    return str(net), family(check), at.astimezone(_LOCAL).date().isoformat()


def family(check: str) -> str:
    """The sort of check: what stands before the first colon (gid, product, tool)."""
    return check.partition(":")[0][:60] or MISSING


def path_template(target: str) -> str:
    """A path whose ids do not matter: query and fragment gone, segments that are values become {}."""
    path = target.partition("?")[0].partition("#")[0]
    if "://" in path[:10]:
        path = "/" + path.partition("://")[2].partition("/")[2]
    segments = path[:2000].split("/")[: _SEGMENTS + 1]
    return "/".join("{}" if _is_value(part) else part[:60] for part in segments)[:_VALUE] or "/"


def _is_value(segment: str) -> bool:
    return len(segment) > 40 or bool(segment and _VOLATILE.fullmatch(segment))


def template(message: str) -> str:
    """A log line without what changes from one to the next: numbers, addresses, ids."""
    return _VOLATILE.sub("#", message[:400])[:120].strip()


def _text(value: str) -> str:
    return unicodedata.normalize("NFC", value)[:_VALUE]


def _canonical(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()  # lone surrogates cannot be hashed
