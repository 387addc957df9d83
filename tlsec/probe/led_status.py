"""led.status: what a public screen's player says of itself: alive since when, playing what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from tlsec.facts import Done, Failed, Reason, Target
from tlsec.i18n import _
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway, GatewayError
from tlsec.probe.http_page import Limits

PATH = "/api/status"  # where no other path is asked for
_OF_THE_PLAYER = frozenset((Reason.UNREACHABLE, Reason.REFUSED, Reason.TIMEOUT))


@dataclass(frozen=True, slots=True)
class Led:
    """`heartbeat_age`: seconds since the player last reported to its control; None when it does not say."""

    answered: bool
    state: str | None
    device: str | None
    heartbeat_age: int | None
    content_hash: str | None  # SHA-256 of the text on the screen
    default_account: bool | None


@dataclass(frozen=True, slots=True)
class LedFacts:
    led: Led


class LedStatus:
    """Ask the player's status page (JSON). That it does not answer is a fact; another kind of answer is not."""

    id: ClassVar[str] = "led.status"
    version: ClassVar[int] = 1
    facts: ClassVar[type[LedFacts]] = LedFacts
    locator: ClassVar[tuple[str, ...]] = ("address", "port", "scheme", "host", "path", "vantage")
    title: ClassVar[Mapping[str, str]] = MappingProxyType({"zh": "大屏播控", "en": "Screen player"})

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits(body=2**16)

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        from tlsec.probe import http_client

        path = PATH if target.path == "/" else target.path
        locator: dict[str, str | int] = {
            "address": target.address,
            "port": target.port,
            "scheme": "https" if target.tls else "http",
            "host": target.host,
            "path": path,
            "vantage": target.vantage.id,
        }
        try:
            visit = await http_client.visit(gateway, replace(target, path=path), self._limits)
        except GatewayError as error:
            if error.failed.reason in _OF_THE_PLAYER:
                yield Result(locator, Done(LedFacts(Led(False, None, None, None, None, None))))
            else:
                yield Result(locator, error.failed)
            return
        said = _json(visit.last.body) if visit.last.status == 200 else None
        if said is None:
            yield Result(locator, Failed(Reason.PROTOCOL, _("应答不是播控状态")))
            return
        yield Result(locator, Done(LedFacts(read(said, gateway.now()))))


def _json(body: bytes) -> Mapping[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def read(said: Mapping[str, Any], now: datetime) -> Led:
    """What the status says; what it does not say, or says in another form, stays None."""
    content = _text(said, "content")
    account = said.get("default_account_active")
    return Led(
        answered=True,
        state=_text(said, "state"),
        device=_text(said, "device"),
        heartbeat_age=_age(said.get("heartbeat"), now),
        content_hash=hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()
        if content is not None
        else None,
        default_account=account if isinstance(account, bool) else None,
    )


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return value[:4000] if isinstance(value, str) else None


def _age(value: Any, now: datetime) -> int | None:
    """Seconds since a heartbeat (ISO 8601 with offset); one that lies ahead counts as now."""
    try:
        moment = datetime.fromisoformat(value)
        return max(0, int((now - moment).total_seconds()))
    except (TypeError, ValueError, OverflowError):  # no text, no time, or one without an offset
        return None
