"""Nothing is sent without a live permit, and each refusal is on record. Sockets are counted."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.scan.fakes import begin, ports_of

if TYPE_CHECKING:
    from tlsec.scan.runs import Ground

INSIDE, SECRET = "203.0.113.10", "192.0.2.241"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt of this process to connect, send to or open an Internet socket."""
    calls: list[object] = []
    made = socket.socket.__init__

    def init(self: socket.socket, family: int = -1, *rest: object, **named: object) -> None:
        if family in (socket.AF_INET, socket.AF_INET6, -1):
            calls.append(family)
        made(self, family, *rest, **named)

    monkeypatch.setattr(socket.socket, "__init__", init)
    return calls


def refused() -> list[tuple[str, str]]:
    from tlsec.register.models import Journal

    rows = Journal.objects.filter(command="probe.refused").order_by("object")
    return list(rows.values_list("object", "reason"))


def test_the_counter_counts(live: Ground, sent: list[object]) -> None:
    from tlsec.scan import runs

    assert runs.go(live, begin(live, [ports_of(INSIDE, 443)]), "甲")
    assert sent
    assert refused() == []


@pytest.mark.parametrize("target", [SECRET, f"{SECRET}:443", "2001:db8:1::1", "::ffff:192.0.2.241"])
def test_a_target_outside_every_scope(ground: Ground, sent: list[object], target: str) -> None:
    from tlsec.register import journal
    from tlsec.scan import runs

    specs = runs.target_jobs(ground, target)
    run = runs.begin(ground, specs, "甲", kind="target", title="试")
    with pytest.raises(runs.NothingPermitted):
        runs.go(ground, run, "甲")
    assert sent == []
    assert len(refused()) == 1 and refused()[0][1]
    assert not list(journal.verify())


def test_a_permit_that_has_ended(
    ground: Ground, again: Callable[[], Ground], sent: list[object]
) -> None:
    from tlsec.inventory.models import Scope
    from tlsec.scan import runs

    Scope.objects.update(until=datetime.now(UTC) - timedelta(minutes=1))
    ended = again()
    specs = [s for s in runs.target_jobs(ended, "A-S01") if s.target.get("address")]
    assert specs
    run = runs.begin(ended, specs, "甲", kind="target", title="试")
    with pytest.raises(runs.NothingPermitted):
        runs.go(ended, run, "甲")
    assert sent == []
    assert {address for address, _why in refused()} == {s.target["address"] for s in specs}


def test_an_asset_outside_is_refused_though_its_records_may_be_read(
    ground: Ground, again: Callable[[], Ground], sent: list[object]
) -> None:
    from tlsec.inventory.models import Scope
    from tlsec.scan import runs

    Scope.objects.all().delete()
    gone = again()
    run = runs.begin(gone, runs.target_jobs(gone, "A-S01"), "甲", kind="target", title="试")
    with pytest.raises(runs.NothingPermitted):
        runs.go(gone, run, "甲")
    assert sent == []


def test_a_secret_block_is_refused_whatever_a_permit_says(
    ground: Ground, again: Callable[[], Ground], sent: list[object]
) -> None:
    from tlsec.inventory.models import Scope
    from tlsec.scan import runs

    Scope.objects.update(excluded=[])
    for scope in Scope.objects.all():
        scope.blocks = [*scope.blocks, "192.0.2.240/28"]
        scope.save()
    wide = again()
    run = begin(wide, [ports_of(SECRET, 443)])
    assert runs.go(wide, run, "甲")
    assert sent == []
    assert [address for address, _why in refused()] == [SECRET]


def test_a_plan_whose_scope_was_revoked_refuses_its_jobs(
    ground: Ground, again: Callable[[], Ground], sent: list[object]
) -> None:
    from tlsec.inventory.models import Scope
    from tlsec.scan import lease, runs
    from tlsec.scan.models import Observation, Verdict

    run = begin(ground, [ports_of(INSIDE, 80, 443)])  # planned while it was permitted
    Scope.objects.all().delete()
    assert runs.go(again(), run, "甲")
    assert sent == []
    assert lease.counts(run.pk) == {"refused": 1}
    assert set(Observation.objects.values_list("reason", flat=True)) == {"out_of_scope"}
    assert Observation.objects.count() == 2  # each declared port says that it was not tested
    assert set(Verdict.objects.exclude(state="not_applicable").values_list("state", "why")) == {
        ("error", "out_of_scope")
    }
    assert [address for address, _why in refused()] == [INSIDE]


def test_a_refusal_is_on_record_as_soon_as_its_job_is_settled(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed later cannot take the refusal with it."""
    from tlsec.register.models import Journal
    from tlsec.scan import runs
    from tlsec.scan.models import Job

    seen = []

    def progress(done: int, added: int) -> None:
        settled = Job.objects.filter(state="refused").count()
        seen.append((settled, Journal.objects.filter(command="probe.refused").count()))

    from django.db import connection

    connection.close()
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    runs.go(ground, begin(ground, [ports_of(SECRET, 443)]), "甲", progress)
    assert seen == [(1, 1)]
