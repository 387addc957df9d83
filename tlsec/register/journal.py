"""The audit chain: one hash-chained record a command, and the proof that nothing was changed since.

A record's hash is SHA-256 over its length-framed fields and the hash before it, so an edited, missing
or reordered row breaks the chain at that place. The rows of the ledger are proved too: each must equal
what its last record says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from tlsec.i18n import _
from tlsec.register.models import Journal, RiskItem

START = "0" * 64
FIELDS = ("seq", "at", "actor", "command", "object", "after", "reason", "batch", "previous")


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
        row.batch,
        row.previous,
    )


def append(
    now: datetime,
    actor: str,
    command: str,
    object_: str,
    after: Any,
    reason: str = "",
    batch: str = "",
) -> Journal:
    """Add a record. Call it inside the transaction of the command that it records.

    `batch` joins the records of one bulk command.
    """
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
            batch=batch[:40],
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
    """Every place where the chain, or a row of the ledger or beside it, is not what the records say."""
    previous, expected, last_at = START, 1, None
    latest: dict[str, Any] = {}
    rows: dict[str, Any] = {}
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
        if isinstance(row.after, dict):
            if "no" in row.after:
                latest[str(row.after["no"])] = row.after
            for beside in row.after.get("rows", ()):
                rows[str(beside["row"])] = beside
    yield from _ledger(latest)
    yield from _beside(rows)


def _ledger(latest: dict[str, Any]) -> Iterator[Break]:
    """Each item equals what its last record says."""
    items = RiskItem.objects.order_by("id").prefetch_related("clocks__segments")
    for item in items.iterator(chunk_size=500):
        said = latest.pop(item.no, None)
        if said is None:
            yield Break(0, _("台账 {no} 没有任何记录").format(no=item.no))
        elif {key: said[key] for key in said if key not in BESIDE} != _plain(snapshot(item)):
            yield Break(0, _("台账 {no} 与最后一条记录不符").format(no=item.no))
    for no in latest:
        yield Break(0, _("台账 {no} 已不在库中").format(no=no))


def _beside(rows: dict[str, Any]) -> Iterator[Break]:
    """Each row beside the ledger (evidence, exceptions, mutes…) equals what was recorded of it last."""
    for model in apps.get_models():
        own = model._meta.app_label == "register" and model._meta.model_name in TRACKED
        if not (own or getattr(model, "journalled", False)):
            continue
        for row in model._default_manager.order_by("pk").iterator(chunk_size=500):
            now = tracked(row)
            said = rows.pop(now["row"], None)
            if said is None:
                yield Break(0, _("{row} 没有任何记录").format(row=now["row"]))
            elif said != _plain(now):
                yield Break(0, _("{row} 与最后一条记录不符").format(row=now["row"]))
    for name in rows:
        yield Break(0, _("{row} 已不在库中").format(row=name))


def _plain(value: Any) -> Any:
    return json.loads(canonical(value))


BESIDE = ("rows", "approver")
# tables whose every row has to equal its last record; tracked() gives the record. A room above marks its own
# models by `journalled = True`.
TRACKED = (
    "comment", "evidencefile", "itemwaiver", "mitigation", "request", "verdictmemory", "silence",
    "inhibition", "posture",
)  # fmt: skip


def _columns(row: Model) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in row._meta.local_concrete_fields:
        if not field.primary_key:
            value = getattr(row, field.attname)
            if isinstance(value, datetime):
                value = value.astimezone(UTC).isoformat(timespec="microseconds")
            values[field.attname] = value
    return values


def snapshot(item: RiskItem) -> dict[str, Any]:
    """A ledger row as recorded: every column but the database's own key, and a hash over its clocks."""
    from tlsec.register.clocks import digest

    return _columns(item) | {"clocks": digest(item)}


def tracked(row: Model) -> dict[str, Any]:
    """A row beside the ledger as recorded, for the `rows` of a record."""
    return {"row": f"{row._meta.model_name}:{row.pk}", **_columns(row)}


def recorded(item: RiskItem, rows: Sequence[Model] = (), approver: str = "") -> dict[str, Any]:
    """What a command's record says: the item, the rows it wrote beside it, who approved it."""
    after = snapshot(item)
    if rows:
        after["rows"] = [tracked(row) for row in rows]
    if approver:
        after["approver"] = approver
    return after


def head() -> str:
    """The newest hash, 16 characters of which are printed on papers."""
    last = Journal.objects.order_by("-seq").first()
    return last.hash if last else START
