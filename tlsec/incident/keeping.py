"""How a command of this room is kept: one locked row, the version it was meant for, one record, one number."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from django.db.models import Model

from tlsec import content, workspace
from tlsec.i18n import _
from tlsec.incident.models import Case, Transfer, Warning
from tlsec.incident.words import LOCAL
from tlsec.register import journal
from tlsec.register.models import Numbering
from tlsec.register.refused import Refused

DRILL = "演"  # in front of the number of what is only practised
MACHINE = "tlsec"
SKEW = timedelta(minutes=5)  # a clock of another machine may be ahead
Row = TypeVar("Row", Warning, Case, Transfer)


def folders() -> list[Path]:
    """Folders of policy content of the workspace that is open."""
    return content.policies(workspace.find())


def locked(model: type[Row], no: str, version: int | None = None) -> Row:
    """The row, for this transaction alone. Raises Refused for one that is not there or has moved on."""
    row: Row | None = model._default_manager.select_for_update().filter(no=no).first()
    if row is None:
        raise Refused(_("没有 {no}").format(no=no))
    if version is not None and version != row.version:
        message = _("{no} 已被他人更新到第 {n} 版，请重新查看")
        raise Refused(message.format(no=no, n=row.version))
    return row


def keep(
    row: Warning | Case | Transfer,
    beside: Sequence[Model],
    command: str,
    actor: str,
    now: datetime,
    reason: str = "",
    quiet: bool = False,
) -> None:
    """Save a changed row with its next version, and record it with the rows that changed beside it.

    `quiet`: a reminder of the machine's, on which nobody's command rests; the version stays.
    """
    row.version += not quiet
    row.save()
    record([row, *beside], command, row.no, actor, now, reason)


def record(
    rows: Sequence[Model], command: str, object_: str, actor: str, now: datetime, reason: str = ""
) -> None:
    """One record of a command, with every row it wrote."""
    after = {"rows": [journal.tracked(row) for row in rows]}
    journal.append(now, actor, command, object_, after, reason)


def number(prefix: str, now: datetime, drill: bool = False, digits: int = 4) -> tuple[int, str]:
    """The next of the year under a prefix, e.g. (3, "SJ-2026-0003"). Call it inside the transaction."""
    key = f"{DRILL if drill else ''}{prefix}-{now.astimezone(LOCAL).year}-"
    rows = Numbering.objects.select_for_update()
    row = rows.filter(prefix=key).first()
    if row is None:
        row, _made = rows.get_or_create(prefix=key, defaults={"last": 0})
    row.last += 1
    row.save()
    return row.last, f"{key}{row.last:0{digits}d}"


def person(name: str, what: str) -> str:
    """A name that stands for a person. Raises Refused for none, or for the machine's."""
    plain = " ".join(name.split())
    if not plain or same(plain, MACHINE):
        raise Refused(_("“{what}”须由具名的人作出").format(what=what))
    return plain[:100]


def same(one: str, other: str) -> bool:
    """Whether two names are the same person's, however they are written."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    kept = (c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
    return "".join(kept)


def moment(at: datetime | None, now: datetime, since: datetime | None, what: str) -> datetime:
    """When something was done by what somebody says: not in the future, not before it could be."""
    at = at or now
    if at > now + SKEW:
        raise Refused(_("“{what}”的时间还没有到").format(what=what))
    if since is not None and at < since.replace(second=0, microsecond=0):
        message = _("“{what}”的时间早于 {since}")
        local = since.astimezone(LOCAL)
        raise Refused(message.format(what=what, since=f"{local:%Y-%m-%d %H:%M}"))
    return at
