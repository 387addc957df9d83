"""What a case comes from: ledger items and alerts, what class that is, and why a hazard is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tlsec.i18n import _, listed
from tlsec.incident import keeping, spells
from tlsec.policy import event_class
from tlsec.policy.event_class import EventClass
from tlsec.register.models import Alert, RiskItem
from tlsec.register.refused import Refused
from tlsec.watch.models import Spell


@dataclass(frozen=True, slots=True)
class Origin:
    """What a case would come from: ledger items and alerts, and what they say by themselves."""

    items: tuple[RiskItem, ...]
    alerts: tuple[Alert, ...]
    default: EventClass | None
    found_machine: datetime | None
    spells: tuple[Spell, ...] = ()

    @property
    def check(self) -> str:
        """The check of the first finding; of an alert of a clock, the check that the clock runs for."""
        check = next((each.check_id for each in self.sources), "")
        of_clock = check.startswith(spells.CLOCK) and self.spells
        return self.spells[0].check_id if of_clock else check

    @property
    def sources(self) -> list[RiskItem | Alert]:
        return [*self.items, *self.alerts]


def find(names: Sequence[str]) -> Origin:
    """Items by number, alerts by (the beginning of) their fingerprint. Raises Refused."""
    rows: list[RiskItem] = []
    alerts: list[Alert] = []
    for name in dict.fromkeys(names):
        item = RiskItem.objects.filter(no=name).first()
        if item is not None:
            rows.append(item)
            continue
        key = name if name.startswith("f1:") else f"f1:{name}"
        found = list(Alert.objects.filter(fingerprint__startswith=key).order_by("-id")[:20])
        if len(name.removeprefix("f1:")) < 6 or not found:
            raise Refused(_("没有台账项或告警 {name}").format(name=name))
        if len({alert.fingerprint for alert in found}) > 1:
            raise Refused(_("告警指纹 {name} 不止一个，请多写几位").format(name=name))
        alerts.append(found[0])
    known = [*alerts, *(alert for item in rows for alert in item.alerts.order_by("-id")[:5])]
    timed = tuple(spells.of_alerts(known))
    seen = [*(alert.first_seen for alert in known), *(spell.since for spell in timed)]
    made = Origin(tuple(rows), tuple(alerts), None, min(seen, default=None), timed)
    default = event_class.of_finding(event_class.load(keeping.folders()), made.check)
    return replace(made, default=default) if made.check else made


def class_of(made: Origin, wanted: str, reason: str) -> EventClass:
    """The class a case would have. Raises Refused for a hazard, with the sentence that says why."""
    classes = event_class.load(keeping.folders())
    try:
        chosen = event_class.find(classes, wanted) if wanted else made.default
    except ValueError as error:
        raise Refused(str(error)) from error
    if chosen is None:
        raise Refused(_("请用 --class 写明事件类别，如 网络攻击/网页篡改"))
    if not chosen.incident:
        later = listed(each.name for each in event_class.later(classes, made.check))
        text = _(
            "“{name}”是隐患，不是事件：只进整改闭环，不立事件，也不起算报告时限。"
            "有证据表明已被利用或已造成后果的，用 --class 写明事件类别{later}并用 --reason 说明。"
        )
        hint = _("（如 {later}）").format(later=later) if later else ""
        raise Refused(text.format(name=chosen.name, later=hint))
    if made.default is not None and not made.default.incident and not reason.strip():
        text = _("{check} 的发现缺省是隐患“{name}”；作为事件处理需要说明依据，请加 --reason")
        raise Refused(text.format(check=made.check, name=made.default.name))
    return chosen
