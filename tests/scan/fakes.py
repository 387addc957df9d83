"""Probes without a network, and runs over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from tlsec.facts import Done, Target
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway
from tlsec.probe.net_port import Port, PortFacts

if TYPE_CHECKING:
    from tlsec.scan.jobs import JobSpec
    from tlsec.scan.models import Run
    from tlsec.scan.runs import Ground


class Ports:
    """Stands for net.port: every port is open, but what `act` does to one address is its own affair."""

    id: ClassVar[str] = "net.port"
    version: ClassVar[int] = 1
    facts: ClassVar[type[Any]] = PortFacts
    locator: ClassVar[tuple[str, ...]] = ("address", "port", "proto", "vantage")
    title: ClassVar[Mapping[str, str]] = {"zh": "", "en": ""}

    def __init__(self, **act: Any) -> None:
        """`act`: address with dots written as underscores and a leading a → callable(port)."""
        self._act = {name[1:].replace("_", "."): what for name, what in act.items()}
        self.asked: list[tuple[str, int]] = []

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        for port in target.ports:
            self.asked.append((target.address, port))
            if what := self._act.get(target.address):
                what(port)
            locator = {
                "address": target.address, "port": port, "proto": "tcp",
                "vantage": target.vantage.id,
            }  # fmt: skip
            yield Result(locator, Done(PortFacts(Port(port, "open"))))


def ports_of(address: str, *ports: int, vantage: str = "z6") -> JobSpec:
    """A job that asks for declared ports of one address."""
    from tlsec.scan import jobs

    return jobs.spec(
        "net.port", vantage, asset=f"u:{address}", address=address, ports=ports, declared=ports,
        follow=False,
    )  # fmt: skip


def begin(ground: Ground, specs: Iterable[JobSpec]) -> Run:
    from tlsec.scan import runs

    return runs.begin(ground, specs, "甲", kind="plan", title="试")
