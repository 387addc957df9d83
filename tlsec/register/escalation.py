"""Climbing from the one on duty to the leader while nobody answers."""

from __future__ import annotations

from datetime import datetime

from tlsec.register.models_outbox import EscalationRun


def hold(key: str, who: str, now: datetime) -> int:
    """Somebody has acknowledged: the key's escalations stand still. The number of them."""
    rows = EscalationRun.objects.filter(key=key).exclude(state=EscalationRun.State.ENDED)
    return rows.update(
        state=EscalationRun.State.ACKED, acked_by=who[:100], acked_at=now, next_at=None
    )
