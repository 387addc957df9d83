"""The transition table: every pair of state and command, and the guards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tlsec.register.transitions import State

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def fire(
    severity: str = "high",
    locator: dict[str, str | int] | None = None,
    run: int = 1,
    now: datetime = NOW,
):
    from tlsec.register import alerts
    from tlsec.register.sla import Retest, Sla

    sla = Sla(zh="日常", en="", fix_hours={"high": 72}, retest=Retest(passes=2, spacing_seconds=0))
    firing = alerts.Firing(
        "tls.cert-days",
        "A-S14",
        locator or {"address": "203.0.113.14", "port": 443},
        severity,
        "九天后到期",
        "ends",
        ["days"],
    )
    return alerts.fire(
        firing, run, now, sla, 30, lambda f: {"title": "证书将到期", "unit": "市住房公积金中心"}
    )


def the_item():
    from tlsec.register.models import RiskItem

    return RiskItem.objects.get()


def force(state: str) -> None:
    from tlsec.register.models import RiskItem

    RiskItem.objects.update(state=state)


def test_numbers_run_on_within_a_year_and_begin_anew(tables: Path) -> None:
    from tlsec.register.models import RiskItem

    fire(locator={"port": 1})
    fire(locator={"port": 2})
    fire(locator={"port": 3}, now=datetime(2026, 12, 31, 16, 30, tzinfo=UTC))  # already 2027 here
    assert list(RiskItem.objects.order_by("id").values_list("no", flat=True)) == [
        "YJ-2026-00001",
        "YJ-2026-00002",
        "YJ-2027-00001",
    ]


def test_same_trouble_again_is_counted_and_opens_nothing(tables: Path) -> None:
    from tlsec.register.models import Alert

    assert fire(run=1) is True
    assert fire(run=2, now=NOW + timedelta(hours=1)) is False
    assert fire(run=2, now=NOW + timedelta(hours=1)) is False  # delivered twice within a run
    alert = Alert.objects.get()
    assert (alert.count, alert.first_seen, alert.last_seen) == (2, NOW, NOW + timedelta(hours=1))
    the_item()


def test_recurrence_reopens_soon_and_is_a_new_item_later(tables: Path) -> None:
    from tlsec.register import evidence, items
    from tlsec.register.models import Alert, RiskItem

    def close(now: datetime) -> None:
        item = RiskItem.objects.exclude(state=State.CLOSED).get()
        for name in ("confirm", "dispatch", "sign", "claim-fixed"):
            items.command(item.no, name, "甲", now, reason="换证书")
        items.command(item.no, "retest", "甲", now, machine=True)
        evidence.proved(item, {}, 2, "tlsec", now)
        items.command(item.no, "retest-passed", "tlsec", now, machine=True)

    fire()
    close(NOW + timedelta(days=1))
    due = the_item().due
    assert due == NOW + timedelta(days=1, hours=72)  # counted from when it was sent out
    fire(run=2, now=NOW + timedelta(days=11))
    item = the_item()
    assert (item.state, item.reopened, item.closed) == (State.NEW, 1, None)
    assert item.due == due + timedelta(days=10)  # the closed time does not count
    assert sorted(Alert.objects.values_list("episode", flat=True)) == [1, 2]
    close(NOW + timedelta(days=12))
    fire(run=3, now=NOW + timedelta(days=60))
    newest = RiskItem.objects.order_by("-id").first()
    assert RiskItem.objects.count() == 2
    assert newest is not None and newest.recurrence_of == item.no


@given(
    locator=st.dictionaries(
        st.sampled_from(["address", "port", "host", "path", "vantage"]),
        st.one_of(st.integers(0, 65535), st.text(max_size=20)),
        min_size=1,
    ),
    data=st.data(),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fingerprint_keeps_identity_and_nothing_else(
    django: Path, locator: dict, data: st.DataObject
) -> None:
    from tlsec.register.alerts import fingerprint

    key = fingerprint("tls.versions", "A-S05", locator)
    shuffled = dict(data.draw(st.permutations(list(locator.items()))))
    assert fingerprint("tls.versions", "A-S05", shuffled) == key
    assert fingerprint("tls.version", "sA-S05", locator) != key
    assert fingerprint("tls.versions", "A-S06", locator) != key
    name = data.draw(st.sampled_from(sorted(locator)))
    assert fingerprint("tls.versions", "A-S05", {**locator, name: f"{locator[name]}x"}) != key
