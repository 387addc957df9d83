"""`tlsec warning` and `tlsec case` as people type them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.incident.conftest import item_of

KEYS = {
    "no", "number", "state", "title", "colour_proposed", "colour", "rule", "verify", "matches",
    "replaces", "times", "drafted_by", "signed_by",
}  # fmt: skip


@pytest.fixture
def run(city: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Commands in this process, on the session's workspace with the sample's register."""
    from tlsec import cli

    monkeypatch.chdir(city)
    root = cli._build()

    def call(*words: str, who: str = "王怀瑾", code: int = 0) -> Result:
        done = CliRunner().invoke(root, ["--as", who, *words], env=dict(os.environ))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == code, done.output
        return done

    return call


def test_a_warning_from_draft_to_lifting(run: Any, city: Path) -> None:
    form = city / "warning.yaml"
    form.write_text("title: 某组件漏洞\ncategory: 漏洞利用\nproducts: [大屏]\n", encoding="utf-8")
    made = json.loads(run("warning", "draft", "--file", str(form), "--json").stdout)
    assert set(made) >= KEYS
    no = made["no"]
    assert (made["state"], len(made["matches"])) == ("watching", 1)
    edited = run("warning", "draft", "--edit", no, "--damage", "serious", "--json")
    assert json.loads(edited.stdout)["colour_proposed"] == "blue"
    assert "待核" in run("warning", "draft", "--edit", no, "--measures", "升级").stderr
    run("warning", "judge", no)
    assert "另一人签发" in run("warning", "sign", no, code=2).stderr
    run("warning", "sign", no, who="吴景和")
    sent = json.loads(run("warning", "issue", no, "--json").stdout)
    assert len(sent["receipts"]) == 22
    assert sum(not each["matched"] for each in sent["receipts"]) == 21
    number = sent["number"]
    run("warning", "receipt", number, "市人社局", "sign", who="秦北辰")
    run("warning", "receipt", number, "市人社局", "done", "--none", who="秦北辰")
    listed = json.loads(run("warning", "list", "--json").stdout)["warnings"]
    assert listed[0]["receipts"]["none"] == 1
    newer = json.loads(
        run("warning", "adjust", number, "--colour", "黄", "--reason", "在野", "--json").stdout
    )
    assert (newer["replaces"], newer["state"]) == (no, "to_sign")
    run("warning", "drop", newer["no"], "--reason", "尚早")
    run("warning", "lift", number, "--reason", "已修复", "--approved-by", "吴景和")
    assert "没有预警通报" in run("warning", "list").stdout
    shown = run("warning", "show", number).stdout
    assert "已解除" in shown and "完成反馈" in shown


def test_matching_without_a_warning(run: Any) -> None:
    found = json.loads(run("warning", "match", "--product", "大屏", "--json").stdout)
    assert found["units"] == {"岚泽市人民政府办公室": 1}
    assert "不等于不涉及" in run("warning", "match", "--product", "没有的产品").stdout
    run("warning", "match", code=2)


def test_a_case_from_proposal_to_the_end(run: Any, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    hazard = item_of("tls.cert-days", "A-S14", now=now).no
    item = item_of(now=now).no
    assert "是隐患，不是事件" in run("case", "propose", hazard, code=2).stderr
    made = json.loads(run("case", "propose", item, "--value", "home=45", "--json").stdout)
    assert (made["category"], made["level"]) == ("attack/网页篡改", "larger")
    no = json.loads(run("case", "open", item, "--json").stdout)["no"]
    assert "具名" in run("case", "level", no, "较大", who="tlsec", code=2).stderr
    run("case", "level", no, "较大", "--value", "home=45", who="李明澈")
    run("case", "level", no, code=2)
    clocks = json.loads(run("case", "clocks", no, "--json").stdout)["cases"][0]["clocks"]
    assert {c["id"]: c["limit_minutes"] for c in clocks} == {
        "province": 240, "verbal": 30, "written": 120, "summary": 43200,
    }  # fmt: skip
    assert "必填" in run("case", "report", no, "--list").stdout
    run("case", "report", no, "--item", "cause=排查中", "--signer", "吴景和")
    run("case", "told", no, "verbal", "written", "province", "--channel", "12387")
    (tmp_path / "a.log").write_text("x")
    run("case", "attach", no, str(tmp_path / "a.log"), "--origin", "导出")
    words = ["--to", "网安支队", "--suspicion", "非法侵入", "--facts", "首页被替换"]
    run("case", "transfer", no, *words, code=2)
    moved = run("case", "transfer", no, *words, "--approved-by", "吴景和", "--json")
    paper = json.loads(moved.stdout)
    assert len(paper["evidence"][0]["sha256"]) == 64
    run("case", "handover", paper["no"], "--by", "李明澈", "--receipt", "18")
    run("case", "handled", no)
    assert "还有报告没有完成" in run("case", "close", no, code=2).stderr
    said = [f"--item={key}=x" for key in ("cause", "measures", "harm")]
    run("case", "report", no, "--kind", "summary", *said, "--signer", "吴景和")
    run("case", "told", no, "summary")
    closed = json.loads(run("case", "close", no, "--json").stdout)
    assert closed["state"] == "closed"
    shown = json.loads(run("case", "show", no, "--json").stdout)
    assert [r["kind"] for r in shown["reports"]] == ["first", "summary"]
    assert shown["history"][0]["command"] == "case.open"
    assert "已结案" in run("case", "show", no).stdout
    assert "没有未结" in run("case", "list").stdout
    for name in ("incident", "disposal", "transfer"):
        made = json.loads(run("report", name, "--case", no, "--format", "docx", "--json").stdout)
        assert Path(made["papers"][0]).stat().st_size > 5000
    run("report", "incident", code=2)
    run("report", "incident", "--case", "SJ-2026-9999", code=2)


def test_late_clocks_are_findings(run: Any) -> None:
    run("case", "open", "--class", "网页篡改", "--found", "2020-01-01 08:00", "--title", "旧事")
    done = run("case", "clocks", code=1)
    assert "已超时" in done.stdout
    assert "旧事" in run("case", "list").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["warning", "show", "YB-2026-0009"],
        ["warning", "draft", "--title", "x"],
        ["warning", "draft", "--title", "x", "--class", "漏洞利用", "--until", "明天"],
        ["case", "show", "SJ-2026-0009"],
        ["case", "open", "YJ-2026-00009"],
        ["case", "open", "--class", "网页篡改", "--found", "昨天"],
        ["case", "level", "SJ-2026-0001", "--value", "home"],
        ["case", "level", "SJ-2026-0001", "--value", "home=x"],
        ["case", "report", "SJ-2026-0001", "--item", "cause"],
        ["report", "warning"],
        ["report", "receipts", "--warning", "YB-2026-0009"],
    ],
)
def test_wrong_use_ends_with_two_and_a_sentence(run: Any, words: list[str]) -> None:
    done = run(*words, code=2)
    assert done.stderr.strip() and "Traceback" not in done.stderr
