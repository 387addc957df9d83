"""The whole page behind a confirmed change, kept as evidence by its content hash (data/evidence)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Sum

from tlsec.policy.check import Loaded
from tlsec.register import evidence, journal
from tlsec.watch.ladder import Evidence
from tlsec.watch.models import PageCopy

ACTOR = "tlsec"


def keep(
    body: bytes,
    monitor: str,
    subject: str,
    place: str,
    loaded: Loaded,
    at: datetime,
    caps: Evidence,
) -> PageCopy | None:
    """Keep a page and journal its hash; None for nothing to keep, or beyond the caps of a page or a day.

    A probe hands out no body of a page with a secrecy mark, so none of those ever comes here.
    """
    if not body or len(body) > caps.page_bytes:
        return None
    today = PageCopy.objects.filter(at__gt=at - timedelta(days=1)).aggregate(n=Sum("size"))["n"]
    if (today or 0) + len(body) > caps.day_bytes:
        return None
    kept = evidence.store().keep_bytes(body, "page.html")
    known = PageCopy.objects.filter(locator_key=place, sha256=kept.sha256).first()
    if known is not None:
        return known
    row = PageCopy.objects.create(
        monitor=monitor, subject=subject, locator_key=place, check_id=loaded.check.id, at=at,
        sha256=kept.sha256, size=kept.size,
    )  # fmt: skip
    after = {"place": place, "check": loaded.check.id, "sha256": kept.sha256, "size": kept.size}
    journal.append(at, ACTOR, "watch.page-kept", subject[:100], after)
    return row
