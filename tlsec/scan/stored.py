"""Stored verdicts, read back as the judge made them."""

from __future__ import annotations

import json
from typing import Any

from tlsec.policy.judge import ClauseResult
from tlsec.policy.judge import Verdict as Judged
from tlsec.scan.models import Verdict


def newest(check: str, target: str) -> Judged | None:
    """The newest verdict of a check on an asset, an address, a host name or an address:port.

    Where a target has several places, one that failed is told before one that passed.
    """
    rows = Verdict.objects.filter(check_id=check).order_by("-run_id", "id")
    here = [row for row in rows.iterator() if _at(row, target)]
    if not here:
        return None
    run = [row for row in here if row.run_id == here[0].run_id]
    row = next((row for row in run if row.state == "fail"), run[0])
    clauses = tuple(_clause(data) for data in row.clauses)
    state: Any = row.state
    return Judged(row.check_id, row.check_version, state, row.now, row.why, clauses)


def _at(row: Verdict, target: str) -> bool:
    place = json.loads(row.locator_key)
    address = str(place.get("address", ""))
    names = (
        row.subject,
        address,
        f"{address}:{place.get('port')}",
        place.get("host"),
        place.get("name"),
    )
    return target in names or f"A-{target}" == row.subject


def _clause(data: dict[str, Any]) -> ClauseResult:
    return ClauseResult(
        data["id"], data["is"], data["why"], data["message"], data["message_en"],
        data["read"], tuple(data["violators"]),
    )  # fmt: skip
