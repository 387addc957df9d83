"""What a parser is told besides the bytes, and what every parser needs: text from bytes, bounded text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from tlsec.ingest.event import Kind, Left, Parsed, Rejected
from tlsec.ingest.limits import ReadingLimits
from tlsec.ingest.severity import Table

if TYPE_CHECKING:
    from tlsec.ingest.mapping import Map

LOCAL = ZoneInfo("Asia/Shanghai")
TEXT = 1000  # characters of a message that are kept beside the raw bytes
NAME = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """One delivery of one source: who, when, how its times and levels are to be taken.

    `kind`: "" leaves it to the parser. `zone`: of times written without one. `sender`: the peer's address.
    """

    source: str
    received: datetime
    severities: Mapping[str, Table]
    limits: ReadingLimits
    kind: Kind | None = None
    zone: tzinfo = field(default=LOCAL)
    sender: str = ""
    map: Map | None = None

    def reject(self, reason: str, raw: bytes) -> Rejected:
        return Rejected(self.source, self.received, reason, raw)

    def leave(self, what: str) -> Left:
        return Left(self.source, self.received, what)


# Never raises on any bytes: what cannot be read comes back as Rejected.
Parser: TypeAlias = Callable[[bytes, Reading], list[Parsed]]


def text_of(raw: bytes) -> str:
    """Bytes as text: UTF-8, else GB 18030, else UTF-8 with marks where bytes are broken."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def short(value: object, most: int = TEXT) -> str:
    """Text for people: one line, no control characters, bounded."""
    text = str(value)[: most * 2]
    if text.isprintable():
        return text.strip()[:most]
    return "".join(c if c.isprintable() else " " for c in text).strip()[:most]


def address_of(value: object) -> str:
    """An IP address in its one spelling, mapped IPv4 as IPv4; "" for anything else."""
    return _address(str(value)[:100])


@lru_cache(8192)
def _address(text: str) -> str:
    text = text.strip().strip("[]")
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def port_of(value: object) -> int:
    """A port number; 0 for none or nonsense."""
    text = str(value)[:20].strip()
    number = int(text) if text.isascii() and text.isdigit() else 0
    return number if number <= 65535 else 0


def host_of(value: object) -> str:
    """A host name in lower case without the root's dot; "" for an address or nonsense."""
    text = str(value)[:300].strip().rstrip(".").lower()
    odd = any(c.isspace() or not c.isprintable() or c in "/\\@:[]" for c in text)
    named = text and len(text) <= 253 and not odd
    return text if named and not address_of(text) else ""
