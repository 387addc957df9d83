"""Clocks on the way to the thresholds of incident levels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.watch.conftest import Post
from tlsec import content
from tlsec.facts import locator_key
from tlsec.policy import thresholds
from tlsec.policy.thresholds import reached, upcoming

START = datetime(2026, 11, 24, tzinfo=UTC)
TABLE = thresholds.load(content.policies())
LINES = [*TABLE.outage.values(), *TABLE.tamper.values()]


@given(st.sampled_from(LINES), st.integers(0, 3000), st.integers(0, 500))
def test_marks_come_in_order_once_and_never_after_their_threshold(
    line: thresholds.Line, minutes: int, later: int
) -> None:
    marks = TABLE.marks(line)
    now = START + timedelta(minutes=minutes)
    passed = reached(marks, START, now)
    assert [m.after for m in marks] == sorted(m.after for m in marks)
    assert passed == marks[: len(passed)]
    assert set(passed) <= set(reached(marks, START, now + timedelta(minutes=later)))
    assert all(m.after <= m.limit for m in marks)
    # whatever was warned of belongs to the threshold that came next at that time, or to one reached
    following = upcoming(marks, START, now)
    assert all(m.limit <= (following.limit if following else m.limit) for m in passed)
    over = [m for m in marks if m.share == 1.0 and timedelta(minutes=minutes) >= m.limit]
    assert [m for m in passed if m.share == 1.0] == over


def test_a_city_portal_is_warned_of_at_half_and_at_four_fifths() -> None:
    marks = TABLE.marks(TABLE.outage["portal-city"])
    assert [(m.id, int(m.after.total_seconds() // 60)) for m in marks] == [
        ("larger-50", 60), ("larger-80", 96), ("larger-100", 120),
        ("major-50", 180), ("major-80", 288), ("major-100", 360),
    ]  # fmt: skip


class TestSpells:
    """The tables' side, with a clock that is told the time."""

    def spell(self, **values: Any) -> Any:
        from tlsec.watch.models import Spell

        place = locator_key({"address": "203.0.113.11", "port": 443, "path": "/", "vantage": "z6"})
        return Spell.objects.create(
            **{
                "kind": "outage", "monitor": "open", "check_id": "web.reachable",
                "subject": "A-S02", "system_id": "S02", "locator_key": place, "page": "home",
                "line": "portal-city", "since": START, "confirmed": START + timedelta(minutes=3),
            }
            | values
        )  # fmt: skip

    def tell(self, minutes: float, fired: list[tuple[str, str, bool]]) -> Any:
        from tlsec.watch import ladder
        from tlsec.watch.clocks import Clocks

        clocks = Clocks(TABLE, ladder.load(content.policies()))  # as a process that starts anew

        def fire(check: str, subject: str, locator: Any, facts: Any, now: datetime) -> None:
            fired.append((check, locator["mark"], facts.clock.reached))

        clocks.tell(START + timedelta(minutes=minutes), fire)
        return clocks

    def test_each_mark_is_told_once_whatever_restarts(self, tables: Path) -> None:
        spell = self.spell()
        fired: list[tuple[str, str, bool]] = []
        for minutes in (10, 59, 60, 61, 95, 97, 119, 121, 200):
            self.tell(minutes, fired)
        assert fired == [
            ("watch.clock-half", "larger-50", True), ("watch.clock-near", "larger-80", True),
            ("watch.clock-reached", "larger-100", True), ("watch.clock-half", "major-50", True),
        ]  # fmt: skip
        spell.refresh_from_db()
        assert spell.marks == ["larger-50", "larger-80", "larger-100", "major-50"]

    def test_a_county_portal_has_no_numbers(self, tables: Path) -> None:
        self.spell(line="")
        fired: list[tuple[str, str, bool]] = []
        self.tell(100_000, fired)
        assert fired == []

    def test_late_marks_are_told_together(self, tables: Path) -> None:
        """The process slept over two marks."""
        self.spell()
        fired: list[tuple[str, str, bool]] = []
        self.tell(100, fired)
        assert [mark for _check, mark, _reached in fired] == ["larger-50", "larger-80"]

    def test_an_alarm_becomes_an_alert_of_its_own_kind(self, post: Post) -> None:
        from tlsec.watch.models import Spell

        post.monitors("""
  - {id: open, title: 能打开, every: 60, vantage: z6, second: internet, probes: [http.visit],
     checks: [web.reachable], systems: [S02], line: portal-city, confirm: 1}
""")
        post.break_("site-down")
        post.round()
        earlier = datetime.now(UTC) - timedelta(minutes=100)
        Spell.objects.update(since=earlier, confirmed=earlier)
        post.round()
        clocks = [("watch.clock-half", "A-S02"), ("watch.clock-near", "A-S02")]
        assert post.alerts("firing") == [*clocks, ("web.reachable", "A-S02")]
        post.mend("site-down")
        post.round()
        assert post.alerts("clear") == [*clocks, ("web.reachable", "A-S02")]
