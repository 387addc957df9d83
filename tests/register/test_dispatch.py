"""Notices to units: one number for what goes out together, and the receipt of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.register.exchanging import LATER, UNIT, confirmed, fresh, send
from tests.register.working import DAY, HOUR, NOW, an_entry, an_item, breaks, give, taken_to
from tlsec.register.transitions import State


def test_one_number_for_what_goes_out_together(tables: Path) -> None:
    from tlsec.register.models import Journal
    from tlsec.register.models_outbox import Notice

    first, second = confirmed(2)
    (other,) = confirmed(unit="市医保局", port=9)
    issued = send(UNIT, other.no, now=NOW + HOUR)
    assert [(i.number, i.unit, i.items) for i in issued] == [
        ("岚数安〔2026〕1号", UNIT, (first.no, second.no)),
        ("岚数安〔2026〕2号", "市医保局", (other.no,)),
    ]
    for item in (first, second, other):
        assert fresh(item).state == State.DISPATCHED and item.dispatched == NOW + HOUR
    assert {first.notice, second.notice} == {"岚数安〔2026〕1号"}
    assert fresh(first).clocks.get(kind="sign").due == NOW + 5 * HOUR
    record = Journal.objects.get(object="岚数安〔2026〕1号", command="notice.issue")
    batches = Journal.objects.filter(command="item.dispatch").values_list("batch", flat=True)
    assert record.batch in batches and record.after["items"] == [first.no, second.no]
    assert Notice.objects.get(key="岚数安〔2026〕1号").audience == f"contact@{UNIT}"
    assert breaks() == []


def test_all_of_a_notice_goes_out_or_none_and_no_number_is_used_up(tables: Path) -> None:
    from tlsec.register import dispatch
    from tlsec.register.refused import Refused

    first, second = confirmed(2)
    (letter,) = dispatch.letters([UNIT])
    give(second, "extend", NOW)  # somebody was quicker
    with pytest.raises(Refused, match="已被他人更新"):
        dispatch.issue(letter, "", "卫承泽", NOW)
    assert fresh(first).state == State.CONFIRMED and first.notice == ""
    assert send(UNIT, mark="")[0].number == "整改〔2026〕1号"


def test_numbers_by_hand_are_kept_apart_from_ours(tables: Path) -> None:
    from tlsec.register.refused import Refused

    a, b, c = confirmed(3)
    assert send(a.no, number="岚数安〔2026〕1号")[0].number == "岚数安〔2026〕1号"
    with pytest.raises(Refused, match="已用过"):
        send(b.no, number=" 岚数安〔2026〕1号 ")
    assert send(b.no)[0].number == "岚数安〔2026〕2号"
    give(fresh(b), "return", NOW)
    assert send(b.no)[0].number == "岚数安〔2026〕3号"  # sent anew under a number of its own
    assert send(c.no, now=NOW + 40 * DAY)[0].number == "岚数安〔2027〕1号"


def test_practice_has_numbers_of_its_own_and_a_unit_stands_for_real_items(tables: Path) -> None:
    drill = an_entry(drill=True, unit=UNIT)
    give(drill, "confirm")
    confirmed()
    assert [i.number for i in send(UNIT)] == ["岚数安〔2026〕1号"]
    assert fresh(drill).state == State.CONFIRMED
    assert [i.number for i in send(drill.no)] == ["演岚数安〔2026〕1号"]


@pytest.mark.parametrize(
    ("name", "what"),
    [("无此单位", "台账里没有单位"), (UNIT, "1 项待研判"), ("市医保局", "没有待下发")],
)
def test_what_cannot_be_sent_is_said(tables: Path, name: str, what: str) -> None:
    from tlsec.register.refused import Refused

    an_item()
    taken_to(State.FIXING, an_item(port=2, unit="市医保局"))
    with pytest.raises(Refused, match=what):
        send(name)


def test_receipt_keeps_the_time_of_the_signature_and_who_recorded_it(tables: Path) -> None:
    from tlsec.register import dispatch
    from tlsec.register.models import Journal
    from tlsec.register.models_outbox import Notice
    from tlsec.register.refused import Refused

    first, second = confirmed(2)
    (issued,) = send(UNIT)
    give(fresh(second), "sign", NOW + HOUR, actor="自签")
    at = NOW + 2 * HOUR
    for wrong in (NOW - HOUR, LATER + HOUR):
        with pytest.raises(Refused):
            dispatch.receipt(issued.number, "周若川", wrong, LATER, "卫承泽")
    done = dispatch.receipt(issued.number, "周若川", at, LATER, "卫承泽")
    assert done == ([first.no], [second.no])
    assert fresh(first).signed == at and first.state == State.FIXING
    record = Journal.objects.get(object=first.no, command="item.sign")
    assert (record.actor, record.at) == ("周若川", LATER)
    assert issued.number in record.reason and "卫承泽" in record.reason
    assert Notice.objects.get(key=issued.number).state == "cancelled"
    with pytest.raises(Refused, match="都已签收"):
        dispatch.receipt(issued.number, "周若川", at, LATER, "卫承泽")
    with pytest.raises(Refused, match="不能作签收人"):
        dispatch.receipt(issued.number, "ＴＬＳＥＣ", at, LATER, "卫承泽")
    assert breaks() == []
