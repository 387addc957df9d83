"""`tlsec demo`: the whole loop as anybody can call it."""

from __future__ import annotations

import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk

CHECKS = {
    1: "life.zombie", 2: "net.allocation", 3: "boundary.exit", 4: "boundary.flow",
    5: "web.hidden-link", 6: "tls.cert-days", 7: "web.backoffice", 8: "web.default-account",
    9: "dns.match", 10: "tls.versions", 11: "web.operator", 12: "net.exposure",
    13: "record.zero-report", 14: "web.page-change",
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, dict[str, Any]]:
    """The demonstration in a folder of its own, and what it printed."""
    root = tmp_path_factory.mktemp("demo")
    desk = Desk(root, root / "compiled")
    done = desk.run("demo", "--json", "--dir", str(root / "city"), seconds=170)
    assert done.returncode == 0, done.stdout + done.stderr
    return Desk(root / "city", desk.cache), json.loads(done.stdout)


def test_every_trouble_is_found_by_its_check_and_nothing_else(
    told: tuple[Desk, dict[str, Any]],
) -> None:
    _desk, said = told
    assert set(said) >= {"troubles", "unexpected", "closed", "papers", "audit"}
    troubles = {row["id"]: row for row in said["troubles"]}
    assert {id_: row["check"] for id_, row in troubles.items()} == CHECKS
    assert all(set(row) >= {"id", "name", "check", "found"} for row in said["troubles"])
    assert [id_ for id_, row in troubles.items() if not row["found"]] == [14]
    assert all(row["as_expected"] for row in said["troubles"])
    assert said["unexpected"] == []
    assert said["audit"] == "ok"


def test_one_is_closed_and_the_others_stay_open(told: tuple[Desk, dict[str, Any]]) -> None:
    desk, said = told
    items = {row["no"]: row for row in desk.json("register", "list", "--all")["items"]}
    assert [no for no, row in items.items() if row["state"] == "closed"] == said["closed"]
    assert items[said["closed"][0]]["check"] == "web.hidden-link"
    assert len(said["closed"]) == 1
    assert desk.json("audit", "verify")["audit"] == "ok"


def test_the_papers_open(told: tuple[Desk, dict[str, Any]]) -> None:
    from docx import Document
    from openpyxl import load_workbook

    _desk, said = told
    papers = {Path(path).suffix: Path(path) for path in said["papers"]}
    assert {".docx", ".xlsx", ".html"} <= set(papers)
    text = "\n".join(p.text for p in Document(str(papers[".docx"])).paragraphs)
    assert "望川县" in text
    sheet = load_workbook(papers[".xlsx"]).worksheets[0]
    assert sheet.max_row > 13
    assert "岚泽市" in papers[".html"].read_text(encoding="utf-8")
    if ".pdf" in papers:  # only where there is a Chinese font
        assert BytesIO(papers[".pdf"].read_bytes()).read(5) == b"%PDF-"


def test_nothing_is_left_running(told: tuple[Desk, dict[str, Any]]) -> None:
    desk, _said = told
    root = str(desk.root).encode()
    alive = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                words = Path(entry.path, "cmdline").read_bytes()
            except OSError:
                continue
            alive += [entry.name] if root in words else []
    assert alive == []
    assert not (desk.root / "data" / "range").exists()
