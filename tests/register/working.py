"""Items taken to a state by the commands that lead there, as people would; nothing is written past them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlsec.register.transitions import State

if TYPE_CHECKING:
    from tlsec.register.models import RiskItem

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # a Tuesday noon here
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def an_item(
    severity: str = "high",
    now: datetime = NOW,
    port: int = 443,
    subject: str = "A-S14",
    check: str = "tls.cert-days",
    **columns: Any,
) -> RiskItem:
    """A new item over an alert of its own."""
    from tlsec.register import alerts
    from tlsec.register.models import RiskItem
    from tlsec.register.rules import in_force

    place: dict[str, str | int] = {"address": "203.0.113.14", "port": port}
    firing = alerts.Firing(check, subject, place, severity, "九天后到期", "ends", ["days"])
    values = {"title": "证书将到期", "unit": "市住房公积金中心"} | columns
    assert alerts.fire(firing, 1, now, in_force().base, 30, lambda f: values)
    item = RiskItem.objects.order_by("-id").first()
    assert item is not None
    return item


def an_entry(severity: str = "high", now: datetime = NOW, **columns: Any) -> RiskItem:
    """A new item that a person wrote: no check can retest it."""
    from tlsec.register import items

    values = {
        "title": "机房未锁", "description": "检查发现机房未锁", "machine_severity": severity,
        "unit": "市医保局", **columns,
    }  # fmt: skip
    return items.enter(values, "检查员", now)


def give(
    item: RiskItem, name: str, now: datetime = NOW, actor: str = "甲", **more: Any
) -> RiskItem:
    """A command with whatever it asks for."""
    from tlsec.register import items
    from tlsec.register.transitions import COMMANDS

    params = more.pop("params", {})
    if not {"into", "file"} & set(params):  # those make something of their own
        params = usual(item, name, now) | params
    return items.command(
        item.no, name, actor, now, reason=more.pop("reason", "说明"), params=params,
        approver=more.pop("approver", "乙"), machine=COMMANDS[name].machine, **more,
    )  # fmt: skip


def usual(item: RiskItem, name: str, now: datetime) -> dict[str, Any]:
    """Values that a command can be given without being refused for them."""
    item.refresh_from_db()
    if name in ("waive", "mitigate", "pause"):
        more = {"control": "临时封堵"} if name == "mitigate" else {}
        return {"until": now + 5 * DAY, **more}
    if name == "extend":
        return {"until": max(now, item.due or now) + 2 * DAY}
    if name in ("raise", "lower"):
        up = {"low": "medium", "medium": "high", "high": "critical", "critical": "critical"}
        down = {"critical": "high", "high": "medium", "medium": "low", "low": "low"}
        return {"severity": (up if name == "raise" else down)[item.severity]}
    if name == "merge":
        return {"into": an_entry(now=now).no}
    if name == "link-case":
        return {"case": "SJ-2026-001"}
    if name == "attach":
        return {"file": a_file()}
    return {}


def a_file(text: str = "整改照片") -> Path:
    from tlsec import workspace

    path = workspace.find() / "证据.txt"
    path.write_text(text, encoding="utf-8")
    return path


def prove(item: RiskItem, now: datetime = NOW, passes: int = 2) -> None:
    from tlsec.register import evidence

    evidence.proved(item, {"rounds": [1, 2], "at": now}, passes, "tlsec", now)


_WAY: dict[State, tuple[str, ...]] = {
    State.NEW: (),
    State.CONFIRMED: ("confirm",),
    State.DISPATCHED: ("confirm", "dispatch"),
    State.FIXING: ("confirm", "dispatch", "sign"),
    State.FIX_CLAIMED: ("confirm", "dispatch", "sign", "claim-fixed"),
    State.VERIFYING: ("confirm", "dispatch", "sign", "claim-fixed", "retest"),
    State.MITIGATED: ("confirm", "mitigate"),
    State.WAIVED: ("confirm", "waive"),
    State.FALSE_POSITIVE: ("false-positive",),
    State.NOT_APPLICABLE: ("not-applicable",),
    State.MERGED: ("merge",),
}


def taken_to(state: State, item: RiskItem, now: datetime = NOW) -> RiskItem:
    """The item in a state, by commands all given at one moment."""
    if state is State.CLOSED:
        taken_to(State.VERIFYING, item, now)
        prove(item, now)
        give(item, "retest-passed", now)
    else:
        for name in _WAY[state]:
            give(item, name, now)
    item.refresh_from_db()
    assert item.state == state
    return item


def breaks() -> list[str]:
    from tlsec.register import journal

    return [found.what for found in journal.verify()]


def clocks(item: RiskItem, now: datetime) -> dict[str, str]:
    """State of each clock."""
    from tlsec.register.clocks import readings
    from tlsec.register.rules import in_force

    return {kind: str(r.state) for kind, r in readings(item, now, in_force()).items()}
