"""http.visit: does the page open for a visitor in time? Light: the page is fetched whole, not read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from tlsec.facts import Done, Reason, Target
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway, GatewayError
from tlsec.probe.http_page import Limits

# what the site itself did; any other reason says something of us and stays a failed attempt
_OF_THE_SITE = frozenset((Reason.UNREACHABLE, Reason.REFUSED, Reason.TIMEOUT, Reason.PROTOCOL))


@dataclass(frozen=True, slots=True)
class Visit:
    """`opened`: an answer came whole within the limit. `reason`: why it did not, else ""."""

    opened: bool
    status: int | None
    seconds: float
    limit: float
    reason: str


@dataclass(frozen=True, slots=True)
class VisitFacts:
    visit: Visit


class HttpVisit:
    """One visit. That a site does not open is a fact here: whoever uses it proves the own line first."""

    id: ClassVar[str] = "http.visit"
    version: ClassVar[int] = 1
    facts: ClassVar[type[VisitFacts]] = VisitFacts
    locator: ClassVar[tuple[str, ...]] = ("address", "port", "scheme", "host", "path", "vantage")
    title: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"zh": "打开网页", "en": "Opening a page"}
    )

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        # a slow connect counts against the whole time, not against a limit of its own
        self._limits = replace(self._limits, connect=self._limits.total)

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        """One result; a failed attempt only for what was our own doing."""
        from tlsec.probe import http_client

        locator: dict[str, str | int] = {
            "address": target.address,
            "port": target.port,
            "scheme": "https" if target.tls else "http",
            "host": target.host,
            "path": target.path,
            "vantage": target.vantage.id,
        }
        clock = asyncio.get_running_loop().time
        began = clock()
        status, reason = None, ""
        try:
            status = (await http_client.visit(gateway, target, self._limits)).last.status
        except GatewayError as error:
            if error.failed.reason not in _OF_THE_SITE:
                yield Result(locator, error.failed)
                return
            reason = str(error.failed.reason)
        seconds = round(min(clock() - began, 3600.0), 3)
        visit = Visit(status is not None, status, seconds, self._limits.total, reason)
        yield Result(locator, Done(VisitFacts(visit)))
