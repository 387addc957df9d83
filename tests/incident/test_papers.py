"""The papers: what each has to say, the same in Word and PDF, with hostile text staying text."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.incident.conftest import NOW, Drafted, item_of
from tests.incident.test_cases import opened
from tests.incident.test_reports import handed
from tests.report.hostile import COVERED
from tests.report.test_notice import docx_text, pdf_text, squeeze
from tlsec.report import blocks, docx, typst
from tlsec.report.papers import (
    incident_receipts,
    incident_report,
    incident_transfer,
    incident_warning,
)

if TYPE_CHECKING:
    from tlsec.report.blocks import Document
    from tlsec.workspace import Workspace

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def workspace(city: Path) -> Workspace:
    from tlsec import workspace

    return workspace.read(city)


def text_of(document: Document) -> str:
    return "\n".join(blocks.texts(document))


def prints_alike(document: Document) -> None:
    expected = squeeze("".join(blocks.texts(document)))
    assert squeeze(docx_text(docx.render(document))) == expected
    printed = squeeze(pdf_text(typst.render(document)))
    at = 0
    for text in blocks.texts(document):
        found = printed.find(squeeze(text), at)
        assert found >= 0, text
        at = found


def hostile(paper: Any, words: str) -> Any:
    """The paper with the words in every text of it."""
    texts = {f.name: words for f in fields(paper) if f.type == "str" and f.name not in ("kind",)}
    return replace(paper, **texts)


def test_a_warning_says_all_that_it_has_to(issued: Drafted, workspace: Workspace) -> None:
    from tlsec.incident import papers

    row = issued(
        products=["大屏 <3.0"], threat="无需登录即可执行命令。", nature="产品漏洞", effect="可被控制",
        advice="近期多地出现利用。", measures="升级\n停用旧版", scope="互联网侧", flaw="CVE-2026-0001",
        flaw_level="超危", handle_by="2026-11-26 18:00", until="2026-12-31", source="superior",
        source_ref="省通报〔2026〕9号", circulation="网络安全负责人", feedback="附升级截图。", units=[],
    )  # fmt: skip
    document = incident_warning.build(papers.warning(workspace, row, NOW))
    text = text_of(document)
    for part in (
        "岚泽市数据局文件", "2026-黄-001", "黄色（Ⅲ级）", "网络攻击－漏洞利用", "CVE-2026-0001（超危）",
        "2026年11月24日12时00分", "2026年12月31日", "省通报〔2026〕9号", "近期多地出现利用", "产品漏洞",
        "无需登录", "可被控制", "大屏 <3.0", "互联网侧", "升级", "启动本单位预案", "11月26日18时00分",
        "20时00分前签收", "附升级截图", "无涉及", "市民广场大屏播控", "须核实", "起草：王怀瑾", "签发：吴景和",
        "网络安全负责人",
    ):  # fmt: skip
        assert part in text, part
    # a bureau warns inside its house, never the public
    assert "不是向社会发布的预警" in text and "内部" in text
    assert any("待核" in remark for remark in document.remarks)
    assert "待核" not in text
    prints_alike(document)


def test_a_draft_says_on_its_face_that_it_is_none(drafted: Drafted, workspace: Workspace) -> None:
    from tlsec.incident import papers

    document = incident_warning.build(papers.warning(workspace, drafted(), NOW))
    assert "稿件，尚未生效：研判中" in text_of(document)
    assert any("不得外发" in remark for remark in document.remarks)


def test_an_adjusted_and_a_lifted_one(issued: Drafted, workspace: Workspace) -> None:
    from tlsec.incident import issuing, papers

    old = issued()
    new = issuing.adjust(old.no, "橙", "王怀瑾", NOW, "已出现在野利用")
    issuing.sign(new.no, "吴景和", NOW)
    new = issuing.issue(new.no, ["市人社局"], "吴景和", NOW)
    text = text_of(incident_warning.build(papers.warning(workspace, new, NOW)))
    assert "将2026-黄-001由黄色调整为橙色（Ⅱ级）" in text and "已出现在野利用" in text
    new = issuing.lift(new.no, "王怀瑾", LATER, "全部修复", "吴景和")
    assert "已于2026年11月24日解除：全部修复" in text_of(
        incident_warning.build(papers.warning(workspace, new, LATER))
    )


def test_a_drill_says_so(issued: Drafted, workspace: Workspace) -> None:
    from tlsec.incident import papers

    text = text_of(incident_warning.build(papers.warning(workspace, issued(drill=True), NOW)))
    assert "演练  演练  演练" in text and "演2026-黄-001" in text


def test_receipts_as_a_workbook(issued: Drafted, workspace: Workspace, tmp_path: Path) -> None:
    from tlsec.incident import papers, receipts

    row = issued(units=["市人社局", "市政府办"], products=["大屏"])
    receipts.command(row.no, "市人社局", "sign", "秦北辰", NOW)
    answer = receipts.Answer("none", text="=1+1 没有使用")
    receipts.command(row.no, "市人社局", "done", "秦北辰", NOW, answer)
    late = NOW + timedelta(days=9)
    path = tmp_path / "r.xlsx"
    affected = papers.warning(workspace, row, late).affected
    incident_receipts.write(papers.receipt_table(row, late), affected, path)
    book = openpyxl.load_workbook(path)
    rows = list(book["签收反馈"].iter_rows(values_only=True))
    head = rows[0]
    cells = {r[0]: dict(zip(head, r, strict=True)) for r in rows[1:]}
    mine = cells["岚泽市人力资源和社会保障局"]
    assert (mine["状态"], mine["是否涉及"], mine["反馈内容"]) == (
        "已反馈",
        "无涉及",
        "=1+1 没有使用",
    )
    assert cells["岚泽市人民政府办公室"]["还欠"] == "逾期未签收"
    assert cells["岚泽市人民政府办公室"]["匹配资产数"] == 1
    about = dict(r[:2] for r in book["说明"].iter_rows(min_row=2, values_only=True) if r[0])
    assert about["已签收"] == "2 个单位中 1 个" and about["逾期未签收或未反馈"] == "1"
    assert book["涉及资产"].max_row == 2


def a_report(workspace: Workspace, kind: str = "first") -> Any:
    from tlsec.incident import cases, papers, reports

    row = opened(item_of(minutes=45).no, found=NOW - timedelta(minutes=5), crime=True)
    cases.level(row.no, "较大", "李明澈", NOW, "影响大")
    made = reports.write(
        row.no,
        "first",
        {"cause": "排查中", "scene": "日志已封存"},
        "王怀瑾",
        NOW,
        "吴景和",
        "555-0106",
    )
    reports.told(
        row.no, ["verbal", "province"], "王怀瑾", NOW, channel="12387", receiver="省值班室"
    )
    if kind == "summary":
        cases.handled(row.no, "王怀瑾", NOW)
        said = {"cause": "弱口令", "measures": "下线恢复", "harm": "首页被改", "lessons": "双因素"}
        made = reports.write(row.no, kind, said, "王怀瑾", LATER, "吴景和")
    made.refresh_from_db()
    return papers.report(workspace, made, LATER)


def test_a_first_report(workspace: Workspace) -> None:
    document = incident_report.build(a_report(workspace))
    text = text_of(document)
    for part in (
        "网络安全事件报告单", "SJ-2026-0001", "第1次报告（首报）", "岚泽市数据局", "望川县政府网站", "S2A2G2",
        "较大（李明澈定级）", "2026-11-24 11:15", "2026-11-24 11:55", "排查中", "日志已封存", "另向公安机关报案",
        "属地省级网信部门", "4 小时", "30 分钟", "超时完成", "按时完成", "与事件级别无关",
        "最迟为2026-11-24 15:55", "12387　省值班室", "王怀瑾", "555-0106", "吴景和", "30日内", "YJ-2026-00001",
        "尚未查明，另行补报",
    ):  # fmt: skip
        assert squeeze(part) in squeeze(text), part
    assert re.search(r"审计链头 [0-9a-f]{16}", text)
    assert any("须补报" in remark for remark in document.remarks)
    prints_alike(document)


def test_a_summary(workspace: Workspace) -> None:
    document = incident_report.build(a_report(workspace, "summary"))
    text = text_of(document)
    for part in (
        "网络安全事件处置总结报告",
        "第2次报告（处置总结）",
        "弱口令",
        "下线恢复",
        "双因素",
        "处置结束",
    ):
        assert part in text, part
    prints_alike(document)


def test_a_report_is_printed_later_as_it_was_written(workspace: Workspace) -> None:
    from tlsec.incident import cases, papers
    from tlsec.incident.models import CaseReport

    before = a_report(workspace)
    cases.level(before.no, "重大", "李明澈", LATER, "扩大")
    cases.edit(before.no, "王怀瑾", LATER, texts={"title": "另一个名称"})
    after = papers.report(workspace, CaseReport.objects.get(), LATER)
    assert (after.level, after.title, after.items) == (before.level, before.title, before.items)


def test_a_transfer_prints_the_hash_of_the_stored_file(
    workspace: Workspace, tmp_path: Path
) -> None:
    from tlsec.incident import cases, papers, transfers
    from tlsec.register import evidence

    row = opened()
    (tmp_path / "access.log").write_bytes(b"GET /admin\n" * 9)
    kept = cases.attach(row.no, tmp_path / "access.log", "王怀瑾", NOW, None, "门户服务器导出")
    made = transfers.make(row.no, handed(preserved="磁盘已镜像"), "王怀瑾", NOW)
    document = incident_transfer.build(papers.transfer(workspace, made))
    stored = hashlib.sha256(evidence.store().path(kept.sha256).read_bytes()).hexdigest()
    assert stored in squeeze(text_of(document))
    for part in (
        "XS-2026-0001",
        "网安支队：",
        "非法侵入",
        "access.log",
        "99",
        "门户服务器导出",
        "磁盘已镜像",
    ):
        assert part in text_of(document), part
    prints_alike(document)


def test_a_transfer_claims_nothing_that_nobody_wrote(workspace: Workspace, tmp_path: Path) -> None:
    from tlsec.incident import cases, papers, transfers

    row = opened()
    (tmp_path / "a").write_text("x")
    cases.attach(row.no, tmp_path / "a", "王怀瑾", NOW, None)
    made = transfers.make(row.no, handed(), "王怀瑾", NOW)
    document = incident_transfer.build(papers.transfer(workspace, made))
    assert "【待填】" in text_of(document) and "尚未查明" in text_of(document)
    assert any("现场保护" in remark for remark in document.remarks)


@pytest.mark.parametrize("name", sorted(COVERED))
def test_hostile_text_stays_text(workspace: Workspace, name: str) -> None:

    report = hostile(a_report(workspace), COVERED[name])
    document = incident_report.build(replace(report, kind="first"))
    expected = squeeze("".join(blocks.texts(document)))
    assert squeeze(docx_text(docx.render(document))) == expected
    typst.render(document)


@pytest.mark.parametrize("name", ["jinja", "slots", "typst", "xml", "rtl", "formula"])
def test_hostile_warnings(issued: Drafted, workspace: Workspace, name: str) -> None:
    from tlsec.incident import papers

    paper = hostile(papers.warning(workspace, issued(), NOW), COVERED[name])
    document = incident_warning.build(paper)
    assert squeeze(docx_text(docx.render(document))) == squeeze("".join(blocks.texts(document)))
    typst.render(document)
