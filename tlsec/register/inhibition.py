"""What depends on what: while a gateway, a provider, a zone's uplink or our own line is in trouble, the
troubles behind it are shown under it and not told one by one.

Our own uplink comes first, then zones, systems and single assets; a cause that is itself explained by
another leads to that one. A part that is not known never equals one that is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from tlsec.i18n import _, listed
from tlsec.inventory.models import Asset
from tlsec.register import journal
from tlsec.register.models import Alert
from tlsec.register.models_muting import Inhibition
from tlsec.register.refused import Refused

KINDS = ("all", "zone", "system", "asset")  # our own line first
UPLINK = "u:uplink"  # subject of the alert about the monitor's own line


def add(
    now: datetime,
    actor: str,
    kind: str,
    target: str,
    cause: str,
    checks: Sequence[str],
    cause_checks: Sequence[str] = (),
    note: str = "",
) -> Inhibition:
    """Say that `target` depends on `cause` (subject of its alerts). Checks by their beginnings.

    `cause_checks` empty: any trouble of the cause explains. Raises Refused.
    """
    if kind not in KINDS:
        raise Refused(
            _("没有依赖种类 {name}，可用：{known}").format(name=kind, known=listed(KINDS))
        )
    if not cause or not checks or (kind != "all" and not target):
        raise Refused(_("依赖关系要写明谁依赖谁、压下哪些检查项"))
    if kind == "asset" and target == cause:
        raise Refused(_("{no} 不能依赖自己").format(no=target))
    with transaction.atomic():
        row = Inhibition.objects.create(
            kind=kind, target=target, cause=cause, checks=list(checks), note=note[:300],
            cause_checks=list(cause_checks), by=actor, made=now,
        )  # fmt: skip
        journal.append(now, actor, "inhibition.add", cause, {"rows": [journal.tracked(row)]}, note)
    return row


def end(now: datetime, actor: str, pk: int, reason: str = "") -> None:
    """The dependency holds no longer. Raises Refused."""
    with transaction.atomic():
        row = Inhibition.objects.select_for_update().filter(pk=pk, ended=None).first()
        if row is None:
            raise Refused(_("没有在用的第 {n} 号依赖关系").format(n=pk))
        row.ended = now
        row.save()
        journal.append(
            now, actor, "inhibition.end", row.cause, {"rows": [journal.tracked(row)]}, reason
        )


def causes(alerts: Iterable[Alert]) -> dict[int, Alert]:
    """For each alert (by key) that another one explains, the one at the root of it."""
    rows = sorted(
        Inhibition.objects.filter(ended=None), key=lambda row: (KINDS.index(row.kind), row.pk)
    )
    if not rows:
        return {}
    troubles = _troubles({row.cause for row in rows})
    if not troubles:
        return {}
    asked = list(alerts)
    places = _places({a.subject for a in asked} | set(troubles))
    found: dict[int, Alert] = {}
    for alert in asked:
        root = _root(alert, rows, troubles, places)
        if root is not None:
            found[alert.pk] = root
    return found


Places = Mapping[str, tuple[str, str]]  # subject → its system and its zone, "" where not known


def _troubles(subjects: set[str]) -> dict[str, list[Alert]]:
    """What fires on the causes, the oldest first."""
    firing = Alert.objects.filter(open=True, condition=Alert.Condition.FIRING, subject__in=subjects)
    found: dict[str, list[Alert]] = {}
    for alert in firing.order_by("first_seen", "pk"):
        found.setdefault(alert.subject, []).append(alert)
    return found


def _places(subjects: set[str]) -> Places:
    rows = Asset.objects.filter(id__in=subjects).values_list("id", "system_id", "zone_id")
    return {id: (system or "", zone or "") for id, system, zone in rows}


def _root(
    alert: Alert, rows: list[Inhibition], troubles: Mapping[str, list[Alert]], places: Places
) -> Alert | None:
    seen, current = {alert.pk}, alert
    while (cause := _cause(current, rows, troubles, places)) is not None:
        if cause.pk == alert.pk:
            return None  # they depend on each other: none of the circle is hidden by it
        if cause.pk in seen:
            break
        seen.add(cause.pk)
        current = cause
    return None if current is alert else current


def _cause(
    alert: Alert, rows: list[Inhibition], troubles: Mapping[str, list[Alert]], places: Places
) -> Alert | None:
    for row in rows:
        if alert.subject == row.cause or not _depends(alert, row, places):
            continue
        for cause in troubles.get(row.cause, ()):
            if not row.cause_checks or cause.check_id.startswith(tuple(row.cause_checks)):
                return cause
    return None


def _depends(alert: Alert, row: Inhibition, places: Places) -> bool:
    if not alert.check_id.startswith(tuple(row.checks)):
        return False
    system, zone = places.get(alert.subject, ("", ""))
    value = {"all": row.target, "asset": alert.subject, "system": system, "zone": zone}[row.kind]
    return row.kind == "all" or (bool(value) and value == row.target)
