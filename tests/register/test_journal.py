"""The audit chain finds every edited, missing or reordered row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.register.test_transitions import fire, the_item

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture
def chain(tables: Path) -> Path:
    from tlsec.register import items, journal

    fire()
    for i, name in enumerate(("confirm", "dispatch", "sign")):
        items.command(the_item().no, name, "甲", NOW + timedelta(minutes=i))
    journal.append(
        NOW + timedelta(hours=1),
        "乙",
        "run.begin",
        "run-1",
        {"kind": "plan", "n": [1, {"深": None}]},
    )
    return tables


def breaks() -> list[str]:
    from tlsec.register import journal

    return [b.what for b in journal.verify()]


def row(seq: int):
    from tlsec.register.models import Journal

    return Journal.objects.filter(seq=seq)


def test_an_untouched_chain_is_whole(chain: Path) -> None:
    assert breaks() == []


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "丙"},
        {"reason": "改过"},
        {"command": "item.close"},
        {"object": "YJ-2026-00009"},
        {"at": NOW - timedelta(days=1)},
        {"after": {"no": "x"}},
        {"hash": "0" * 64},
    ],
)
def test_an_edited_record_is_found(chain: Path, change: dict[str, object]) -> None:
    row(2).update(**change)
    assert breaks()


def test_a_missing_record_is_found_wherever_it_was(chain: Path) -> None:
    row(3).delete()
    assert any("缺第 3 条" in what for what in breaks())


def test_a_missing_last_record_is_found_by_the_ledger(chain: Path) -> None:
    row(5).delete()
    row(4).delete()
    assert any("与最后一条记录不符" in what for what in breaks())


def test_reordered_records_are_found(chain: Path) -> None:
    row(2).update(seq=99)
    row(3).update(seq=2)
    row(99).update(seq=3)
    assert breaks()


def test_text_cannot_move_between_fields(tables: Path) -> None:
    from tlsec.register.journal import record_hash

    assert record_hash(("ab", "c")) != record_hash(("a", "bc"))


def test_an_edited_or_deleted_or_inserted_ledger_row_is_found(chain: Path) -> None:
    from tlsec.register.models import RiskItem
    from tlsec.register.models_clocks import Clock, ClockSegment

    RiskItem.objects.update(severity="low")
    assert breaks()
    RiskItem.objects.update(severity="high")
    assert breaks() == []
    copy = the_item()
    copy.pk, copy.no = None, "YJ-2026-00077"
    copy.save()
    assert any("没有任何记录" in what for what in breaks())
    ClockSegment.objects.all().delete()
    Clock.objects.all().delete()
    RiskItem.objects.all().delete()
    assert any("已不在库中" in what for what in breaks())


def test_the_chain_cannot_fork(chain: Path) -> None:
    from django.db import IntegrityError, transaction

    from tlsec.register.models import Journal

    last = Journal.objects.order_by("-seq").first()
    assert last is not None
    last.seq += 1
    with pytest.raises(IntegrityError), transaction.atomic():
        last.save(force_insert=True)
