"""A source that falls silent is an alert of its own, and clears when it speaks again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.ingest.conftest import FOLDERS, NOW
from tlsec.ingest import settings, severity
from tlsec.ingest.event import Event, Left

MINUTE = timedelta(minutes=1)


def made(root: Path, text: str) -> settings.Settings:
    (root / "ingest.yaml").write_text(text, encoding="utf-8")
    return settings.read(root, severity.load(FOLDERS))


def speak(source: str, now: datetime, ground: Any) -> None:
    from tlsec.register import intake

    intake.receive([Left(source, now, "flow")], now, ground)


def test_silent_for_ten_minutes(ground: Any, tmp_path: Path) -> None:
    from tlsec.register import heartbeat, sources
    from tlsec.register.models import Alert, RiskItem

    said = made(
        tmp_path,
        "sources:\n  - {id: ids, title: 出口检测, parser: eve, heartbeat_minutes: 10}\n"
        "  - {id: lab, parser: syslog, heartbeat_minutes: 0}\n  - {id: fw, parser: syslog}\n",
    )
    sources.sync(said, ground.limits, NOW)
    speak("ids", NOW, ground)
    speak("fw", NOW + 9 * MINUTE, ground)
    assert heartbeat.look(NOW + 9 * MINUTE, ground) == 0
    assert heartbeat.look(NOW + 10 * MINUTE, ground) == 1
    head = Alert.objects.get()
    assert head.check_id == heartbeat.CHECK and head.condition == "firing"
    assert "出口检测" in head.message and head.locator["source"] == "ids"
    assert RiskItem.objects.get().title == "告警来源失联：出口检测"
    assert heartbeat.look(NOW + 11 * MINUTE, ground) == 0  # said once
    speak("ids", NOW + 12 * MINUTE, ground)
    assert heartbeat.look(NOW + 12 * MINUTE, ground) == 1
    head.refresh_from_db()
    assert head.open and head.condition == "clear"
    assert (
        heartbeat.look(NOW + 40 * MINUTE, ground) == 2
    )  # both of them by now; the lab may be silent
    assert Alert.objects.get(pk=head.pk).count == 2


def test_a_source_that_never_spoke(ground: Any, tmp_path: Path) -> None:
    from tlsec.register import heartbeat, sources
    from tlsec.register.models_intake import Source

    said = made(tmp_path, "sources:\n  - {id: ids, parser: eve}\n")
    sources.sync(said, ground.limits, NOW)
    sources.sync(said, ground.limits, NOW + 5 * MINUTE)  # a restart does not begin the wait anew
    row = Source.objects.get()
    assert sources.state(row, NOW) == "never" and sources.state(row, NOW + 10 * MINUTE) == "silent"
    assert heartbeat.look(NOW + 10 * MINUTE, ground) == 1
    other = made(tmp_path, "sources:\n  - {id: new, parser: eve}\n")
    sources.sync(
        other, ground.limits, NOW + 11 * MINUTE
    )  # taken out of the file: nothing to wait for
    assert heartbeat.look(NOW + 11 * MINUTE, ground) == 1
    row.refresh_from_db()
    assert row.silent_since is None and sources.state(row, NOW) == "off"


def test_clocks_and_rates(ground: Any) -> None:
    from tlsec.register import intake, sources
    from tlsec.register.models_intake import Source

    behind = NOW - timedelta(seconds=400)
    event = Event("fw", behind, NOW, "c", "t", "low", event_id="1", address="198.51.100.1")
    intake.receive([event], NOW, ground)
    row = Source.objects.get()
    assert row.skew == 400 and row.in_hour == 1
    row.watched, row.expected_per_hour = True, 5
    row.save()
    speak("fw", NOW + timedelta(hours=1), ground)
    row.refresh_from_db()
    assert row.last_hour == 1 and sources.state(row, NOW + timedelta(hours=1)) == "slow"


def test_what_is_past_keeping_is_let_go(ground: Any, django: Path) -> None:
    from tlsec.register import heartbeat, intake
    from tlsec.register.models import Alert
    from tlsec.register.models_intake import RawEvent

    many = [
        Event("fw", NOW, NOW, "c", "t", "low", event_id=str(n), address="198.51.100.1", raw=b"x")
        for n in range(50)
    ]
    intake.receive(many, NOW, ground)
    samples = RawEvent.objects.exclude(raw=None).count()
    heartbeat.tidy(NOW + timedelta(days=ground.limits.keeping.delivery_days + 1))
    assert RawEvent.objects.count() == samples < 50
    heartbeat.tidy(NOW + timedelta(days=ground.limits.keeping.raw_days + 1))
    assert not RawEvent.objects.exists() and Alert.objects.get().count == 50
