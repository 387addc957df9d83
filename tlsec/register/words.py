"""How the register writes times and severities in the sentences it says."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tlsec.i18n import N_, _

LOCAL = ZoneInfo("Asia/Shanghai")
_SEVERITIES = {"critical": N_("紧急"), "high": N_("高"), "medium": N_("中"), "low": N_("低")}
_HOUR = 3600


def moment(value: datetime | None) -> str:
    """A time as people here read it."""
    return value.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M") if value else "—"


def severity_word(severity: str) -> str:
    return _(_SEVERITIES[severity]) if severity in _SEVERITIES else severity


def span(value: timedelta) -> str:
    """A length of time in its two largest units; the sign is left to the sentence."""
    seconds = round(abs(value.total_seconds()) / 60) * 60
    days, rest = divmod(seconds, 24 * _HOUR)
    hours, minutes = rest // _HOUR, rest % _HOUR // 60
    if days:
        return _("{d} 天 {h} 小时").format(d=days, h=hours) if hours else _("{d} 天").format(d=days)
    if hours:
        text = _("{h} 小时 {m} 分") if minutes else _("{h} 小时")
        return text.format(h=hours, m=minutes)
    return _("{m} 分钟").format(m=minutes)
