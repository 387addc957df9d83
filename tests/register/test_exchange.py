"""A unit's workbook out and back: nothing lost, nothing overwritten, nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.register.exchanging import LATER, UNIT, Desk, confirmed, fresh, send
from tests.register.working import HOUR, NOW, an_item, breaks, give, taken_to
from tlsec.register.transitions import State

if TYPE_CHECKING:
    from tlsec.register.models import RiskItem


@pytest.fixture
def desk(tables: Path, tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def sent(desk: Desk) -> list[RiskItem]:
    """Three items of the unit that are out."""
    rows = confirmed(3)
    send(UNIT)
    return [fresh(row) for row in rows]


def commands(item: RiskItem) -> list[tuple[str, str]]:
    from tlsec.register.models import Journal

    rows = Journal.objects.filter(object=item.no, at=LATER).order_by("seq")
    return [(row.command.removeprefix("item."), row.actor) for row in rows]


class TestOut:
    def test_the_workbook_has_the_units_items_and_nothing_of_others(
        self, desk: Desk, sent: list[RiskItem]
    ) -> None:
        from tlsec.register import exchange

        taken_to(State.FIXING, an_item(port=50, unit="市医保局"))
        an_item(port=51)  # not sent out yet
        taken_to(State.CLOSED, an_item(port=52))
        give(sent[1], "sign", NOW + HOUR, actor="周若川")
        issue = exchange.write(UNIT, desk.root / "a.xlsx", "卫承泽", NOW + HOUR)
        assert issue.waiting == 1 and set(issue.items) == {i.no for i in sent}
        sheet = openpyxl.load_workbook(desk.root / "a.xlsx")["待办"]
        rows = {r[0]: r for r in sheet.iter_rows(min_row=2, values_only=True)}
        assert set(rows) == {i.no for i in sent}
        assert rows[sent[0].no][7:14] == (None,) * 7
        assert rows[sent[1].no][7:9] == ("周若川", "2026-11-24 13:00")
        assert rows[sent[1].no][14:] == (sent[1].no, str(fresh(sent[1]).version), issue.id)
        assert sheet.column_dimensions["O"].hidden and sheet.protection.sheet

    def test_a_unit_with_nothing_out_is_told_so_and_no_file_is_left(self, desk: Desk) -> None:
        from tlsec.register.refused import Refused

        an_item()
        with pytest.raises(Refused, match="1 项尚未下发"):
            desk.export()
        assert list(desk.root.iterdir()) == []

    def test_texts_like_formulas_stay_texts(self, desk: Desk) -> None:
        item = taken_to(State.DISPATCHED, an_item(remediation='=HYPERLINK("http://x","y")'))
        sheet = openpyxl.load_workbook(desk.export())["待办"]
        assert sheet["E2"].data_type == "s" and sheet["E2"].value.startswith("=HYPER")
        assert desk.take(desk.export(name="b.xlsx")).unchanged == 1
        assert fresh(item).state == State.DISPATCHED


class TestBack:
    def test_an_untouched_workbook_brings_nothing(self, desk: Desk, sent: list[RiskItem]) -> None:
        out = desk.take(desk.export())
        assert (out.unchanged, out.taken, out.open) == (3, [], False)

    def test_filled_cells_become_the_ordinary_commands_of_the_units_person(
        self, desk: Desk, sent: list[RiskItem]
    ) -> None:
        from tlsec.register.models_handling import Comment, EvidenceFile, Request

        a, b, c = sent
        desk.file()
        path = desk.fill(
            desk.export(),
            {"no": a.no, "signer": "周若川", "signed": "2026/11/24 12:30"},
            {
                "no": b.no, "signer": "周若川", "signed": datetime(2026, 11, 24, 12, 40),
                "measure": "已更换证书", "done": "2026年11月24日14时", "evidence": "整改照片.png",
            },
            {
                "no": c.no, "signer": "李四", "signed": "2026-11-24", "measure": "已临时封堵",
                "obstacle": "采购未到货", "promise": "2026-12-05",
            },
        )  # fmt: skip
        dry = desk.take(path, dry_run=True)
        assert fresh(a).state == State.DISPATCHED and EvidenceFile.objects.count() == 0
        out = desk.take(path)
        assert [(t.no, t.by, t.commands) for t in out.taken] == [
            (a.no, "周若川", ("sign",)),
            (b.no, "周若川", ("sign", "attach", "claim-fixed")),
            (c.no, "李四", ("sign", "comment", "extend?")),
        ]
        assert dry.taken == out.taken and not out.open
        assert fresh(a).signed == NOW + timedelta(minutes=30) and a.state == State.FIXING
        assert fresh(b).state == State.FIX_CLAIMED and b.fixer == "周若川"
        assert b.measure == "已更换证书（完成时间 2026-11-24 14:00）"
        file = EvidenceFile.objects.get(item=b)
        assert (file.name, file.by, file.kind) == ("整改照片.png", "周若川", "document")
        assert fresh(c).signed == NOW and c.state == State.FIXING
        assert "采购未到货" in Comment.objects.get(item=c).text
        request = Request.objects.get(item=c)
        assert (request.command, request.asked_by, request.state) == ("extend", "李四", "asked")
        assert commands(b) == [("sign", "周若川"), ("attach", "周若川"), ("claim-fixed", "周若川")]
        assert breaks() == []

    def test_the_same_workbook_again_brings_nothing_and_a_fuller_one_only_what_is_new(
        self, desk: Desk, sent: list[RiskItem]
    ) -> None:
        from tlsec.register.models import Journal

        a = sent[0]
        signed = desk.fill(desk.export(), {"no": a.no, "signer": "周若川"}, name="1.xlsx")
        desk.take(signed)
        before = Journal.objects.count()
        out = desk.take(signed, now=LATER + HOUR)
        assert (out.already, out.unchanged, out.taken) == (1, 2, [])
        assert Journal.objects.count() == before
        fuller = desk.fill(signed, {"no": a.no, "measure": "已更换证书"}, name="2.xlsx")
        assert desk.take(fuller, now=LATER + HOUR).taken[0].commands == ("claim-fixed",)
        both = desk.take(signed, fuller, now=LATER + 2 * HOUR)
        assert [o.taken for o in both] == [[], []] and not any(o.open for o in both)
        assert fresh(a).state == State.FIX_CLAIMED

    def test_an_item_that_changed_meanwhile_is_a_conflict_and_stays(
        self, desk: Desk, sent: list[RiskItem]
    ) -> None:
        a, b, _c = sent
        path = desk.fill(
            desk.export(),
            {"no": a.no, "signer": "周若川", "measure": "已更换证书"},
            {"no": b.no, "signer": "周若川"},
        )
        give(a, "raise", NOW + HOUR, actor="卫承泽", params={"severity": "critical"})
        out = desk.take(path)
        (conflict,) = out.conflicts
        assert conflict.no == a.no and "卫承泽" in conflict.ours and "已更换证书" in conflict.theirs
        assert conflict.where.endswith("待办!A2") or "待办!A" in conflict.where
        assert [t.no for t in out.taken] == [b.no]
        assert fresh(a).state == State.DISPATCHED and a.severity == "critical"
        assert desk.take(path, take="ours", now=LATER + HOUR).conflicts == []
        assert fresh(a).state == State.DISPATCHED
        again = desk.take(path, take="theirs", now=LATER + HOUR)
        assert again.taken[0].commands == ("sign", "claim-fixed")
        assert fresh(a).state == State.FIX_CLAIMED and a.severity == "critical"
        assert breaks() == []

    def test_what_the_office_recorded_itself_meanwhile_is_no_conflict(
        self, desk: Desk, sent: list[RiskItem]
    ) -> None:
        a = sent[0]
        path = desk.fill(desk.export(), {"no": a.no, "signer": "周若川"})
        give(a, "sign", NOW + HOUR, actor="周若川")
        out = desk.take(path)
        assert (out.already, out.conflicts, out.taken) == (1, [], [])

    def test_two_words_in_two_copies_of_one_workbook(
        self, desk: Desk, sent: list[RiskItem]
    ) -> None:
        a = sent[0]
        path = desk.export()
        one = desk.fill(path, {"no": a.no, "signer": "周若川"}, name="1.xlsx")
        two = desk.fill(path, {"no": a.no, "signer": "李四"}, name="2.xlsx")
        first, second = desk.take(one, two)
        assert first.taken[0].by == "周若川" and second.taken == []
        assert (second.conflicts[0].ours, second.conflicts[0].theirs) == ("周若川", "李四")

    def test_deleted_and_emptied_rows_lose_nothing(self, desk: Desk, sent: list[RiskItem]) -> None:
        a, b, c = sent
        give(a, "sign", NOW, actor="周若川")
        path = desk.export()
        book = openpyxl.load_workbook(path)
        sheet = book["待办"]
        at = {sheet.cell(n, 1).value: n for n in range(2, 5)}
        sheet[f"H{at[a.no]}"].value = sheet[f"I{at[a.no]}"].value = None
        sheet.delete_rows(at[c.no])
        book.save(path)
        out = desk.take(path)
        assert set(out.deleted) == {a.no, c.no} and out.unchanged == 1 and not out.open
        assert [fresh(i).state for i in (a, b, c)] == ["fixing", "dispatched", "dispatched"]
        assert a.signed == NOW

    def test_an_item_that_went_to_another_unit_is_not_theirs_to_answer(
        self, desk: Desk, sent: list[RiskItem]
    ) -> None:
        from tlsec.register.models import RiskItem

        a = sent[0]
        path = desk.fill(desk.export(), {"no": a.no, "signer": "周若川"})
        RiskItem.objects.filter(no=a.no).update(unit="市医保局")
        for take in (None, "theirs"):
            assert "市医保局" in desk.take(path, take=take).conflicts[0].why
        assert fresh(a).state == State.DISPATCHED

    @pytest.mark.parametrize(
        ("cells", "column", "what"),
        [
            ({"signed": "2026-11-24 12:30"}, "H", "没有写签收人"),
            ({"measure": "已更换"}, "H", "还没有签收"),
            ({"signer": "tlsec"}, "H", "不能作签收人"),
            ({"signer": "周若川", "signed": "昨天"}, "I", "看不懂时间"),
            ({"signer": "周若川", "signed": "2026-11-25 12:00"}, "H", "在将来"),
            ({"signer": "周若川", "signed": "2026-11-23 12:00"}, "H", "早于下发"),
            ({"signer": "周若川", "done": "2026-11-24 13:00"}, "J", "没有写整改措施"),
            ({"signer": "周", "measure": "换", "done": "2026-12-24"}, "K", "在将来"),
            ({"signer": "周若川", "promise": "2026-12-05"}, "M", "没有写未完成原因"),
            ({"signer": "周若川", "obstacle": "等", "promise": "2028-12-05"}, "H", "最长"),
            ({"signer": "周若川", "evidence": "没有.png"}, "L", "没有这个文件"),
            ({"signer": "周若川", "evidence": "../../etc/passwd"}, "L", "只写证据文件夹里"),
            ({"signer": "周若川", "evidence": "/etc/passwd"}, "L", "只写证据文件夹里"),
            ({"signer": "周", "measure": "换", "done": "2026-11-24", "obstacle": "等"}, "M", "只写一样"),
        ],
    )  # fmt: skip
    def test_a_row_that_cannot_be_taken_is_left_whole_and_says_where(
        self, desk: Desk, sent: list[RiskItem], cells: dict[str, str], column: str, what: str
    ) -> None:
        a, b, _c = sent
        path = desk.fill(desk.export(), {"no": a.no, **cells}, {"no": b.no, "signer": "李四"})
        out = desk.take(path)
        (fault,) = out.refused
        assert f"待办!{column}" in fault.where and what in fault.message, fault
        assert [t.no for t in out.taken] == [b.no]
        assert fresh(a).state == State.DISPATCHED and commands(a) == []

    def test_links_and_empty_files_are_no_evidence(self, desk: Desk, sent: list[RiskItem]) -> None:
        a = sent[0]
        (desk.root / "链接.png").symlink_to("/etc/hostname")
        desk.file("空.png", b"")
        for name, what in (("链接.png", "只写证据文件夹里|没有这个文件"), ("空.png", "是空文件")):
            path = desk.fill(
                desk.export(name=f"{name}.xlsx"), {"no": a.no, "signer": "周", "evidence": name}
            )
            (fault,) = desk.take(path).refused
            assert any(part in fault.message for part in what.split("|")), fault
        assert fresh(a).state == State.DISPATCHED
