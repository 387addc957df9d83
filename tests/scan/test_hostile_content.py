"""What a hostile page says is text wherever it is shown: in the terminal, in the ledger, on the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Tree
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

if TYPE_CHECKING:
    from tlsec.scan.runs import Ground

TITLE = (
    "[bold red]标题[/][/nonsense] \x1b[2J\x1b]0;owned\x07 \x00\x08\r\n"
    "<script>alert(1)</script> =cmd|'/c calc'!A1 \u202eexe.txt \u200b {0} %s ]]> &amp;"
)
MARKS = ("\x1b", "\x07", "\x00", "\x08", "\u202e")


@pytest.fixture
def poisoned(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """A failed verdict, its alert and its item, with hostile text in every field a target can fill."""
    from tests.scan.fakes import Ports, begin
    from tlsec.register.models import Alert, RiskItem
    from tlsec.scan import jobs, runs
    from tlsec.scan.models import Verdict

    monkeypatch.setattr(runs, "probes_of", lambda workspace: {"net.port": Ports()})
    job = jobs.spec(
        "net.port", "z6", asset="A-S16", address="192.0.2.11", ports=(27017,), declared=(),
        follow=False,
    )  # fmt: skip
    runs.go(ground, begin(ground, [job]), "甲")
    assert RiskItem.objects.exists()
    Alert.objects.update(message=TITLE, message_en=TITLE)
    RiskItem.objects.update(description=TITLE, title=TITLE[:200], address=TITLE[:300])
    for verdict in Verdict.objects.filter(state="fail"):
        verdict.clauses = [{**clause, "message": TITLE} for clause in verdict.clauses]
        verdict.save()
    return ground


@pytest.fixture
def shown(tables: object, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call the command line inside this process, in a wide terminal."""
    from tlsec.cli import _build

    monkeypatch.setenv("COLUMNS", "300")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(_build(), arguments)

    return call


def test_terminal_tables_show_text_only(poisoned: Ground, shown: Callable[..., Result]) -> None:
    from tlsec.register.models import RiskItem

    no = RiskItem.objects.order_by("no").values_list("no", flat=True)[0]
    for arguments in (["alert", "list"], ["register", "list"], ["register", "show", no]):
        result = shown(*arguments)
        assert result.exit_code == 0, (arguments, result.exception)
        assert "[bold red]标题[/]" in result.output, arguments
        assert not [mark for mark in MARKS if mark in result.output], arguments


def test_json_carries_it_unharmed(poisoned: Ground, shown: Callable[..., Result]) -> None:
    import json

    result = shown("alert", "list", "--json")
    assert result.exit_code == 0, result.exception
    assert TITLE in {alert["message"] for alert in json.loads(result.output)["alerts"]}
    assert not [mark for mark in ("\x1b", "\x07", "\x00", "\x08") if mark in result.output]


def test_papers_show_text_only(poisoned: Ground) -> None:
    from docx import Document
    from openpyxl import load_workbook

    from tlsec.register import papers
    from tlsec.register.models import RiskItem
    from tlsec.report import docx, legal
    from tlsec.report.papers import ledger, notice, scan_summary
    from tlsec.report.papers.data import LedgerMeta
    from tlsec.scan import summary
    from tlsec.scan.models import Run

    now, folder = datetime.now(UTC), poisoned.workspace.data
    items = list(RiskItem.objects.order_by("no"))
    meta = LedgerMeta(city="岚泽市", made=now, query="全部")
    ledger.write(papers.ledger_rows(items, now), meta, folder / "台账.xlsx")
    sheet = load_workbook(folder / "台账.xlsx").worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert any("标题" in cell.value for cell in cells)
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert not [cell for cell in cells if any(mark in cell.value for mark in MARKS)]

    scan_summary.write(
        summary.of(Run.objects.get(), poisoned.workspace, poisoned.policy), folder / "小结.html"
    )
    page = (folder / "小结.html").read_text(encoding="utf-8")
    assert "标题" in page and "<script>alert(1)" not in page
    assert not [mark for mark in MARKS if mark in page]

    unit = items[0].unit
    document = notice.build(papers.notice(poisoned.workspace, unit, items, "", legal.basis()))
    docx.write(document, folder / "通知.docx")
    text = "\n".join(
        cell.text for table in Document(str(folder / "通知.docx")).tables for row in table.rows
        for cell in row.cells
    )  # fmt: skip
    text += "\n".join(p.text for p in Document(str(folder / "通知.docx")).paragraphs)
    assert "标题" in text and not [mark for mark in MARKS if mark in text]
    with ZipFile(folder / "通知.docx") as package:
        Tree.fromstring(package.read("word/document.xml"))
