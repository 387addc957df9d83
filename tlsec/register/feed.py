"""What listeners bring, read and stored: the one batch after the other of the ingest process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError

from tlsec.i18n import _
from tlsec.ingest.event import Parsed, Rejected
from tlsec.ingest.inbox import Delivery
from tlsec.ingest.parsing import Readers
from tlsec.register import intake, sources
from tlsec.register.intake import Ground, Taken


def store(
    batch: Sequence[Delivery], lost: Mapping[str, int], now: datetime, ground: Ground,
    readers: Readers,
) -> Taken:  # fmt: skip
    """Store a batch. Raises only when the database itself does not work: the batch is then tried again.

    Should one delivery make the reading or storing fail, it alone goes to quarantine.
    """
    if lost:
        sources.lost(lost)
    try:
        return _store(batch, now, ground, readers)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(batch) == 1:
            return _poison(batch[0], now, ground)
        half = len(batch) // 2
        first = store(batch[:half], {}, now, ground, readers)
        return first + store(batch[half:], {}, now, ground, readers)


def _store(
    batch: Sequence[Delivery], now: datetime, ground: Ground, readers: Readers
) -> Taken:  # fmt: skip
    parsed: list[Parsed] = []
    for one in batch:
        parsed += readers.parse(one.source, one.raw, one.received, one.sender, one.id)
    marks = [(one.source, one.mark) for one in batch if one.mark is not None]
    return intake.receive(parsed, now, ground, marks)


def _poison(one: Delivery, now: datetime, ground: Ground) -> Taken:
    """A delivery that our own code stumbles over: kept, so that it can be tried again with a mended version."""
    reason = _("本程序处理出错，升级后可重试")
    rejected = Rejected(one.source, one.received, reason, one.raw)
    marks = [(one.source, one.mark)] if one.mark else []
    try:
        return intake.receive([rejected], now, ground, marks)
    except DatabaseError as error:
        raise OperationalError(str(error)) from error
