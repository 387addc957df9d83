"""The content of a run: the shipped `policies/`, a workspace's own folder over it, the types of facts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tlsec import shipped


def policies(workspace: Path | None = None) -> list[Path]:
    """Folders of policy content, the shipped one first."""
    first = shipped.path("policies")
    own = workspace / "policies" if workspace else first
    return [first, own] if own.is_dir() and own.resolve() != first.resolve() else [first]


@cache
def fact_types() -> Mapping[str, type[Any]]:
    """The fact dataclass of every probe, id@version, with those of the register's and the watch's own."""
    from tlsec.inventory.facts import RecordFacts
    from tlsec.policy.watch_facts import ClockFacts, ShareFacts, UplinkFacts
    from tlsec.probe import registry

    return {
        **registry.fact_types(),
        "inventory.record@1": RecordFacts,
        "watch.clock@1": ClockFacts,
        "watch.share@1": ShareFacts,
        "watch.uplink@1": UplinkFacts,
    }
