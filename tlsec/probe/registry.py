"""Which probes there are. A probe's module is imported when it is asked for, not before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from tlsec.probe.base import Probe


@dataclass(frozen=True, slots=True)
class ProbeRef:
    """Where a probe lives. `version` repeats the class's own, so that listing imports nothing."""

    module: str
    name: str
    version: int = 1


PROBES: Mapping[str, ProbeRef] = MappingProxyType(
    {
        "net.port": ProbeRef("tlsec.probe.net_port", "NetPort"),
        "net.service": ProbeRef("tlsec.probe.net_service", "NetService"),
        "tls.handshake": ProbeRef("tlsec.probe.tls_handshake", "TlsHandshake"),
        "http.page": ProbeRef("tlsec.probe.http_page", "HttpPage"),
        "http.visit": ProbeRef("tlsec.probe.http_visit", "HttpVisit"),
        "led.status": ProbeRef("tlsec.probe.led_status", "LedStatus"),
        "dns.records": ProbeRef("tlsec.probe.dns_records", "DnsRecords"),
    }
)


@cache
def probe_class(probe: str) -> type[Probe]:
    """The class of a probe id such as "net.port"; KeyError for an unknown id."""
    ref = PROBES[probe]
    return cast("type[Probe]", getattr(import_module(ref.module), ref.name))


@cache
def fact_types() -> Mapping[str, type[Any]]:
    """The fact dataclass of every probe, by "id@version"."""
    classes = (probe_class(probe) for probe in PROBES)
    return MappingProxyType({f"{known.id}@{known.version}": known.facts for known in classes})
