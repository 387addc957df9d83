"""How many messages a channel still bears: a budget over any 60 seconds, a part of it kept for urgent ones.

A sliding window, not a bucket that refills: a full bucket plus a minute's refill would let twice the limit
through within some minute. Times are POSIX seconds, so that a bucket can be kept as JSON. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tlsec.notify.ladder import Limit

WINDOW = 60.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """`sent`: when the messages of the window went out, oldest first."""

    limit: Limit
    sent: tuple[float, ...] = ()

    @classmethod
    def of(cls, limit: Limit, sent: Iterable[float], now: float) -> Bucket:
        """With what has left the window forgotten. A stamp from the future (a clock set back) counts as now."""
        kept = sorted(min(at, now) for at in sent if at > now - WINDOW)
        return cls(limit, tuple(kept))

    def free(self, urgent: bool) -> int:
        """How many more may go now."""
        most = self.limit.per_minute if urgent else self.limit.for_normal
        return max(most - len(self.sent), 0)

    def take(self, now: float) -> Bucket:
        """With one more gone. The caller has asked `free`."""
        return Bucket(self.limit, (*self.sent, now))

    def next_free(self, urgent: bool, now: float) -> float:
        """Seconds until one more may go."""
        most = self.limit.per_minute if urgent else self.limit.for_normal
        if self.free(urgent):
            return 0.0
        return max(self.sent[len(self.sent) - most] + WINDOW - now, 0.0)
