"""Which objects of a kind an assessment looks at: at least 1, 2, 2, 3 of those configured alike.

Source: GB/T 28449-2018 appendix D (levels 1 to 4). Choice by importance, exposure and sharing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LEAST = {1: 1, 2: 2, 3: 2, 4: 3}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An asset that may be looked at. `alike`: assets with the same text are configured alike."""

    id: str
    alike: str
    exposed: bool = False  # reachable from the Internet
    important: bool = False
    seen: bool = False  # machines have results for it


def propose(candidates: Iterable[Candidate], level: int) -> list[Candidate]:
    """The least sample of each kind: important first, then exposed, then those with results, then by id."""
    groups: dict[str, list[Candidate]] = {}
    for each in sorted(
        candidates, key=lambda c: (not c.important, not c.exposed, not c.seen, c.id)
    ):
        groups.setdefault(each.alike, []).append(each)
    return [each for group in groups.values() for each in group[: LEAST[level]]]
