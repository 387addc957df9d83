"""Answers as a person gives them at the command line, in processes that may die at any moment."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests import desk as desks
from tests.desk import Desk


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    root = tmp_path_factory.mktemp("answers")
    return desks.make(root / "workspace", root / "compiled")


@pytest.fixture
def desk(city: Desk, tmp_path: Path) -> Iterator[Desk]:
    yield city.copy(tmp_path / "workspace")


def questions(desk: Desk, system: str, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.json("assess", "questions", system, *more)["questions"]
    return found


def plain_choice(question: dict[str, Any]) -> int:
    """Place of an answer that needs no evidence."""
    return next(i for i, c in enumerate(question["answers"]) if not c["needs"])


def count(desk: Desk, table: str = "answer") -> int:
    found: int = desk.rows(f"SELECT COUNT(*) FROM assess_{table}")[0][0]
    return found


def test_one_answer_from_question_to_review(desk: Desk) -> None:
    asked = next(q for q in questions(desk, "S20", "--open") if q["answers"][0]["needs"])
    (desk.root / "证据.txt").write_text("有", encoding="utf-8")
    today = time.strftime("%Y-%m-%d")
    papers = [
        part
        for need in asked["answers"][0]["needs"]
        for part in ("--evidence", f"{need}=证据.txt@{today}")
    ]
    words = ["assess", "answer", "S20", asked["question"], "--choose", asked["answers"][0]["id"]]
    refused = desk.run("--as", "周若川", *words)
    assert refused.returncode == 2 and "要交证据" in refused.stderr
    done = desk.run("--as", "周若川", *words, "--note", "看过", *papers)
    assert done.returncode == 0, done.stderr
    (waiting,) = desk.json("assess", "review", "S20")["waiting"]
    own = desk.run("--as", "周若川", "assess", "review", "S20", str(waiting["id"]), "--accept")
    assert own.returncode == 2 and "须由另一人审核" in own.stderr
    wrong = desk.run("--as", "吴景和", "assess", "review", "S02", str(waiting["id"]), "--accept")
    assert wrong.returncode == 2 and "没有第" in wrong.stderr
    done = desk.run("--as", "吴景和", "assess", "review", "S20", "--all-from", "周若川", "--accept")
    assert done.returncode == 0 and "1 条" in done.stdout
    (now,) = (q for q in questions(desk, "S20") if q["question"] == asked["question"])
    assert (now["state"], now["by"], now["reviewer"]) in (
        ("answered", "周若川", "吴景和"), ("expiring", "周若川", "吴景和"),
    )  # fmt: skip
    assert desk.json("assess", "verify") == {"files": 1, "damaged": []} or len(papers) > 2
    (stored,) = [p for p in (desk.root / "data" / "evidence").rglob("*") if p.is_file()]
    stored.chmod(0o600)
    stored.write_text("换了", encoding="utf-8")
    done = desk.run("assess", "verify", "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["damaged"][0]["what"] == "altered"


def test_wrong_uses_end_with_one_sentence(desk: Desk) -> None:
    for words, what in (
        (["questions", "S99"], "台账里没有系统 S99"),
        (["questions", "S02", "--role", "没有的"], "没有角色"),
        (["answer", "S02"], "要在终端里"),
        (["answer", "S02", "x.y", "--choose", "a"], "没有问题 x.y"),
        (["answer", "S02", "x.y", "--note", "a"], "要和 --choose 一起用"),
        (["answer", "S02", "x.y", "--choose", "a", "--evidence", "没有等号"], "写作 种类=文件"),
        (["review", "S02", "1"], "--accept 或 --reject"),
        (["export", "没有的局"], "台账里没有单位"),
        (["export"], "写单位"),
        (["export", "市数据局", "a.txt"], ".xlsx 结尾"),
        (["export", "市数据局", "--until", "后天"], "不是日期"),
        (["import", "没有.xlsx", "没有.yaml"], "没有这个文件"),
        (["exclude", "S02", "8.1.1.1-a"], "由谁决定"),
        (["inherit", "S02"], "--reference"),
        (["inherit", "S02", "--reference", "R", "--until", "某天"], "不是日期"),
    ):
        done = desk.run("assess", *words)
        assert done.returncode == 2 and what in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr
    assert count(desk) == 0


def test_decisions_and_what_they_leave_to_ask(desk: Desk) -> None:
    first = questions(desk, "S02")[0]
    words = ["--reason", "托管机房", "--decided-by", "周若川", "--until", "2999-01-01"]
    assert desk.run("assess", "exclude", "S02", first["item"], *words).returncode == 0
    assert desk.json("assess", "exclude", "S02")["exclusions"][0]["line"] == first["line"]
    low = desk.run("assess", "inherit", "S02", "--platform", "S20", "--reference", "R-1",
                   "--until", time.strftime("%Y-12-31"), "--json")  # fmt: skip
    assert low.returncode == 1 and "低于" in json.loads(low.stdout)["findings"][0]
    assert desk.json("assess", "inherit", "S02", "--list")["in_force"]["platform"] == "S20"
    states = {q["state"] for q in questions(desk, "S02")}
    assert {"excluded", "inherited", "open"} <= states
    assert desk.run("assess", "exclude", "S02", first["item"], "--end").returncode == 0
    assert desk.run("assess", "inherit", "S02", "--end").returncode == 0
    assert {q["state"] for q in questions(desk, "S02")} == {"open"}
    assert desk.run("audit", "verify").returncode == 0


def plain_choices() -> dict[str, int]:
    """Question → place of an answer that needs no evidence."""
    from tlsec import content
    from tlsec.policy import catalog, question

    folders = content.policies()
    loaded = question.load(folders, catalog.load(folders[0] / "catalogs" / "gbt22239-2019"))
    return {
        id_: next(i for i, c in enumerate(q.answers) if not c.needs)
        for id_, q in loaded.by_id.items()
    }


def fill_all(path: Path, by_question: dict[str, int]) -> int:
    """Answer every row with what needs no evidence."""
    book = openpyxl.load_workbook(path)
    filled = 0
    for sheet in book.worksheets[1:-1]:
        for row in range(2, sheet.max_row + 1):
            sheet[f"F{row}"] = chr(ord("A") + by_question[sheet[f"L{row}"].value])
            sheet[f"G{row}"] = f"第{row}行"
            sheet[f"I{row}"] = "周若川"
            filled += 1
    book.save(path)
    return filled


def test_a_killed_import_leaves_nothing_half_done(desk: Desk) -> None:
    path = desk.root / "答题.xlsx"
    assert desk.run("assess", "export", "市公积金中心", str(path)).returncode == 0
    total = fill_all(path, plain_choices())
    assert total > 100
    wal = desk.root / "data" / "tlsec.sqlite3-wal"
    for pause in (0.0, 0.1):
        process = desk.start("assess", "import", str(path))
        size = wal.stat().st_size if wal.exists() else 0
        deadline = time.monotonic() + 60
        # spilled pages of the open transaction, or the bundle of its end
        while time.monotonic() < deadline and process.poll() is None:
            if wal.exists() and wal.stat().st_size > size:
                break
            time.sleep(0.01)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert count(desk) in (0, total)
        assert desk.run("audit", "verify").returncode == 0
    done = desk.run("assess", "import", str(path), "--json")
    assert done.returncode == 0, done.stderr
    (file,) = json.loads(done.stdout)["files"]
    assert len(file["taken"]) + file["already"] == total == count(desk)


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, desk: Desk, *words: str) -> None:
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            os.chdir(desk.root)
            code = "from tlsec.cli import main; main()"
            os.execve(sys.executable, [sys.executable, "-c", code, *words], desk.environment())
        self.seen = ""

    def until(self, text: str) -> str:
        """Read on until a text comes; what came before it."""
        deadline = time.monotonic() + 40
        while text not in self.seen:
            ready, _w, _x = select.select(
                [self._handle], [], [], max(deadline - time.monotonic(), 0)
            )
            assert ready, self.seen
            try:
                data = os.read(self._handle, 65536)
            except OSError:
                data = b""
            assert data, self.seen
            self.seen += data.decode(errors="replace")
        before, _text, self.seen = self.seen.partition(text)
        return before

    def type(self, line: str) -> None:
        os.write(self._handle, (line + "\n").encode())

    def end(self, number: int = 0) -> int:
        if number:
            os.kill(self.pid, number)
        status = os.waitpid(self.pid, 0)[1]
        os.close(self._handle)
        return status


def test_a_killed_terminal_loses_no_answer(desk: Desk) -> None:
    asked = questions(desk, "S20", "--open")
    terminal = Terminal(desk, "--as", "周若川", "assess", "answer", "S20")
    assert f"1/{len(asked)}" in terminal.until("答案：")
    terminal.type("99")
    terminal.until("没有这个选项")
    terminal.until("答案：")
    terminal.type("s")
    assert f"2/{len(asked)}" in terminal.until("答案：")
    terminal.type("b")
    assert f"1/{len(asked)}" in terminal.until("答案：")
    terminal.type(str(plain_choice(asked[0]) + 1))
    terminal.until("说明")
    terminal.type("亲眼看过")
    terminal.until("已保存")
    terminal.until("答案：")
    terminal.type(str(plain_choice(asked[1]) + 1))
    terminal.until("说明")
    terminal.end(signal.SIGKILL)  # in the middle of the second
    rows = desk.rows("SELECT question, by, note FROM assess_answer")
    assert rows == [(asked[0]["question"], "周若川", "亲眼看过")]
    again = Terminal(desk, "--as", "周若川", "assess", "answer", "S20")
    assert f"1/{len(asked) - 1}" in again.until("答案：")
    again.type("q")
    assert f"还有 {len(asked) - 1} 题要答" in again.until("接着答") + "".join(again.seen)
    assert again.end() == 0
