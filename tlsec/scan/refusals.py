"""What the scope guard refused in one run, on its way into the journal."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime

from tlsec.register import journal


class Refusals:
    """Counts refusals as they come, in any thread; `write` empties it into the journal.

    It is written with each batch of finished jobs and in their transaction: of a run that is killed,
    every refusal whose job counts as settled is on record.
    """

    def __init__(self, run: int, actor: str) -> None:
        self._run, self._actor = run, actor
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def note(self, address: str, port: int, why: str) -> None:
        """One refused address and port (the signature of Gateway.on_refusal)."""
        del port  # an address is refused as a whole
        with self._lock:
            self._counts[address, why] += 1

    def drop(self) -> None:
        """Forget what was counted and not yet written."""
        with self._lock:
            self._counts.clear()

    def write(self) -> None:
        """One record `probe.refused` for each address and reason since the last call."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        now = datetime.now(UTC)
        for (address, why), count in sorted(taken.items()):
            after = {"address": address, "count": count, "run": self._run}
            journal.append(now, self._actor, "probe.refused", address, after, why)
