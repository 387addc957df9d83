"""Silences: nobody is told of what matches, until an end that is always there.

A silence is made for the alerts that match it then. Another one that comes later ends it, unless it was
said that new ones are covered too, so that a silence never hides what nobody has seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tlsec.i18n import _, listed
from tlsec.register import journal, notices, posture
from tlsec.register.models import Alert, RiskItem
from tlsec.register.models_muting import Posture, Silence
from tlsec.register.refused import NeedsSecond, Refused
from tlsec.register.rules import in_force
from tlsec.register.words import moment

FIELDS = (
    "check", "subject", "severity", "fingerprint", "unit", "county", "system", "zone", "source",
)  # fmt: skip


def add(
    now: datetime,
    actor: str,
    match: Mapping[str, str],
    until: datetime,
    reason: str,
    approver: str = "",
    covers_new: bool = False,
) -> Silence:
    """Silence what matches every value (a check may end in *). Raises Refused, NeedsSecond."""
    _checked(now, actor, match, until, reason, approver)
    heads = list(Alert.objects.filter(open=True).prefetch_related("items"))
    members = sorted(a.fingerprint for a in heads if matches(match, values(a)))
    with transaction.atomic():
        row = Silence.objects.create(
            match=dict(match), members=members, covers_new=covers_new, by=actor,
            approved_by=approver, reason=reason[:1000], start=now, until=until,
        )  # fmt: skip
        after = {"rows": [journal.tracked(row)]}
        journal.append(now, actor, "silence.add", f"S{row.pk}", after, reason)
    return row


def _checked(
    now: datetime, actor: str, match: Mapping[str, str], until: datetime, reason: str, approver: str
) -> None:
    if not match or not all(match.values()):
        raise Refused(_("静默要写明对象，不能静默全部"))
    for name in match:
        if name not in FIELDS:
            text = _("静默没有条件 {name}，可用：{known}")
            raise Refused(text.format(name=name, known=listed(FIELDS)))
    if not reason.strip():
        raise Refused(_("“{title}”需要说明，请加 --reason").format(title=_("静默")))
    raised = list(posture.live(now))
    hours = min(
        [in_force().exceptions.silence_hours]
        + [row.silence_hours for row in raised if row.silence_hours is not None]
    )
    if not now < until <= now + timedelta(hours=hours):
        latest = moment(now + timedelta(hours=hours))
        raise Refused(_("静默最长 {n} 小时，最晚到 {latest}").format(n=hours, latest=latest))
    _second(raised, actor, approver)


def _second(raised: list[Posture], actor: str, approver: str) -> None:
    title = _("静默")
    if approver and approver.strip().casefold() == actor.strip().casefold():
        raise Refused(_("“{title}”须由另一人批准").format(title=title))
    if not approver and any(row.two_person for row in raised):
        text = _("“{title}”须由另一人批准，请加 --approved-by，或先提请")
        raise NeedsSecond(text.format(title=title))


def end(now: datetime, actor: str, pk: int, why: str = "revoked", reason: str = "") -> Silence:
    """End a silence. What is still open and was not told is told at the next look. Raises Refused."""
    with transaction.atomic():
        row = Silence.objects.select_for_update().filter(pk=pk, ended=None).first()
        if row is None:
            raise Refused(_("没有在用的第 {n} 号静默").format(n=pk))
        row.ended, row.ended_why = now, why
        row.save()
        after = {"rows": [journal.tracked(row)]}
        journal.append(now, actor, "silence.end", f"S{row.pk}", after, reason)
    return row


def live(now: datetime) -> list[Silence]:
    """Silences in force."""
    return list(Silence.objects.filter(ended=None, start__lte=now, until__gt=now).order_by("id"))


def sweep(now: datetime, actor: str) -> None:
    """End what has come to its end or has nothing left to silence; warn its owner before."""
    for row in Silence.objects.filter(ended=None, until__lte=now):
        end(now, actor, row.pk, "expired")
    warn = timedelta(minutes=in_force().exceptions.silence_warn_minutes)
    for row in live(now):
        if row.members and not row.covers_new and not _open(row):
            end(now, actor, row.pk, "nothing-left")
        elif not row.warned and row.until - now <= warn < row.until - row.start:
            _warn(row, now, actor)


def _open(row: Silence) -> bool:
    return Alert.objects.filter(open=True, fingerprint__in=row.members).exists()


def _warn(row: Silence, now: datetime, actor: str) -> None:
    with transaction.atomic():
        row.warned = True
        row.save()
        journal.append(now, actor, "silence.warn", f"S{row.pk}", {"rows": [journal.tracked(row)]})
        title = _("静默 S{n} 将于 {until} 结束").format(n=row.pk, until=moment(row.until))
        text = _("{who}：{reason}").format(who=row.by, reason=row.reason)
        notices.of_key(f"S{row.pk}", "duty", title, text, "normal", now)


def values(alert: Alert) -> dict[str, str]:
    """What an alert can be matched by. Prefetch `items` for many."""
    item = _item(alert.items.all())
    own = {
        "check": alert.check_id,
        "subject": alert.subject,
        "severity": alert.severity,
        "fingerprint": alert.fingerprint,
    }
    if item is None:
        return own
    more = ("unit", "county", "system", "zone", "source")
    return own | {name: getattr(item, name) for name in more}


def _item(items: Iterable[RiskItem]) -> RiskItem | None:
    return max(items, key=lambda item: item.pk, default=None)


def matches(match: Mapping[str, Any], about: Mapping[str, str]) -> bool:
    """Every value equals; what is not known equals nothing."""
    return all(_equals(str(wanted), about.get(name, "")) for name, wanted in match.items())


def _equals(wanted: str, value: str) -> bool:
    if wanted.endswith("*"):
        return bool(value) and value.startswith(wanted[:-1])
    return bool(value) and value == wanted
