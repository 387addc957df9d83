"""From events to alerts: once each, counted truly, never merged by name, never closed by absence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.ingest.conftest import NOW
from tlsec.ingest import syslog

LINE = b"<%d>Nov 24 11:59:58 fw01 sshd[%d]: Failed password for root from 203.0.113.%d port %d"


def test_a_syslog_line_becomes_an_alert(ground: Any, reading: Any) -> None:
    from tlsec.register import intake
    from tlsec.register.models import Alert, RiskItem

    lines = [LINE % (34, 100 + n, 9, 5000 + n) for n in range(3)]
    parsed = [one for line in lines for one in syslog.parse(line, reading)]
    taken = intake.receive(parsed, NOW, ground)
    assert (taken.new, taken.again, taken.opened) == (1, 2, 1)
    head = Alert.objects.get()
    assert head.count == 3 and head.open and head.severity == "critical" and head.subject == "u:fw01"
    assert RiskItem.objects.get().alerts.get() == head
    later = NOW + timedelta(minutes=1)
    assert intake.receive(parsed, later, ground).repeated == 3
