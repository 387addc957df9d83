"""Closing: only by passes of the same check, at the same place, in the running city."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tlsec.range import control

if TYPE_CHECKING:
    from tlsec.register.models import RiskItem
    from tlsec.scan.runs import Ground


def switch(ground: Ground, name: str, broken: bool) -> None:
    control.switch(ground.workspace.data, name, broken)


@pytest.fixture(autouse=True)
def mended_after(live: Ground) -> Iterator[None]:
    """The city is left as it was found."""
    before = control.status(live.workspace.data)
    yield
    after = control.status(live.workspace.data)
    assert before is not None and after is not None
    for name, broken in before.troubles.items():
        if after.troubles[name] != broken:
            switch(live, name, broken)


def look(ground: Ground, asset: str) -> None:
    """A scan of one asset's pages."""
    from tlsec.scan import runs

    specs = [job for job in runs.target_jobs(ground, asset) if job.probe == "http.page"]
    assert runs.go(ground, runs.begin(ground, specs, "甲", kind="target", title="看"), "甲")


def claimed(check: str) -> RiskItem:
    """The one item of a check, as far as the claim that it is mended."""
    from tlsec.register import items
    from tlsec.register.models import RiskItem

    item = RiskItem.objects.get(check_id=check)
    for command in ("confirm", "dispatch", "sign", "claim-fixed"):
        items.command(item.no, command, "乙", datetime.now(UTC), "说是修好了")
    return item


def state(item: RiskItem) -> str:
    item.refresh_from_db()
    return item.state


def heads(item: RiskItem) -> list[tuple[bool, str]]:
    return list(item.alerts.values_list("open", "condition"))


@pytest.fixture
def hidden_link(live: Ground) -> RiskItem:
    look(live, "A-S27")
    return claimed("web.hidden-link")


def retests() -> int:
    from tlsec.scan.models import Run

    return Run.objects.filter(kind="retest").count()


def test_a_false_claim_goes_back_to_the_unit(live: Ground, hidden_link: RiskItem) -> None:
    from tlsec.scan.retest import retest

    result = retest(live, hidden_link.no, "丙")
    assert (result.state, result.passes) == ("fail", 0)
    assert "lucky888" in result.why
    assert state(hidden_link) == "fixing"
    assert heads(hidden_link) == [(True, "firing")]
    assert retests() == 1


def test_every_pass_is_needed_and_then_it_is_closed(live: Ground, hidden_link: RiskItem) -> None:
    from tlsec.register import journal
    from tlsec.scan.retest import retest

    switch(live, "hidden-link", False)
    result = retest(live, hidden_link.no, "丙")
    assert (result.state, result.passes, result.needed) == ("pass", 2, 2)
    assert retests() == 2
    assert state(hidden_link) == "closed"
    assert heads(hidden_link) == [(False, "clear")]
    assert not list(journal.verify())

    switch(live, "hidden-link", True)
    look(live, "A-S27")  # it came back: the same row, and a new episode
    assert (state(hidden_link), hidden_link.reopened) == ("new", 1)
    assert sorted(heads(hidden_link)) == [(False, "clear"), (True, "firing")]


def test_one_pass_of_two_is_not_enough(
    live: Ground, hidden_link: RiskItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tlsec.scan import retest

    switch(live, "hidden-link", False)
    monkeypatch.setattr(retest.time, "sleep", lambda seconds: switch(live, "hidden-link", True))
    result = retest.retest(live, hidden_link.no, "丙")
    assert (result.state, result.passes) == ("fail", 1)
    assert state(hidden_link) == "fixing"


def test_broken_off_between_two_looks_it_waits_again(
    live: Ground, hidden_link: RiskItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tlsec.scan import retest

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    switch(live, "hidden-link", False)
    with monkeypatch.context() as patch:
        patch.setattr(retest.time, "sleep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            retest.retest(live, hidden_link.no, "丙")
    assert state(hidden_link) == "fix_claimed"
    assert retest.retest(live, hidden_link.no, "丙").state == "pass"


def test_a_clear_sky_closes_nothing(live: Ground, hidden_link: RiskItem) -> None:
    switch(live, "hidden-link", False)
    look(live, "A-S27")
    assert state(hidden_link) == "fix_claimed"
    assert heads(hidden_link) == [(True, "clear")]


@pytest.fixture
def on_s02(live: Ground) -> RiskItem:
    """An item at a page of S02, which can be taken down."""
    import json

    from tlsec.register import alerts
    from tlsec.scan.models import Verdict

    look(live, "A-S02")
    seen = Verdict.objects.filter(check_id="web.headers", subject="A-S02").order_by("id").first()
    assert seen is not None and seen.state == "pass"
    place: dict[str, Any] = json.loads(seen.locator_key)
    firing = alerts.Firing(
        "web.headers", "A-S02", place, "low", "缺少安全头", "no headers", ["hsts"]
    )
    alerts.fire(firing, seen.run_id, datetime.now(UTC), live.sla, 30, lambda f: {"title": "安全头"})
    return claimed("web.headers")


def test_what_cannot_be_reached_was_not_mended(live: Ground, on_s02: RiskItem) -> None:
    from tlsec.scan.retest import retest

    switch(live, "site-down", True)
    result = retest(live, on_s02.no, "丙")
    assert (result.state, result.passes) == ("untested", 0), result.why
    assert state(on_s02) == "fix_claimed"
    look(live, "A-S02")  # absence is not a clear sky either
    assert heads(on_s02) == [(True, "unknown")]
    switch(live, "site-down", False)
    assert retest(live, on_s02.no, "丙").state == "pass"
    assert state(on_s02) == "closed"


def test_without_a_permit_nothing_is_retested(live: Ground, on_s02: RiskItem) -> None:
    from tlsec.inventory.models import Scope
    from tlsec.scan.retest import retest

    Scope.objects.all().delete()
    result = retest(live, on_s02.no, "丙")
    assert result.state == "untested" and "授权" in result.why
    assert state(on_s02) == "fix_claimed"


def test_an_item_in_another_state_or_without_alerts_is_refused(
    live: Ground, on_s02: RiskItem
) -> None:
    from tlsec.register.items import Refused
    from tlsec.register.models import RiskItem
    from tlsec.scan.retest import retest

    on_s02.alerts.update(open=False)
    with pytest.raises(Refused):
        retest(live, on_s02.no, "丙")
    assert state(on_s02) == "fix_claimed"
    on_s02.alerts.update(open=True)
    RiskItem.objects.update(state="dispatched")
    with pytest.raises(Refused):
        retest(live, on_s02.no, "丙")
    assert retests() == 0


def test_a_killed_retest_is_begun_again(live: Ground, on_s02: RiskItem) -> None:
    from tlsec.register.models import RiskItem
    from tlsec.scan.retest import retest

    RiskItem.objects.update(state="verifying", version=on_s02.version)
    assert retest(live, on_s02.no, "丙").state == "pass"
    assert state(on_s02) == "closed"


def test_a_check_that_is_gone_cannot_pass(live: Ground, on_s02: RiskItem) -> None:
    from tlsec.scan.retest import retest

    on_s02.alerts.update(check_id="web.gone")
    result = retest(live, on_s02.no, "丙")
    assert result.state == "untested" and "web.gone" in result.why
    assert state(on_s02) == "fix_claimed"
