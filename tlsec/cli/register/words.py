"""How the register's commands write states, titles, clocks; and how they read times."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tlsec.cli.context import BAD_INPUT, fail
from tlsec.i18n import N_, _, language

if TYPE_CHECKING:
    from tlsec.policy.clock import Reading
    from tlsec.register.models import RiskItem

LOCAL = ZoneInfo("Asia/Shanghai")
CLOCK_STATES = {
    "none": N_("无时限"),
    "running": N_("进行中"),
    "paused": N_("停表"),
    "warned": N_("时限过半"),
    "due": N_("已到期"),
    "overdue": N_("超期"),
    "stopped": N_("已停"),
}


def state_word(state: str) -> str:
    """The user's word for a handling state."""
    from tlsec.register.transitions import STATE_NAMES, State

    return _(STATE_NAMES[State(state)])


def title(item: RiskItem) -> str:
    """What is wrong, in the user's language where the alert has it."""
    if language() == "en":
        alert = item.alerts.order_by("-id").first()
        if alert and alert.message_en:
            return alert.message_en
    return item.description or item.title


def clock_word(reading: Reading) -> str:
    """The state of a clock in words: how much is left, or by how much it is over."""
    from tlsec.register.words import span

    said = _(CLOCK_STATES[str(reading.state)])
    if reading.left is None or str(reading.state) == "stopped":
        return said
    if reading.left < timedelta():
        times = _("（{n} 个时限）").format(n=reading.times) if reading.times else ""
        return _("{state}{times}，已超 {span}").format(
            state=said, times=times, span=span(reading.left)
        )
    return _("{state}，还剩 {span}").format(state=said, span=span(reading.left))


def until_of(text: str | None, now: datetime) -> datetime | None:
    """A time that a person wrote: 2026-12-31 (its end), 2026-12-31T18:00, +30d or +4h. Ends with exit 2."""
    if text is None:
        return None
    if ahead := re.fullmatch(r"\+(\d{1,4})([dh天时])", text.strip()):
        n = int(ahead[1])
        return now + (timedelta(days=n) if ahead[2] in "d天" else timedelta(hours=n))
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        example = "2026-12-31、2026-12-31T18:00、+30d、+4h"
        fail(_("看不懂时间“{text}”，可写：{example}").format(text=text, example=example), BAD_INPUT)
    if "T" not in text and ":" not in text:
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)
