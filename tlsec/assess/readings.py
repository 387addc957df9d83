"""What machines last said of a system's assets: the newest verdict of each check at each place.

A verdict older than the policy allows is as good as none: "not run". A place where a port was found that
nobody declares, that passed and was not seen since, is gone and leaves nothing behind; one that failed or
could not tell is not forgiven by silence.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Max

from tlsec.i18n import _, language, listed
from tlsec.inventory.models import Endpoint
from tlsec.policy.bundle import Policy
from tlsec.policy.check import Mapping_
from tlsec.policy.item_state import MachineResult
from tlsec.scan.describe import where
from tlsec.scan.models import Verdict

_AT_ONCE = 400  # assets a query


@dataclass(frozen=True)
class Readings:
    """asset → line → results, and asset → every result as it was read, for explanations."""

    by_line: Mapping[str, Mapping[str, tuple[MachineResult, ...]]]

    def of(self, asset: str, line: str) -> tuple[MachineResult, ...]:
        return self.by_line.get(asset, {}).get(line, ())

    def assets(self, line: str) -> list[str]:
        """Assets where some check said something of the line."""
        return [
            asset
            for asset, lines in self.by_line.items()
            if any(m.state != "not_applicable" for m in lines.get(line, ()))
        ]

    def only(self, assets: Iterable[str]) -> Readings:
        """What was said of some of the assets."""
        return Readings({a: self.by_line[a] for a in assets if a in self.by_line})


def read(assets: Iterable[str], policy: Policy, fresh: timedelta, now: datetime) -> Readings:
    """The newest verdicts up to `now` on these assets, of the checks that the profile has."""
    wanted = iter(assets)
    found: dict[str, dict[str, list[MachineResult]]] = defaultdict(lambda: defaultdict(list))
    while chunk := list(islice(wanted, _AT_ONCE)):
        declared = _declared(chunk)
        for row in _newest(chunk, policy, now):
            result = result_of(row, now - fresh)
            if result.state == "not_run" and _gone(row, declared[row.subject]):
                continue
            for mapping in policy.checks[row.check_id].check.maps:
                found[row.subject][mapping.line].append(_mapped(result, mapping))
    return Readings(
        {
            asset: {line: tuple(results) for line, results in lines.items()}
            for asset, lines in found.items()
        }
    )


def _newest(assets: list[str], policy: Policy, now: datetime) -> Iterable[Verdict]:
    checks = [id_ for id_ in policy.checks if id_ not in policy.profile.excluded]
    said = Verdict.objects.filter(subject__in=assets, check_id__in=checks, now__lte=now)
    places = said.order_by().values("subject", "check_id", "locator_key")
    newest = places.annotate(newest=Max("id")).values("newest")
    rows = Verdict.objects.filter(id__in=newest).order_by("subject", "check_id", "locator_key")
    return rows.iterator(chunk_size=500)


def result_of(row: Verdict, oldest: datetime) -> MachineResult:
    """A verdict without a line. `message`: why it failed, or why it cannot tell."""
    state: Any = row.state
    message = row.why
    if state == "fail":
        key = "message_en" if language() == "en" else "message"
        failing = [c.get(key) or c.get("message", "") for c in row.clauses if c["is"] is False]
        message = listed(filter(None, failing), "；")
    if row.now < oldest:
        was = _("上次 {day} 的结果已过期").format(day=row.now.date().isoformat())
        state, message = "not_run", was
    return MachineResult(
        row.check_id, row.check_version, state, "nothing", "nothing", row.waived,
        where(json.loads(row.locator_key)), message, row.now, row.pk,
    )  # fmt: skip


def _mapped(result: MachineResult, mapping: Mapping_) -> MachineResult:
    return replace(result, passed=mapping.passed, failed=mapping.failed)


def _declared(assets: list[str]) -> Mapping[str, set[tuple[str, int]]]:
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    rows = Endpoint.objects.filter(asset__in=assets).values_list("asset_id", "address", "port")
    for asset, address, port in rows:
        found[asset].add((address, port))
    return found


def _gone(row: Verdict, declared: set[tuple[str, int]]) -> bool:
    place = json.loads(row.locator_key)
    here = str(place.get("address", "")), int(place.get("port") or 0)
    good = row.state in ("pass", "not_applicable")
    return good and bool(here[1]) and here not in declared
