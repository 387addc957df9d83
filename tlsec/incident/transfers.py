"""线索移送: what is handed to the police, with every piece of evidence by name, time, taker and SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from tlsec.i18n import _
from tlsec.incident import keeping
from tlsec.incident.cases import OVER
from tlsec.incident.keeping import person
from tlsec.incident.models import Case, CaseEvidence, Transfer
from tlsec.incident.states import CASE, after
from tlsec.register import evidence
from tlsec.register.models_handling import EvidenceFile
from tlsec.register.refused import Refused

PREFIX = "XS"


@dataclass(frozen=True, slots=True)
class Handed:
    """What a person writes of a transfer."""

    to: str
    suspicion: str
    facts: str
    clues: str = ""
    preserved: str = ""
    contact: str = ""
    approved_by: str = ""


def find(no: str) -> Transfer:
    row = Transfer.objects.select_related("case").filter(no=no).first()
    if row is None:
        raise Refused(_("没有线索移送单 {no}").format(no=no))
    return row


def evidence_of(case: Case) -> list[dict[str, Any]]:
    """Every file of the case and of the ledger items that it links, once a content."""
    found: dict[str, dict[str, Any]] = {}
    for row in CaseEvidence.objects.filter(case=case).order_by("id"):
        found[row.sha256] = {
            "name": row.name, "sha256": row.sha256, "size": row.size,
            "taken": row.taken.isoformat(), "taken_by": row.taken_by, "origin": row.origin,
        }  # fmt: skip
    files = EvidenceFile.objects.select_related("item").filter(item__no__in=case.items)
    for file in files.order_by("id"):
        origin = _("台账 {no} 的证据").format(no=file.item.no)
        found.setdefault(
            file.sha256,
            {
                "name": file.name, "sha256": file.sha256, "size": file.size,
                "taken": file.at.isoformat(), "taken_by": file.by, "origin": origin,
            },
        )  # fmt: skip
    return list(found.values())


def make(no: str, handed: Handed, actor: str, now: datetime) -> Transfer:
    """A numbered transfer of a case. Raises Refused where evidence is missing or was altered."""
    who = person(actor, _("线索移送"))
    approver = person(handed.approved_by, _("批准移送"))
    if keeping.same(who, approver):
        raise Refused(_("移送须由另一人批准"))
    for value, option in (
        (handed.to, "--to"),
        (handed.suspicion, "--suspicion"),
        (handed.facts, "--facts"),
    ):
        if not value.strip():
            raise Refused(_("移送单要写明 {option}").format(option=option))
    with transaction.atomic():
        case = keeping.locked(Case, no)
        case.state = after(CASE, "transfer", case.state, no)
        files = evidence_of(case)
        if not files:
            raise Refused(_("{no} 还没有证据文件，先用 tlsec case attach 存入").format(no=no))
        store = evidence.store()
        if bad := [each for each in files if store.state(each["sha256"])]:
            text = _("证据“{name}”与存入时的哈希不符或已丢失，不能移送；先查明原因")
            raise Refused(text.format(name=bad[0]["name"]))
        _count, number = keeping.number(PREFIX, now, case.drill)
        row = Transfer(
            no=number, version=0, case=case, to=handed.to.strip()[:100],
            suspicion=handed.suspicion.strip()[:300], facts=handed.facts.strip()[:4000],
            clues=handed.clues.strip()[:4000], preserved=handed.preserved.strip()[:4000],
            evidence=files, made=now, made_by=who, approved_by=approver,
            contact=handed.contact.strip()[:100],
        )  # fmt: skip
        keeping.keep(row, [], "transfer.make", who, now)
        case.crime = True
        keeping.keep(case, [], "case.transfer", who, now, number)
    return row


def received(
    no: str, by: str, actor: str, now: datetime, at: datetime | None = None, receipt: str = ""
) -> Transfer:
    """The police have it: who took it, when, under which number. The case's duty to tell them is done by it."""
    with transaction.atomic():
        row = keeping.locked(Transfer, no)
        if row.received is not None:
            raise Refused(_("{no} 已登记接收").format(no=no))
        row.received = keeping.moment(at, now, row.made, _("接收"))
        row.received_by, row.receipt_no = person(by, _("接收")), receipt.strip()[:60]
        who = person(actor, _("登记接收"))
        keeping.keep(row, [], "transfer.received", who, now)
        case = keeping.locked(Case, row.case.no)
        if "crime" not in case.told and case.state not in OVER:
            said = {"at": row.received.astimezone(UTC).isoformat(), "channel": no, "receiver": by}
            case.told = {**case.told, "crime": said}
            keeping.keep(case, [], "case.told", who, now, no)
    return row
