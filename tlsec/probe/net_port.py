"""net.port: which TCP ports answer. Facts only; a closed port is a fact, a lost one is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias
from weakref import WeakKeyDictionary

from tlsec.facts import Done, Failed, Locator, Reason, Target, Vantage
from tlsec.i18n import _
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway, GatewayError

TRY_SECONDS = (0.5, 1.0, 1.0)
CANARY_FRESH_SECONDS = 3.0
OTHERS_HEARD_SECONDS = 120.0
AT_ONCE = 256  # ports waiting together; the gateway lets through what the scope allows

Answer: TypeAlias = Literal["open", "closed", "no_answer"] | Failed


@dataclass(frozen=True, slots=True)
class Port:
    """`closed`: refused by the host. `silent`: three tries unanswered while the way was proved alive."""

    number: int
    state: Literal["open", "closed", "silent"] | None = None


@dataclass(frozen=True, slots=True)
class PortFacts:
    port: Port


class NetPort:
    """Tries to open each of the target's TCP ports, without saying a word.

    That a port is silent is believed only while the vantage itself is known to work: the `canary`, a
    (paper address, port) known to answer, must do so before and after; without a canary, some host must
    have answered this vantage within the last two minutes of the run.
    """

    id: ClassVar[str] = "net.port"
    version: ClassVar[int] = 1
    facts: ClassVar[type[PortFacts]] = PortFacts
    locator: ClassVar[tuple[str, ...]] = ("address", "port", "proto", "vantage")
    title: ClassVar[Mapping[str, str]] = {"zh": "TCP 端口", "en": "TCP ports"}

    def __init__(self, canary: tuple[str, int] | None = None) -> None:
        self._canary = canary
        self._canaries: WeakKeyDictionary[Gateway, _Canary] = WeakKeyDictionary()

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        """Results in ascending order of ports, as soon as a batch of them is known."""
        ports = sorted(set(target.ports or (target.port,)))
        for at in range(0, len(ports), AT_ONCE):
            for result in await self._try_ports(target, gateway, ports[at : at + AT_ONCE]):
                yield result

    async def _try_ports(
        self, target: Target, gateway: Gateway, ports: Sequence[int]
    ) -> list[Result]:
        alive_before = await self._alive(target.vantage, gateway)
        answers = await asyncio.gather(*(_try_port(target, port, gateway) for port in ports))
        silent: Answer = "no_answer"
        if "no_answer" in answers:
            silent = await self._judge_silence(target.vantage, gateway, alive_before)
        results = []
        for port, answer in zip(ports, answers, strict=True):
            locator: Locator = {
                "address": target.address,
                "port": port,
                "proto": "tcp",
                "vantage": target.vantage.id,
            }
            attempt = _attempt(port, silent if answer == "no_answer" else answer)
            results.append(Result(locator, attempt))
        return results

    async def _alive(self, vantage: Vantage, gateway: Gateway, since: float = 0.0) -> bool:
        if self._canary is None:
            return True
        canary = self._canaries.get(gateway)
        if canary is None:
            canary = self._canaries[gateway] = _Canary(*self._canary)
        return await canary.answers(vantage, gateway, since)

    async def _judge_silence(
        self, vantage: Vantage, gateway: Gateway, alive_before: bool
    ) -> Literal["no_answer"] | Failed:
        if self._canary is None:
            if gateway.heard_within(vantage, OTHERS_HEARD_SECONDS):
                return "no_answer"
            return Failed(Reason.TIMEOUT, _("从该探测点至今没有任何应答，无法断定端口状态"))
        now = asyncio.get_running_loop().time()
        if alive_before and await self._alive(vantage, gateway, since=now):
            return "no_answer"
        return Failed(Reason.LOST, _("探测点的对照端口没有应答"))


class _Canary:
    """An endpoint known to answer, asked at most once in a few seconds from each vantage."""

    def __init__(self, address: str, port: int) -> None:
        self._place = address, port
        self._lock = asyncio.Lock()
        self._known: dict[str, tuple[float, bool]] = {}

    async def answers(self, vantage: Vantage, gateway: Gateway, since: float) -> bool:
        """Whether it answered lately, and not before the loop's time `since`."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            asked, alive = self._known.get(vantage.id, (float("-inf"), False))
            if asked < since or now - asked > CANARY_FRESH_SECONDS:
                alive = await self._ask(vantage, gateway)
                self._known[vantage.id] = asyncio.get_running_loop().time(), alive
            return alive

    async def _ask(self, vantage: Vantage, gateway: Gateway) -> bool:
        for seconds in TRY_SECONDS:
            try:
                if await gateway.port_state(*self._place, vantage, seconds) != "no_answer":
                    return True
            except GatewayError:
                return False
        return False


async def _try_port(target: Target, port: int, gateway: Gateway) -> Answer:
    for seconds in TRY_SECONDS:
        try:
            state = await gateway.port_state(target.address, port, target.vantage, seconds)
        except GatewayError as error:
            return error.failed
        if state != "no_answer":
            return state
    return "no_answer"


def _attempt(port: int, answer: Answer) -> Done[PortFacts] | Failed:
    if isinstance(answer, Failed):
        return answer
    return Done(PortFacts(Port(port, "silent" if answer == "no_answer" else answer)))
