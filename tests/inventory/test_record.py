"""The record of an asset and the zero reports that came as files."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.inventory.conftest import NOW

YESTERDAY = "2026-11-23"


def receipt(folder: Path, of: str, day: str, **changes: Any) -> None:
    folder.mkdir(exist_ok=True)
    said = {
        "system": of, "unit": "某局", "date": day, "sent_at": f"{day}T07:30:00+00:00",
        "reporter": "甲", "event": False,
    }  # fmt: skip
    (folder / f"{of}-{day}.json").write_text(json.dumps(said | changes))


@pytest.mark.usefixtures("city")
def test_a_county_system_that_reported(tmp_path: Path) -> None:
    from tlsec.inventory.record import read

    receipt(tmp_path / "r", "S30", YESTERDAY)
    record = read("A-S30", NOW, tmp_path / "r").record
    assert (record.owner, record.operator, record.filing) == (True, "运维商甲", True)
    assert (record.filing_required, record.status) == (True, "in_use")
    assert (record.zero_report_required, record.zero_report_received) == (True, True)
    assert record.zero_report_date == YESTERDAY
    assert record.allocation_until == datetime(2027, 12, 29, 16, tzinfo=UTC)
    assert record.malformed_receipts == 0


@pytest.mark.usefixtures("city")
def test_yesterday_is_a_day_of_the_city(tmp_path: Path) -> None:
    from tlsec.inventory.record import read

    late = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # already the 24th in Asia/Shanghai
    assert read("A-S30", late, tmp_path).record.zero_report_date == "2026-11-23"


@pytest.mark.usefixtures("city")
def test_a_forgotten_system_and_an_unknown_one(tmp_path: Path) -> None:
    from tlsec.inventory.record import read

    record = read("A-X01", NOW, tmp_path).record
    assert (record.owner, record.operator, record.filing) == (False, "", False)
    assert (record.filing_required, record.zero_report_required) == (False, False)
    assert record.zero_report_received is None
    with pytest.raises(KeyError):
        read("A-S99", NOW, tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"date": "2026-11-22"},
        {"system": "S31"},
        {"event": "no"},
        {"sent_at": "早上"},
        {"reporter": ""},
        {"date": 20261123},
    ],
)
def test_malformed_receipts_do_not_count_as_reports(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    from tlsec.inventory.record import receipts

    receipt(tmp_path, "S30", YESTERDAY, **changes)
    assert receipts(tmp_path, "S30", date(2026, 11, 23)) == (False, 1)


def test_torn_huge_and_linked_receipts(tmp_path: Path) -> None:
    from tlsec.inventory.record import receipts

    day = date(2026, 11, 23)
    assert receipts(tmp_path / "none", "S30", day) == (None, 0)
    assert receipts(tmp_path, "S30", day) == (False, 0)
    (tmp_path / "S30-2026-11-20.json").write_text('{"system": "S30"')
    (tmp_path / "S30-2026-11-21.json").write_bytes(b" " * 100_000)
    (tmp_path / "S30-2026-11-22.json").write_text("[" * 20_000)
    receipt(tmp_path / "away", "S30", YESTERDAY)
    (tmp_path / f"S30-{YESTERDAY}.json").symlink_to(tmp_path / "away" / f"S30-{YESTERDAY}.json")
    receipt(tmp_path, "S3", YESTERDAY)
    assert receipts(tmp_path, "S30", day) == (False, 4)
    assert receipts(tmp_path, "S3", day) == (True, 0)
