"""Our own line first: canaries per vantage, asked before the looks that depend on them.

A vantage without canaries is taken to be up, and says so (`known` False).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from tlsec.facts import Vantage
from tlsec.policy.watch_facts import Uplink as Facts
from tlsec.probe.gateway import Gateway, GatewayError
from tlsec.watch import ladder
from tlsec.watch.monitors import Canary, Uplink

# a question for the root's name servers, with a fresh id in front: every resolver says something to it
_QUESTION = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"


@dataclass(frozen=True, slots=True)
class Line:
    """How a line stood when it was last asked (`at`: seconds of the loop's clock)."""

    facts: Facts
    at: float

    @property
    def up(self) -> bool:
        return self.facts.alive


class Lines:
    """The lines of all vantages; each asked at most once within the time an answer is fresh."""

    def __init__(self, uplinks: Mapping[str, Uplink], measures: ladder.Uplink) -> None:
        self._uplinks, self._measures = uplinks, measures
        self._locks: dict[str, asyncio.Lock] = {}
        self._known: dict[str, Line] = {}

    def replace(self, uplinks: Mapping[str, Uplink], measures: ladder.Uplink) -> None:
        """Take newly read canaries; what was heard is kept."""
        self._uplinks, self._measures = uplinks, measures

    def known(self) -> Mapping[str, Line]:
        return dict(self._known)

    async def up(self, vantage: Vantage, gateway: Gateway, since: float | None = None) -> bool:
        """Whether the line is up, asked no longer ago than it stays fresh and not before `since`."""
        uplink = self._uplinks.get(vantage.id)
        if uplink is None:
            return True
        clock = asyncio.get_running_loop().time
        async with self._locks.setdefault(vantage.id, asyncio.Lock()):
            line = self._known.get(vantage.id)
            measures = self._measures
            fresh = measures.fresh_seconds if line is None or line.up else measures.resume_seconds
            if line is None or clock() - line.at > fresh or (since is not None and line.at < since):
                began = clock()
                line = Line(await self._ask(uplink, vantage, gateway), began)
                self._known[vantage.id] = line
            return line.up

    async def _ask(self, uplink: Uplink, vantage: Vantage, gateway: Gateway) -> Facts:
        asked = [self._answers(canary, vantage, gateway) for canary in uplink.canaries]
        answers = await asyncio.gather(*asked)
        need = uplink.need or min(self._measures.need, len(answers))
        silent = [
            canary.name or f"{canary.address}:{canary.port}"
            for canary, answer in zip(uplink.canaries, answers, strict=True)
            if not answer
        ]
        answered = sum(answers)
        return Facts(vantage.id, answered >= need, len(answers), answered, need, silent)

    async def _answers(self, canary: Canary, vantage: Vantage, gateway: Gateway) -> bool:
        wait = self._measures.wait_seconds
        try:
            if canary.kind == "dns":
                question = secrets.token_bytes(2) + _QUESTION
                said = await gateway.datagram(
                    canary.address, canary.port, question, vantage, timeout=wait
                )
                return said[:2] == question[:2]
            state = await gateway.port_state(canary.address, canary.port, vantage, timeout=wait)
            return state == "open"
        except GatewayError:
            return False
