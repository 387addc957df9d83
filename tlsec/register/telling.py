"""Tell people of what fires and was not told: at once, or once when the last mute on it has ended.

What was told before a mute and has not changed is not told again: the comparison is with what was told
last, kept on the alert as `told_at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tlsec.i18n import _
from tlsec.register import items, muting, notices, silences
from tlsec.register.models import Alert
from tlsec.register.rules import below, in_force
from tlsec.register.transitions import FINAL
from tlsec.register.words import severity_word

_LINES = 20


def sweep(now: datetime) -> None:
    """Look at everything that fires untold: the hook of the serving process."""
    silences.sweep(now, items.MACHINE)
    with transaction.atomic():
        untold = Alert.objects.select_for_update().filter(
            open=True, told_at=None, condition=Alert.Condition.FIRING
        )
        heads = list(untold.prefetch_related("items").order_by("pk"))
        seen = muting.look(heads, now)
        for row in seen.broken:
            silences.end(now, items.MACHINE, row.pk, "new-member", _("有新告警进入静默范围"))
        if seen.broken:
            seen = muting.look(heads, now)
        _tell([a for a in heads if a.pk not in seen.mutes], now)


def _tell(heads: Sequence[Alert], now: datetime) -> None:
    """One notice each, or one for all when they are many."""
    if not heads:
        return
    if len(heads) >= in_force().exceptions.digest_from:
        _digest(heads, now)
    else:
        for alert in heads:
            urgent = not below(alert.severity, "high")
            notices.of_key(
                _key(alert),
                "duty",
                _title(alert),
                _line(alert),
                "urgent" if urgent else "normal",
                now,
            )
    for alert in heads:
        alert.told_at, alert.told_severity = now, alert.severity
    Alert.objects.bulk_update(heads, ["told_at", "told_severity"], batch_size=500)


def _digest(heads: Sequence[Alert], now: datetime) -> None:
    worst = sorted(heads, key=lambda a: below(a.severity, "high"))
    urgent = [a for a in heads if not below(a.severity, "high")]
    title = _("新告警 {n} 条，其中高及以上 {high} 条").format(n=len(heads), high=len(urgent))
    lines = [f"{_title(a)} {_line(a)}" for a in worst[:_LINES]]
    if len(heads) > _LINES:
        lines.append(_("……另有 {n} 处").format(n=len(heads) - _LINES))
    key = f"new:{heads[0].pk}-{heads[-1].pk}"
    notices.of_key(key, "duty", title, "\n".join(lines), "urgent" if urgent else "normal", now)


def _key(alert: Alert) -> str:
    """The item that it belongs to, so that taking that up ends its notices too."""
    open_ = [item for item in alert.items.all() if item.state not in FINAL]
    return (
        max(open_, key=lambda item: item.pk).no if open_ else f"{alert.fingerprint}:{alert.episode}"
    )


def _title(alert: Alert) -> str:
    return _("【{severity}】{check}").format(
        severity=severity_word(alert.severity), check=alert.check_id
    )


def _line(alert: Alert) -> str:
    item = max(alert.items.all(), key=lambda item: item.pk, default=None)
    where = (
        _("{unit} {system}").format(unit=item.unit, system=item.system) if item else alert.subject
    )
    no = item.no if item else ""
    return " ".join(part for part in (no, where.strip(), alert.message) if part)
