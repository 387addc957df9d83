"""The audit chain: one hash-chained record a command, and the proof that nothing was changed since.

A record's hash is SHA-256 over its length-framed fields and the hash before it, so an edited, missing
or reordered row breaks the chain at that place. The rows of the ledger are proved too: each must equal
what its last record says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from tlsec.i18n import _
from tlsec.register.models import Journal, RiskItem

START = "0" * 64
FIELDS = ("seq", "at", "actor", "command", "object", "after", "reason", "previous")


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def record_hash(fields: tuple[str, ...]) -> str:
    """SHA-256 over fields framed by their lengths, so that text cannot move between fields."""
    digest = hashlib.sha256()
    for field in fields:
        data = field.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def _framed(row: Journal) -> tuple[str, ...]:
    return (
        str(row.seq),
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.actor,
        row.command,
        row.object,
        canonical(row.after),
        row.reason,
        row.previous,
    )


def append(
    now: datetime, actor: str, command: str, object_: str, after: Any, reason: str = ""
) -> Journal:
    """Add a record. Call it inside the transaction of the command that it records."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tlsec.journal'))")
        last = Journal.objects.order_by("-seq").first()
        row = Journal(
            seq=last.seq + 1 if last else 1,
            at=now,
            actor=actor[:100],
            command=command,
            object=object_[:100],
            after=json.loads(canonical(after)),
            reason=reason[:1000],
            previous=last.hash if last else START,
        )
        row.hash = record_hash(_framed(row))
        row.save(force_insert=True)
    return row


@dataclass(frozen=True, slots=True)
class Break:
    seq: int
    what: str


def verify() -> Iterator[Break]:
    """Every place where the chain, or a row of the ledger, is not what the records say."""
    previous, expected, last_at = START, 1, None
    latest: dict[str, Any] = {}
    for row in Journal.objects.order_by("seq").iterator(chunk_size=2000):
        if row.seq != expected:
            yield Break(row.seq, _("序号不连续，缺第 {n} 条").format(n=expected))
        elif row.previous != previous:
            yield Break(row.seq, _("与前一条不相接"))
        if row.hash != record_hash(_framed(row)):
            yield Break(row.seq, _("内容被改动"))
        if last_at and row.at < last_at:
            yield Break(row.seq, _("时间早于前一条"))
        previous, expected, last_at = row.hash, row.seq + 1, row.at
        if isinstance(row.after, dict) and "no" in row.after:
            latest[str(row.after["no"])] = row.after
    for item in RiskItem.objects.iterator(chunk_size=500):
        said = latest.pop(item.no, None)
        if said is None:
            yield Break(0, _("台账 {no} 没有任何记录").format(no=item.no))
        elif said != json.loads(canonical(snapshot(item))):
            yield Break(0, _("台账 {no} 与最后一条记录不符").format(no=item.no))
    for no in latest:
        yield Break(0, _("台账 {no} 已不在库中").format(no=no))


def snapshot(item: RiskItem) -> dict[str, Any]:
    """A ledger row as recorded: every column but the database's own key."""
    values: dict[str, Any] = {}
    for field in item._meta.local_concrete_fields:
        if not field.primary_key:
            value = getattr(item, field.attname)
            if isinstance(value, datetime):
                value = value.astimezone(UTC).isoformat(timespec="microseconds")
            values[field.attname] = value
    return values


def head() -> str:
    """The newest hash, 16 characters of which are printed on papers."""
    last = Journal.objects.order_by("-seq").first()
    return last.hash if last else START
