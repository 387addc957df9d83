"""Receipts of units: everyone answers, those without an asset too; what is owed, and since when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.incident.conftest import NOW, Drafted
from tlsec.register.refused import Refused

STATES = ("sent", "signed", "responding", "done", "replaced")
UNIT = "市人社局"


def do(row: Any, command: str, **more: Any) -> Any:
    from tlsec.incident import receipts

    answer = (
        receipts.Answer("affected", 2, 1, "已升级一台") if command in ("progress", "done") else None
    )
    reason = "填错了" if command == "correct" else ""
    given: dict[str, Any] = {"answer": answer, "reason": reason} | more
    return receipts.command(row.no, UNIT, command, "秦北辰", NOW, **given)


@pytest.mark.parametrize("state", STATES)
def test_every_command_in_every_state(issued: Drafted, state: str) -> None:
    from tlsec.incident.models import WarningReceipt
    from tlsec.incident.receipts import COMMANDS, replace_all
    from tlsec.incident.states import RECEIPT, ReceiptState

    way = {"signed": ["sign"], "responding": ["sign", "respond"], "done": ["sign", "done"]}
    for command in COMMANDS:
        row = issued(units=[UNIT])
        for step in way.get(state, []):
            do(row, step)
        if state == "replaced":
            from tlsec.incident import keeping

            keeping.record(replace_all(row), "warning.replace", row.no, "tlsec", NOW)
        receipt = WarningReceipt.objects.get(warning=row)
        assert receipt.state == state
        if ReceiptState(state) in RECEIPT[command].moves:
            assert do(row, command).state == RECEIPT[command].moves[ReceiptState(state)]
        else:
            with pytest.raises(Refused, match="不能"):
                do(row, command)


def test_without_units_named_everyone_on_record_gets_it_and_owes_an_answer(issued: Drafted) -> None:
    from tlsec.incident import issuing, receipts

    row = issued(units=[], products=["大屏"])
    rows = list(row.receipts.all())
    assert {r.unit for r in rows} == set(issuing.units_on_record())
    zero = [r for r in rows if not r.matched]
    assert len(zero) == len(rows) - 1
    later = NOW + timedelta(days=30)
    for receipt in zero:
        assert receipts.owed(receipt, NOW) == "待签收"
        assert receipts.late(receipt, later)
    assert receipts.tally(rows, later).late == len(rows)


def test_a_unit_without_an_asset_is_done_only_by_its_own_word(issued: Drafted) -> None:
    from tlsec.incident import receipts

    row = issued(units=[UNIT])
    do(row, "sign")
    receipt = row.receipts.get()
    assert receipts.owed(receipt, NOW) == "待“无涉及”回复"
    assert (
        receipts.owed(receipt, receipt.feedback_by + timedelta(seconds=1)) == "逾期未“无涉及”回复"
    )
    done = do(row, "done", answer=receipts.Answer("none"))
    assert (done.reply, done.affected, receipts.owed(done, NOW)) == ("none", 0, "")
    counts = receipts.tally(row.receipts.all(), NOW)
    assert (counts.units, counts.none, counts.owing) == (1, 1, 0)


def test_nothing_concerned_against_the_register_needs_a_word(issued: Drafted) -> None:
    from tlsec.incident import receipts

    row = issued(units=[], products=["大屏"])
    receipts.command(row.no, "市政府办", "sign", "卫承泽", NOW)
    with pytest.raises(Refused, match="台账匹配到"):
        receipts.command(row.no, "市政府办", "done", "卫承泽", NOW, receipts.Answer("none"))
    done = receipts.command(
        row.no, "市政府办", "done", "卫承泽", NOW, receipts.Answer("none", text="已停用该屏")
    )
    assert done.text == "已停用该屏"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({}, "是否涉及"),
        ({"reply": "affected"}, "涉及几项"),
        ({"reply": "affected", "affected": 1, "fixed": 2, "text": "x"}, "不能多于"),
        ({"reply": "affected", "affected": -1, "text": "x"}, "不能多于"),
        ({"reply": "none", "affected": 2}, "不能又写"),
        ({"reply": "affected", "affected": 1}, "处置情况"),
    ],
)
def test_answers_that_say_too_little_or_too_much(
    issued: Drafted, answer: dict[str, Any], said: str
) -> None:
    from tlsec.incident import receipts

    row = issued(units=[UNIT])
    do(row, "sign")
    with pytest.raises(Refused, match=said):
        do(row, "done", answer=receipts.Answer(**answer))


def test_times_of_papers_entered_later(issued: Drafted) -> None:
    from tlsec.incident import receipts

    row = issued(units=[UNIT])
    for at in (NOW - timedelta(hours=1), NOW + timedelta(hours=1)):
        with pytest.raises(Refused, match="时间"):
            do(row, "sign", at=at)
    later = NOW + timedelta(hours=5)
    signed = receipts.command(row.no, UNIT, "sign", "秦北辰", later, at=NOW + timedelta(hours=1))
    assert signed.signed == NOW + timedelta(hours=1)
    first = receipts.command(
        row.no, UNIT, "progress", "秦北辰", later, receipts.Answer("affected", 3, 1)
    )
    done = receipts.command(
        row.no, UNIT, "done", "秦北辰", later + timedelta(hours=1),
        receipts.Answer("affected", 3, 3, "全部升级"),
    )  # fmt: skip
    assert (first.first_feedback, done.first_feedback, done.done) == (
        later, later, later + timedelta(hours=1),
    )  # fmt: skip


def test_limits_come_from_the_colour_and_from_the_time_to_handle(issued: Drafted) -> None:
    receipt = issued(units=[UNIT]).receipts.get()
    assert receipt.sign_by == NOW + timedelta(hours=8)
    assert receipt.feedback_by == NOW + timedelta(days=2)
    sooner = issued(units=[UNIT], handle_by="2026-11-25 12:00").receipts.get()
    assert sooner.feedback_by == NOW + timedelta(days=1)


def test_who_did_not_get_it_cannot_answer(issued: Drafted) -> None:
    from tlsec.incident import issuing, receipts

    row = issued(units=[UNIT])
    with pytest.raises(Refused, match="没有发给"):
        receipts.command(row.no, "市医保局", "sign", "许千帆", NOW)
    with pytest.raises(Refused, match="台账里没有单位"):
        issued(units=["市环保局"])
    issuing.lift(row.no, "王怀瑾", NOW, "已修复", "吴景和")
    with pytest.raises(Refused, match="已不在发布中"):
        do(row, "sign")
