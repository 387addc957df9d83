"""What a probe is: an id, a version, a fact type, a locator, and one `run`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from tlsec.facts import Done, Failed, Locator, Target
from tlsec.probe.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Result:
    """One locator and what came back from it. A probe may yield several for one target.

    `body`: what was read, byte by byte, where the probe was asked to hand it out; not a fact, never judged.
    """

    locator: Locator
    attempt: Done[Any] | Failed
    body: bytes = b""


class Probe(Protocol):
    """A probe. `facts` is a frozen dataclass; its one field is the namespace that checks read.

    `run` raises nothing for what a target does: refusals, silence and nonsense become `Failed`.
    """

    id: ClassVar[str]
    version: ClassVar[int]
    facts: ClassVar[type[Any]]
    locator: ClassVar[tuple[str, ...]]
    title: ClassVar[Mapping[str, str]]  # {zh, en}

    def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]: ...
