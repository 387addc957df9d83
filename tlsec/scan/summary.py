"""What a run found, as the scan summary paper wants it. Every number is a query over the stored run."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count

from tlsec.i18n import _, language, listed
from tlsec.policy.bundle import Policy
from tlsec.register.models import Alert, RiskItem
from tlsec.report.papers.data import (
    ScanSummary,
    SeverityCount,
    Trouble,
    Untested,
    Version,
    Waived,
)
from tlsec.scan.describe import where
from tlsec.scan.models import Job, Observation, Run, Verdict
from tlsec.workspace import Workspace

SEVERITIES = ("critical", "high", "medium", "low")
MAX_UNTESTED = 200


def of(run: Run, workspace: Workspace, policy: Policy) -> ScanSummary:
    """The summary of a finished or stopped run."""
    states = dict(
        Verdict.objects.filter(run=run)
        .values_list("state")
        .annotate(n=Count("id"))
        .order_by("state")
    )
    tested = states.get("pass", 0) + states.get("fail", 0)  # a waived failure was tested too
    untested = sum(states.get(state, 0) for state in ("unknown", "error", "not_run"))
    troubles = _troubles(run, policy)
    return ScanSummary(
        city=workspace.config.city,
        bureau=workspace.config.bureau,
        plan=run.title,
        run=str(run.pk),
        started=run.started,
        ended=run.ended or datetime.now(UTC),
        targets=Observation.objects.filter(run=run).values("subject").distinct().count(),
        should=tested + untested,
        tested=tested,
        passed=states.get("pass", 0),
        failed=len(troubles),
        counts=_counts(troubles),
        troubles=tuple(troubles),
        untested=tuple(_untested(run, policy)),
        waived=tuple(_waived(run, policy)),
        versions=tuple(_versions(run)),
        vantages=tuple(
            Observation.objects.filter(run=run)
            .order_by("vantage")
            .values_list("vantage", flat=True)
            .distinct()
        ),
        interrupted=run.state != Run.State.DONE,
        digest=_digest(run),
    )


def _title(policy: Policy, check: str) -> str:
    loaded = policy.checks.get(check)
    if loaded is None:
        return check
    return loaded.check.title.en if language() == "en" else loaded.check.title.zh


def _troubles(run: Run, policy: Policy) -> list[Trouble]:
    """Failed verdicts of the run that no exception covers, with the item each stands in."""
    failed = Verdict.objects.filter(run=run, state="fail", waived="")
    items = _items_by_place()
    found = []
    for verdict in failed.order_by("check_id", "locator_key"):
        item, alert = items.get((verdict.check_id, verdict.locator_key), (None, None))
        key = "message_en" if language() == "en" else "message"
        messages = [clause[key] for clause in verdict.clauses if clause["is"] is False]
        severity = policy.checks[verdict.check_id].check.severity
        found.append(
            Trouble(
                unit=(item.unit if item else "") or _("（无主）"),
                what=listed(messages, "；"),
                where=where(json.loads(verdict.locator_key)),
                check=verdict.check_id,
                severity=item.severity if item else severity,
                no=item.no if item else "",
                due=item.due or "" if item else "",
                system=item.system if item else verdict.subject,
                county=item.county if item else "",
                evidence=_title(policy, verdict.check_id),
                fresh=bool(alert and run.started <= alert.first_seen),
                overdue=bool(item and item.due and item.due < datetime.now(UTC)),
            )
        )
    found.sort(key=lambda t: (SEVERITIES.index(t.severity), t.unit, t.check))
    return found


def _items_by_place() -> dict[tuple[str, str], tuple[RiskItem, Alert]]:
    from tlsec.facts import locator_key

    found: dict[tuple[str, str], tuple[RiskItem, Alert]] = {}
    for item in RiskItem.objects.prefetch_related("alerts").order_by("id"):
        for alert in item.alerts.all():
            found[alert.check_id, locator_key(alert.locator)] = (item, alert)
    return found


def _counts(troubles: list[Trouble]) -> tuple[SeverityCount, ...]:
    counts = Counter((t.severity, t.fresh) for t in troubles)
    return tuple(
        SeverityCount(severity, counts[severity, True], counts[severity, False])
        for severity in SEVERITIES
    )


def _untested(run: Run, policy: Policy) -> list[Untested]:
    """Verdicts that say nothing, grouped by check and reason: untested is not healthy."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    rows = Verdict.objects.filter(run=run, state__in=("unknown", "error", "not_run"))
    for check, state, why, key in rows.values_list("check_id", "state", "why", "locator_key"):
        groups[check, state, why].append(key)
    found = []
    for (check, state, why), keys in sorted(groups.items(), key=lambda g: -len(g[1]))[
        :MAX_UNTESTED
    ]:
        place = json.loads(keys[0])
        text = (
            where(place)
            if len(keys) == 1
            else _("{place} 等 {n} 处").format(place=where(place), n=len(keys))
        )
        reason = reason_word(why) if state == "error" else why
        vantage = str(place.get("vantage", ""))
        found.append(
            Untested(_title(policy, check), text, reason, vantage=vantage, count=len(keys))
        )
    lost = Job.objects.filter(run=run, state__in=(Job.State.LOST, Job.State.WAITING)).count()
    if lost:
        found.append(Untested(_("未执行的任务"), "—", _("巡检中断或任务丢失"), count=lost))
    return found


def reason_word(reason: str) -> str:
    """The user's word for a reason of the closed list."""
    words = {
        "unreachable": _("不可达"),
        "refused": _("连接被拒绝"),
        "timeout": _("超时无应答"),
        "access_denied": _("无权限"),
        "throttled": _("被限速"),
        "protocol": _("协议异常"),
        "out_of_scope": _("不在授权范围"),
        "lost": _("探测点自身中断"),
        "bug_in_probe": _("探针故障"),
    }
    return words.get(reason, reason)


def _waived(run: Run, policy: Policy) -> list[Waived]:
    from tlsec.inventory.models import Waiver

    until = dict(Waiver.objects.values_list("id", "until"))
    rows = Verdict.objects.filter(run=run, state="fail").exclude(waived="").order_by("check_id")
    return [
        Waived(
            _title(policy, v.check_id),
            where(json.loads(v.locator_key)),
            v.check_id,
            v.waived,
            min((until[id_] for id_ in v.waived.split() if id_ in until), default=""),
        )
        for v in rows
    ]


def _versions(run: Run) -> list[Version]:
    probes = Observation.objects.filter(run=run).values_list("probe", "probe_version").distinct()
    checks = Verdict.objects.filter(run=run).values_list("check_id", "check_version").distinct()
    found = [Version(_("探针"), probe, str(v)) for probe, v in probes.order_by("probe")]
    found += [Version(_("检查项"), check, str(v)) for check, v in checks.order_by("check_id")]
    kinds = {"profile": _("基线方案"), "catalog": _("条款目录")}
    for kind, text in run.versions.items():
        name, _at, version = str(text).partition("@")
        found.append(Version(kinds.get(kind, kind), name, version))
    return found


def _digest(run: Run) -> str:
    """SHA-256 over the run's verdicts, so that a printed page can be proved against the store."""
    digest = hashlib.sha256()
    rows: Any = Verdict.objects.filter(run=run).order_by("check_id", "locator_key")
    for row in rows.values_list(
        "check_id", "check_version", "locator_key", "state", "waived"
    ).iterator():
        digest.update(json.dumps(row, ensure_ascii=False).encode())
    return digest.hexdigest()
