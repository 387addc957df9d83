"""net.port: which TCP ports answer. Facts only; a closed port is a fact, a lost one is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Port:
    """`closed`: refused by the host. `silent`: three tries without answer while a canary answered."""

    number: int
    state: Literal["open", "closed", "silent"] | None = None


@dataclass(frozen=True, slots=True)
class PortFacts:
    port: Port
