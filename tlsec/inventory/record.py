"""inventory.record: a probe without a socket. What the register and the day's receipts say of one asset."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from tlsec.inventory import models
from tlsec.inventory.facts import Record, RecordFacts
from tlsec.inventory.fields import LOCAL
from tlsec.inventory.holdings import allocation_until
from tlsec.inventory.lookup import Lookup

ID: Final = "inventory.record"
VERSION: Final = 1
LOCATOR: Final = ("asset",)
TITLE: Final[Mapping[str, str]] = {"zh": "台账记录", "en": "Register record"}
_MAX_RECEIPT = 64 * 1024


def read(asset_id: str, now: datetime, receipts_dir: Path) -> RecordFacts:
    """The facts of one asset. Raises KeyError when it is not in the register."""
    asset = Lookup(now).asset(asset_id)
    if asset is None:
        raise KeyError(asset_id)
    system = models.System.objects.filter(id=asset.system).first()
    day = now.astimezone(LOCAL).date() - timedelta(days=1)
    received, malformed = receipts(receipts_dir, asset.system, day)
    level = system.level if system else None
    return RecordFacts(
        Record(
            owner=bool(asset.unit and asset.owner),
            operator=asset.operator,
            filing=bool(system and system.filing),
            filing_required=level is not None and level >= 2,
            last_visit=asset.last_visit,
            zero_report_required=bool(system and system.zero_report),
            zero_report_date=day.isoformat(),
            zero_report_received=received,
            allocation_until=allocation_until(asset, now),
            status=asset.status,
            malformed_receipts=malformed,
        )
    )


def receipts(folder: Path, system: str, day: date) -> tuple[bool | None, int]:
    """Whether the system's receipt of a day has come, and how many of its files are no receipts.

    None when there is no folder to look in. Files are `<system>-<YYYY-MM-DD>.json`.
    """
    if not system or not folder.is_dir():
        return None, 0
    prefix = f"{system}-"
    received, malformed = False, 0
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(prefix)]
    for name in names:
        if not name.endswith(".json"):
            continue
        stated = _receipt_day(folder / name, system)
        if stated is None or name != f"{prefix}{stated}.json":
            malformed += 1
        elif stated == day.isoformat():
            received = True
    return received, malformed


def _receipt_day(path: Path, system: str) -> str | None:
    """The day that a well-formed receipt of the system is for, else None."""
    try:
        if path.is_symlink() or path.stat().st_size > _MAX_RECEIPT:
            return None
        receipt = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(receipt, dict) or receipt.get("system") != system:
            return None
        if not isinstance(receipt.get("event"), bool) or not receipt.get("reporter"):
            return None
        datetime.fromisoformat(receipt["sent_at"])
        return date.fromisoformat(receipt["date"]).isoformat()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
