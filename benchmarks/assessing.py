"""All systems of the sample city assessed, against asking the database once for every item."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tlsec.facts import locator_key


def case(root: Path) -> tuple[str, Callable[[], object], Callable[[], object]]:
    """On a workspace whose Django is set up: 33 systems, 790 answers, a verdict of each check everywhere."""
    from tlsec import content
    from tlsec.assess import answers_yaml, intake, results, sample
    from tlsec.assess.inquiry import Inquiry
    from tlsec.inventory import sample as city
    from tlsec.inventory.importer import import_register
    from tlsec.policy import assessment, bundle

    start = datetime.now(UTC)
    city.write(root, start.date())
    import_register(root / "inventory")
    inquiry = Inquiry.of(root)
    files = sample.write(inquiry, root, start.date())
    for outcome in answers_yaml.plan(inquiry, files, None, start):
        intake.take_in(inquiry, outcome, "bench", start)
    folders = content.policies(root)
    policy = bundle.load(folders, content.fact_types())
    loaded = assessment.load(folders, policy)
    _verdicts(list(policy.checks), start)
    now = datetime.now(UTC)

    def ours() -> int:
        every = results.Assessor(now, policy, loaded).assess_all(results.graded())
        items = (item for each in every for item in each.items)
        return sum(any(o.evidence.answers for o in item.state.objects) for item in items)

    def peer() -> int:
        return sum(
            _answered(system.id, item.line, by_line.get(item.line, []), now)
            for system in results.graded()
            for item in inquiry.items(system)
        )

    by_line: dict[str, list[str]] = {}
    for id_, check in policy.checks.items():
        for mapping in check.check.maps:
            by_line.setdefault(mapping.line, []).append(id_)
    assert ours() == peer() > 0
    return "33 systems assessed, read together / queries for each item", ours, peer


def _verdicts(checks: list[str], now: datetime) -> None:
    from tlsec.inventory.models import Endpoint
    from tlsec.scan import bulk
    from tlsec.scan.models import Run, Verdict

    run = Run.objects.create(kind="plan", title="bench", actor="bench", started=now)
    common = {
        "run_id": run.pk, "probe": "bench", "check_version": 1, "profile": "default@1",
        "state": "pass", "why": "", "clauses": [], "waived": "", "now": now,
    }  # fmt: skip
    rows = [
        common | {
            "subject": place.asset_id, "check_id": check,
            "locator_key": locator_key(
                {"address": place.address, "port": place.port, "proto": place.proto}
            ),
        }
        for place in Endpoint.objects.all()
        for check in checks
    ]  # fmt: skip
    bulk.insert(Verdict, rows)


def _answered(system: str, line: str, checks: list[str], now: datetime) -> bool:
    """What a first version of such a program asks for one item: its answers, and its checks' verdicts."""
    from tlsec.assess.models import Answer
    from tlsec.scan.models import Verdict

    if checks:
        list(Verdict.objects.filter(subject=f"A-{system}", check_id__in=checks))
    answers = Answer.objects.filter(system=system, line=line, expires__gt=now)
    return any(
        review.accepted
        for answer in answers.prefetch_related("reviews")
        for review in answer.reviews.all()
    )
