"""Merge as a link with undo: nothing is copied, the merged item keeps its alerts, words and clocks."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from tlsec.register.models import Alert, RiskItem


def members(item: RiskItem) -> QuerySet[RiskItem]:
    """Items that are merged into this one."""
    return RiskItem.objects.filter(merged_into=item.no).order_by("id")


def survivor(item: RiskItem) -> RiskItem:
    """The item that stands for this one: itself unless it is merged."""
    if not item.merged_into:
        return item
    return RiskItem.objects.filter(no=item.merged_into).first() or item


def heads(item: RiskItem) -> QuerySet[Alert]:
    """Open alerts of an item and of what is merged into it: all have to pass before it is closed."""
    own = Q(items=item) | Q(items__merged_into=item.no)
    return Alert.objects.filter(own, open=True).distinct().order_by("id")
