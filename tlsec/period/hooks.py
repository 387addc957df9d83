"""What the serving process does for a period: takes in receipts, reminds of what is missing or should be off."""

from __future__ import annotations

from datetime import datetime

from tlsec import workspace
from tlsec.period import controls, zero, zero_files

ACTOR = "tlsec"


def tick(now: datetime) -> None:
    """One round, every minute."""
    root = workspace.find()
    zero_files.collect(workspace.read(root).receipts, now, ACTOR)
    zero.remind(now)
    controls.remind(now)
