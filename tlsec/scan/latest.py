"""The newest verdict of every check at every place."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Max, QuerySet

from tlsec.scan.models import Verdict


def verdicts(subjects: Collection[str] | None = None) -> QuerySet[Verdict]:
    """Newest verdicts, of all subjects or of some."""
    rows = (
        Verdict.objects.all() if subjects is None else Verdict.objects.filter(subject__in=subjects)
    )
    newest = rows.values("check_id", "locator_key").annotate(last=Max("id")).values("last")
    return Verdict.objects.filter(pk__in=newest)
