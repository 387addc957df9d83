"""The workbook goes out, comes back partly filled, and merges with every conflict shown."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from tests.assess import answering
from tests.assess.answering import NOW
from tests.assess.workbooks import PAPER, REMOTE, S05, Desk, Q, said


@pytest.fixture
def desk(tables: Path, tmp_path: Path) -> Iterator[Desk]:
    answering.register()
    yield Desk(tmp_path, answering.inquiry(tmp_path))


# --- out and back ---


def test_it_goes_out_and_comes_back_partly_filled(desk: Desk) -> None:
    from tlsec.assess.models import Answer, EvidenceFile
    from tlsec.register import journal
    from tlsec.register.models import Journal

    answering.file(desk.root, "截图.png")
    back = desk.fill(
        desk.export("S02", "S05", "S20"),
        {"row": 3, "answer": "A. 都加密", "evidence": "截图.png", "note": "=1+1 是文字"},
        {"row": 4, "answer": "B", "on": datetime(2026, 11, 22)},
    )
    outcome = desk.take(back)
    assert said() == [
        (REMOTE, "yes", "周若川", "=1+1 是文字"),
        (PAPER, "no", "周若川", ""),
    ]
    assert (outcome.unchanged, outcome.already, outcome.open) == (7, 0, False)
    row = Answer.objects.earliest("pk")
    assert row.source == "发出.xlsx" and row.at.isoformat() == "2026-11-22T16:00:00+00:00"
    assert EvidenceFile.objects.get().name == "截图.png"
    again = desk.take(back)
    assert (again.answers, again.already, again.unchanged) == ([], 2, 7)
    assert Answer.objects.count() == 2
    names = list(Journal.objects.order_by("seq").values_list("command", flat=True))
    assert names == ["workbook.export", "answer.record", "answer.record", "answers.import"]
    assert list(journal.verify()) == []


def test_what_is_valid_is_shown_in_grey_and_needs_no_touch(desk: Desk) -> None:
    from tlsec.assess import answers

    list_ = answering.file(desk.root, "账号.txt")
    proofs = [("list", list_, date(2026, 11, 20))]
    made = answers.record(
        desk.inquiry, "S05", Q, "all", "甲", NOW, evidence=proofs, note='=HYPERLINK("http://x")'
    )
    answers.review(made.pk, "乙", True, NOW)
    path = desk.export()
    sheet = openpyxl.load_workbook(path)[S05]
    assert [sheet[f"{c}2"].value for c in "FGHIJ"] == [
        "A. 全部一人一号", '=HYPERLINK("http://x")', "账号清单：账号.txt 2026-11-20", "甲", "2026-11-24",
    ]  # fmt: skip
    assert sheet["G2"].data_type == "s" and sheet["F2"].font.color.rgb == "FF7A828C"
    assert sheet["G2"].quotePrefix
    assert desk.take(path).unchanged == 3
    # reaffirmed by another person on another day: a new answer; its paper is at hand already
    list_.unlink()
    back = desk.fill(path, {"row": 2, "by": "丙", "on": "2026-11-24"})
    outcome = desk.take(back)
    assert outcome.refused == [] and said()[-1][:3] == (Q, "all", "丙")
    # an emptied row takes nothing back
    book = openpyxl.load_workbook(path)
    for letter in "FGHIJ":
        book[S05][f"{letter}2"].value = None
    book.save(path)
    assert desk.take(path).deleted == [("S05", Q, "")] and len(said()) == 2


def test_names_and_dates_filled_down_answer_nothing(desk: Desk) -> None:
    back = desk.fill(desk.export(), {"row": 2}, {"row": 3}, {"row": 4})
    assert desk.take(back).unchanged == 3 and said() == []


def test_the_sheet_is_built_to_be_filled_and_printed(desk: Desk) -> None:
    book = openpyxl.load_workbook(desk.export("S02", "S05"))
    assert book.sheetnames == ["说明", "S02 政务服务网", S05, "_tlsec"]
    assert book["_tlsec"].sheet_state == "veryHidden"
    sheet = book[S05]
    assert sheet.freeze_panes == "C2" and sheet.protection.sheet
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert [sheet[f"{c}2"].protection.locked for c in "EFGHIJK"] == [
        True, False, False, False, False, False, True,
    ]  # fmt: skip
    assert all(sheet.column_dimensions[c].hidden for c in ("L",))
    assert (
        sheet["D2"].value == "账号是否一人一号？\nA. 全部一人一号\nB. 有少数共用账号\nC. 普遍共用"
    )
    assert "口令策略有更换周期" in sheet["E2"].value  # asked from level 3 on
    assert "证据：账号清单（选 A 须交，90 天以内，写明日期）" in sheet["E2"].value
    rules = {str(r.sqref): r.formula1 for r in sheet.data_validations.dataValidation}
    assert rules["F2"].startswith("_tlsec!$F$") and ":$H$" in rules["F2"]
    cover = "\n".join(str(row[1].value) for row in book["说明"].iter_rows(max_col=2))
    assert "2026-12-10" in cover and "WB-20261124-" in cover and "系统管理员" in cover


def test_settled_questions_are_not_asked(desk: Desk) -> None:
    from tlsec.assess import exclusions
    from tlsec.assess.evidence import Refused

    for line in (Q, REMOTE, PAPER):
        exclusions.exclude(desk.inquiry, "S05", line, "没有登录", "领导", "甲", NOW)
    with pytest.raises(Refused, match="没有可问的问题"):
        desk.export()
    assert [p.name for p in desk.root.iterdir() if p.suffix != ""] == []


def test_sheets_of_like_named_systems_stay_apart(django: Path) -> None:
    from tlsec.assess.workbook_layout import sheet_names

    names = sheet_names([("S1", "甲" * 40), ("s1", "甲" * 40), ("说明", ""), ("S2", "a/b:c[d]*?'")])
    assert len({n.casefold() for n in names.values()}) == 4
    assert all(len(n) <= 31 and not set(n) & set("[]:*?/\\'") for n in names.values())


# --- conflicts ---


def test_an_answer_given_meanwhile_is_a_conflict(desk: Desk) -> None:
    path = desk.fill(desk.export(), {"row": 2, "answer": "B. 有少数共用账号"})
    desk.answer(Q, "none", by="后来的人")
    (conflict,) = desk.take(path).conflicts
    assert conflict.where == f"{path} {S05}!F2" and conflict.why == "发出后另有答复"
    assert "普遍共用" in conflict.ours and "后来的人" in conflict.ours
    assert "有少数共用账号" in conflict.theirs and "周若川" in conflict.theirs
    assert len(said()) == 1
    ours = desk.take(path, take="ours")
    assert not ours.open and len(said()) == 1
    theirs = desk.take(path, take="theirs")
    assert not theirs.open and said()[-1] == (Q, "some", "周若川", "")


def test_a_question_that_changed_is_a_conflict(desk: Desk, tmp_path: Path) -> None:
    path = desk.fill(desk.export(), {"row": 2, "answer": "B. 有少数共用账号"})
    newer = answering.QUESTIONS["identity"].replace("version: 1", "version: 2")
    desk.inquiry = answering.inquiry(tmp_path, identity=newer)
    (conflict,) = desk.take(path).conflicts
    assert conflict.why == "问题已由第 1 版改为第 2 版" and said() == []
    gone = answering.QUESTIONS["identity"].replace(f"question: {Q}\n", f"question: {Q}.other\n")
    desk.inquiry = answering.inquiry(tmp_path, identity=gone)
    (conflict,) = desk.take(path).conflicts
    assert conflict.why == "问题已不在题库中"
    assert "没有问题" in str(desk.take(path, take="theirs").refused[0]) and said() == []


def test_two_files_that_differ_are_a_conflict(desk: Desk) -> None:
    sent = desk.export()
    one = desk.fill(sent, {"row": 2, "answer": "B"}, {"row": 4, "answer": "B"}, name="一.xlsx")
    two = desk.fill(sent, {"row": 2, "answer": "C"}, {"row": 4, "answer": "B"}, name="二.xlsx")
    first, second = desk.take(one, two)
    assert [c.where for c in (*first.conflicts, *second.conflicts)] == [
        f"{one} {S05}!F2", f"{two} {S05}!F2",
    ]  # fmt: skip
    assert said() == [(PAPER, "no", "周若川", "")]
    desk.take(one, two, take="theirs")
    assert said()[-1] == (Q, "none", "周若川", "")


def test_two_rows_of_one_file_that_differ_are_a_conflict(desk: Desk) -> None:
    path = desk.fill(desk.export(), {"row": 2, "answer": "B"})
    book = openpyxl.load_workbook(path)
    sheet = book[S05]
    for at, cell in enumerate(sheet[2], 1):
        sheet.cell(6, at).value = cell.value
    sheet["F6"] = "C"
    book.save(path)
    assert len(desk.take(path).conflicts) == 2 and said() == []


def test_an_answer_given_between_plan_and_import_is_a_conflict(desk: Desk) -> None:
    from tlsec.assess import intake

    path = desk.fill(desk.export(), {"row": 2, "answer": "B"})
    (outcome,) = desk.plan(path)
    desk.answer(Q, "none")
    intake.take_in(desk.inquiry, outcome, "导入人", NOW)
    assert [c.why for c in outcome.conflicts] == ["导入期间另有人答复"] and len(said()) == 1


def test_deleted_rows_are_told_and_lose_nothing(desk: Desk) -> None:
    desk.answer(Q, "none")
    path = desk.fill(desk.export(), {"row": 4, "answer": "B"})
    book = openpyxl.load_workbook(path)
    book[S05].delete_rows(2, 2)
    book.save(path)
    outcome = desk.take(path)
    assert outcome.deleted == [("S05", Q, ""), ("S05", REMOTE, "")] and not outcome.open
    assert [row[0] for row in said()] == [Q, PAPER]


# --- rows that cannot be taken ---


def test_rows_with_faults_are_listed_and_the_others_taken(desk: Desk) -> None:
    answering.file(desk.root / "证据", "a.txt")
    (desk.root / "证据" / "b.txt").symlink_to("/etc/passwd")
    path = desk.export("S02", "S05", "S20")
    desk.fill(
        path,
        {"row": 2, "answer": "大概吧"},
        {"row": 3, "answer": "A", "evidence": "没有的.png", "on": "明天"},
        {"row": 4, "answer": "B", "by": "", "note": "a\u202eb"},
    )
    desk.fill(
        path,
        {"row": 2, "answer": "A", "evidence": "账号清单：a.txt"},
        {"row": 3, "answer": "A", "evidence": "别的：a.txt\n../../etc/passwd"},
        {"row": 4, "answer": "A", "evidence": "b.txt", "on": "2026-11-25"},
        {"row": 5, "note": "只有说明"},
        sheet="S02 政务服务网",
    )
    desk.fill(path, {"row": 3, "answer": "B", "on": "2026年11月2日"}, sheet="S20 驿站管理")
    outcome = desk.take(path, evidence=desk.root / "证据")
    found = [str(fault).removeprefix(f"{path} ") for fault in outcome.refused]
    S02 = "S02 政务服务网"
    for where, what in (
        (f"{S02}!F2", "要写明日期"),
        (f"{S02}!H3", "请写明证据种类"),
        (f"{S02}!H3", "只写证据文件夹里的文件名"),
        (f"{S02}!J4", "在将来"),
        (f"{S02}!H4", "只写证据文件夹里的文件名"),
        (f"{S02}!F5", "没有选答案"),
        (f"{S05}!F2", "没有答案“大概吧”，可选：A. 全部一人一号；B. 有少数共用账号；C. 普遍共用"),
        (f"{S05}!J3", "“明天”不是日期"),
        (f"{S05}!H3", "里没有 没有的.png"),
        (f"{S05}!F4", "没有写答复人"),
        (f"{S05}!F4", "U+202E"),
    ):
        assert [t for t in found if t.startswith(f"{where}:") and what in t], (where, what, found)
    assert len(found) == 11 and said() == [(PAPER, "no", "周若川", "")]


def test_a_symlink_is_no_evidence(desk: Desk) -> None:
    (desk.root / "a.png").symlink_to("/etc/hostname")
    (desk.root / "b.png").symlink_to(answering.file(desk.root, "真.png"))
    path = desk.fill(
        desk.export(),
        {"row": 3, "answer": "A", "evidence": "a.png"},
        {"row": 4, "answer": "A", "evidence": "b.png"},
    )
    outcome = desk.take(path)
    assert len(outcome.refused) == 2 and said() == []
    assert "符号链接" in str(outcome.refused[1])


def test_control_characters_in_cells_are_named(desk: Desk) -> None:
    path = desk.fill(desk.export(), {"row": 4, "answer": "B", "note": "响_x0007_铃"})
    (fault,) = desk.take(path).refused
    assert "U+0007" in str(fault) and said() == []


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    answering.file(desk.root, "a.png")
    path = desk.fill(desk.export(), {"row": 3, "answer": "A", "evidence": "a.png"})
    (outcome,) = desk.plan(path)
    assert len(outcome.drafts) == 1 and said() == []
    assert not (desk.root / "data" / "evidence").exists()


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-3-5", date(2026, 3, 5)), ("2026/03/05", date(2026, 3, 5)),
        ("2026年3月5日", date(2026, 3, 5)), ("2026.3.5", date(2026, 3, 5)),
        ("20260305", date(2026, 3, 5)), ("２０２６－０３－０５", date(2026, 3, 5)),
        ("2026-13-05", None), ("3月5日", None), ("昨天", None), ("", None),
    ],
)  # fmt: skip
def test_days_as_people_write_them(django: Path, written: str, day: date | None) -> None:
    from tlsec.assess.workbook_layout import day_of

    assert day_of(written) == day


def test_the_evidence_cell(django: Path) -> None:
    from tlsec.assess.workbook_layout import wanted

    assert [tuple(w) for w in wanted("账号清单：a b.pdf 2026-11-20\nx.png；shot=c.txt@2026年1月2日\n\n")] == [
        ("账号清单", "a b.pdf", date(2026, 11, 20)), ("", "x.png", None), ("shot", "c.txt", date(2026, 1, 2)),
    ]  # fmt: skip
    assert [tuple(w) for w in wanted("2026-11-20报告.pdf")] == [("", "2026-11-20报告.pdf", None)]


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not there")
def test_another_office_may_save_it(desk: Desk) -> None:
    path = desk.fill(desk.export("S02", "S05"), {"row": 4, "answer": "B", "note": "=1+1"})
    profile = (desk.root / "office").as_uri()
    subprocess.run(
        ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(desk.root / "out"), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    outcome = desk.take(desk.root / "out" / path.name)
    assert said() == [(PAPER, "no", "周若川", "=1+1")]
    assert outcome.unchanged == 6 and not outcome.open and not outcome.deleted
