"""Retest of a claimed fix: the same check, at the same place, from the same vantage, N times in a row."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from tlsec.facts import locator_key
from tlsec.i18n import _, listed
from tlsec.register import alerts, evidence, items, merging
from tlsec.register.items import Refused
from tlsec.register.models import Alert, RiskItem
from tlsec.register.transitions import State
from tlsec.scan import jobs, runs
from tlsec.scan.jobs import JobSpec
from tlsec.scan.models import Observation, Verdict
from tlsec.scan.runs import Ground


@dataclass(frozen=True, slots=True)
class Result:
    """`state`: pass, fail or untested; `passes` of `needed` were seen in a row."""

    no: str
    state: str
    passes: int
    needed: int
    why: str


def retest(
    ground: Ground, no: str, actor: str, say: Callable[[str], None] = lambda text: None
) -> Result:
    """Retest an item whose fix was claimed, and close it only when every pass was seen.

    Raises Refused when the item is in another state. Anything but pass or fail leaves it waiting:
    what could not be tested was not fixed.
    """
    item = items.find(no)
    heads = list(merging.heads(item))
    if not heads:
        raise Refused(_("{no} 没有可复测的告警").format(no=item.no))
    if item.state == State.VERIFYING:  # a retest that was killed is begun again
        items.command(no, "retest-untested", alerts.MACHINE, _now(), _("复测中断"), machine=True)
    items.command(no, "retest", actor, _now(), machine=True)
    needed = ground.sla.retest.passes
    rounds: list[int] = []
    for n in range(1, needed + 1):
        if n > 1:
            _wait(item, ground.sla.retest.spacing_seconds)
        state, why, run = once(ground, item, heads, actor)
        rounds.append(run)
        say(
            _("第 {n} 次复测（共 {all} 次）：{state}").format(
                n=n, all=needed, state=_WORDS[state]()
            )
        )
        if state != "pass":
            name = "retest-failed" if state == "fail" else "retest-untested"
            items.command(no, name, alerts.MACHINE, _now(), why, machine=True)
            return Result(no, state, n - 1, needed, why)
    why = passed(item, heads, rounds, needed, _now())
    return Result(no, "pass", needed, needed, why)


def passed(
    item: RiskItem,
    heads: Sequence[Alert],
    rounds: Sequence[int],
    needed: int,
    now: datetime,
    version: int | None = None,
) -> str:
    """Keep what the runs saw as proof and close the item; the sentence that says so."""
    why = _("同一检查项在同一位置连续 {n} 次通过").format(n=needed)
    with transaction.atomic():
        evidence.proved(item, _record(item, heads, rounds), needed, alerts.MACHINE, now)
        items.command(
            item.no, "retest-passed", alerts.MACHINE, now, why, version=version, machine=True
        )
    return why


_WORDS: dict[str, Callable[[], str]] = {
    "pass": lambda: _("通过"),
    "fail": lambda: _("未通过"),
    "untested": lambda: _("未测成"),
}


def _wait(item: RiskItem, seconds: float) -> None:
    """Between two looks. Broken off, the item waits for its retest again."""
    try:
        time.sleep(seconds)
    except KeyboardInterrupt:
        items.command(
            item.no, "retest-untested", alerts.MACHINE, _now(), _("复测中断"), machine=True
        )
        raise


def _now() -> datetime:
    return datetime.now(UTC)


def _record(item: RiskItem, heads: Sequence[Alert], rounds: Sequence[int]) -> dict[str, Any]:
    """What was seen in each round at each place of an item: kept as the proof that it was mended."""
    places = [locator_key(head.locator) for head in heads]
    seen = Observation.objects.filter(run__in=rounds, locator_key__in=places).order_by("id")
    judged = Verdict.objects.filter(
        run__in=rounds, locator_key__in=places, check_id__in=[head.check_id for head in heads]
    ).order_by("id")
    return {
        "no": item.no,
        "rounds": rounds,
        "observations": list(
            seen.values(
                "run",
                "probe",
                "probe_version",
                "locator_key",
                "vantage",
                "started",
                "ended",
                "facts",
            )
        ),
        "verdicts": list(
            judged.values(
                "run",
                "check_id",
                "check_version",
                "profile",
                "locator_key",
                "state",
                "clauses",
                "now",
            )
        ),
    }


def once(
    ground: Ground, item: RiskItem, heads: Sequence[Alert], actor: str
) -> tuple[str, str, int]:
    """One run over the places of the item's alerts: the worst of their verdicts, why, and the run."""
    if gone := [head.check_id for head in heads if head.check_id not in ground.policy.checks]:
        return "untested", _("检查项 {checks} 已不在库中").format(checks=listed(gone)), 0
    specs = [job(ground, head) for head in heads]
    title = _("复测 {no}").format(no=item.no)
    run = runs.begin(ground, specs, actor, kind="retest", title=title)
    try:
        runs.go(ground, run, actor, only=frozenset(head.check_id for head in heads))
    except runs.NothingPermitted:
        return "untested", _("目标不在有效授权范围内"), run.pk
    worst, reasons = "pass", []
    for head in heads:
        verdict = Verdict.objects.filter(
            run=run, check_id=head.check_id, locator_key=locator_key(head.locator)
        ).first()
        state = verdict.state if verdict else "not_run"
        if state == "fail":
            messages = [c["message"] for c in verdict.clauses if c["message"]] if verdict else []
            return "fail", listed(messages, "；"), run.pk
        if state != "pass":
            worst = "untested"
            reasons.append(verdict.why if verdict and verdict.why else state)
    return worst, listed(reasons, "；"), run.pk


def job(ground: Ground, head: Alert) -> JobSpec:
    """The job that looks again at exactly the place of an alert."""
    place, check = head.locator, ground.policy.checks[head.check_id].check
    asset = head.subject
    if check.probe_id == "net.port":
        return jobs.spec(
            "net.port", place["vantage"], asset=asset, address=place["address"],
            ports=(place["port"],), declared=(place["port"],), follow=False,
        )  # fmt: skip
    if check.probe_id == "inventory.record":
        return jobs.spec("inventory.record", runs.main_vantage(ground), asset=asset)
    if check.probe_id == "dns.records":
        return jobs.spec(
            "dns.records", place["vantage"], asset=asset, host=place["name"],
            resolvers=tuple(r.address for r in ground.lookup.resolvers()),
        )  # fmt: skip
    extra = {"host": place.get("host", "")}
    if check.probe_id in jobs.PAGES:
        own = tuple(ground.lookup.own_domains)
        extra |= {"path": place["path"], "tls": place["scheme"] == "https", "own_domains": own}
    return jobs.spec(
        check.probe_id, place["vantage"], asset=asset, address=place["address"],
        port=place["port"], **extra,
    )  # fmt: skip
