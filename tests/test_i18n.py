"""Both languages are whole: every text is marked, every marked text has its English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import messages
from tlsec import i18n
from tlsec.inventory.columns import tables

CODE = messages.ROOT / "tlsec"
CHINESE = re.compile(r"[\u3001\u3002\u3400-\u9fff\uff01-\uff20]")
HAN = re.compile(r"[\u3400-\u9fff]")
MARKERS = ("_", "N_", "ngettext", "listed")

# Chinese that is no text of the interface. A folder ends with "/".
NOT_TRANSLATED = {
    "assess/workbook.py": "name of a font",
    "assess/workbook_layout.py": "separators and words that cells may hold",
    "cli/click_words.py": "itself a table of Click's words in Chinese",
    "cli/init.py": "names of the sample city",
    "cli/inventory.py": "a county of the sample city in an example",
    "cli/register/words.py": "units of time that may be typed",
    "i18n.py": "the marks that `listed` puts between parts",
    "cli/report.py": "number of an official document",
    "incident/keeping.py": "mark of a drill in a number",
    "ingest/": "words and forms of dates that other systems write",
    "inventory/choices.py": "tiers of secrecy, printed in Chinese in every language",
    "inventory/fields.py": "separators and words that cells may hold",
    "inventory/xlsx_write.py": "name of a font",
    "inventory/yaml_io.py": "pattern of texts that need no quotes",
    "notify/redact.py": "pattern of secrets",
    "notify/secret.py": "places to fill in of an example",
    "period/sample.py": "the sample city",
    "period/zero_files.py": "words and dates that cells may hold",
    "policy/product_match.py": "pattern of texts",
    "policy/judge.py": "puts lists into the Chinese message, beside the English one",
    "range/": "pages, names and answers of the sample city's servers",
    "register/dispatch.py": "number of an official document",
    "register/exchange.py": "name of a font",
    "register/exchange_layout.py": "separators and dates that cells may hold",
    "register/items.py": "mark of a drill in a number",
    "register/papers.py": "sentences of official papers",
    "report/blocks.py": "labels that GB/T 9704 sets for official papers",
    "report/docx.py": "names of fonts",
    "report/docx_front.py": "name of a font",
    "report/docx_package.py": "names of styles and fonts",
    "report/fonts.py": "names of fonts",
    "report/html.py": "names of fonts",
    "report/papers/assessment_parts.py": "numerals of levels",
    "report/papers/assessment_words.py": "numerals of levels",
    "report/papers/notice.py": "sentences of official papers",
    "report/papers/period_zero.py": "name of a font",
    "report/sheet.py": "name of a font",
    "report/typst.py": "names of fonts",
    "report/words.py": "dates and line breaks of official papers",
    "scan/judging.py": "Chinese messages, kept beside the English ones",
    "wire/": "patterns that match the text of Chinese pages",
}


def test_the_catalogue_is_complete() -> None:
    assert messages.faults(messages.stored()) == []


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    assert messages.MO.read_bytes() == messages.mo_bytes(messages.PO.read_bytes())


def test_the_catalogue_tells_nothing_of_where_it_was_made() -> None:
    text = messages.PO.read_text()
    assert not re.search(r"^#: |-Date:|Translator|Team|Generated-By", text, re.M)


def test_faults_are_seen() -> None:
    catalogue = messages.stored()
    first, second = (m for m in list(catalogue)[1:] if "{n}" in str(m.id)[:12]), "x{n"
    broken = [next(first), next(first)]
    broken[0].string, broken[1].string = "no place", second
    lost = next(m.id for m in catalogue if m.id == "告警")
    catalogue.delete(lost)
    catalogue.add("没有人说的话", "nothing says this")
    found = "\n".join(messages.faults(catalogue))
    assert "not in the catalogue: '告警'" in found
    assert "no longer in the code: '没有人说的话'" in found
    assert found.count("other placeholders") == 2


def _allowed(path: Path) -> str | None:
    name = path.relative_to(CODE).as_posix()
    return next(
        (key for key in NOT_TRANSLATED if name == key or (key[-1] == "/" and name.startswith(key))),
        None,
    )


def _unmarked(tree: ast.Module) -> Iterator[ast.Constant]:
    """Chinese literals outside markers, docstrings and {"zh": …, "en": …} pairs."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKERS:
            skipped.update(id(argument) for argument in node.args)
        elif isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if keys == {"zh", "en"}:
                skipped.update(map(id, node.values))
    for node in ast.walk(tree):
        if id(node) in skipped or not isinstance(node, ast.Constant):
            continue
        if isinstance(node.value, str) and CHINESE.search(node.value):
            yield node


def test_every_text_is_marked() -> None:
    unmarked, used = [], set()
    for path in sorted(CODE.rglob("*.py")):
        for node in _unmarked(ast.parse(path.read_text())):
            if allowed := _allowed(path):
                used.add(allowed)
            elif HAN.search(
                node.value
            ):  # marks alone, as brackets around a name, read in any language
                unmarked.append(f"{path.relative_to(CODE)}:{node.lineno}: {node.value!r}")
    assert unmarked == []
    assert set(NOT_TRANSLATED) - used == set(), "no Chinese left there: drop these lines"


def test_marked_texts_are_plain_literals() -> None:
    """`_(f"…")` would never be found in the catalogue."""
    wrong = []
    for path in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in MARKERS[:3]:
                continue
            if any(isinstance(a, (ast.JoinedStr, ast.BinOp)) for a in node.args):
                wrong.append(f"{path.relative_to(CODE)}:{node.lineno}")
    assert wrong == []


@pytest.fixture
def english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("zh")


def test_english_is_used_and_left_again(english: None) -> None:
    assert i18n._("风险预警台账") == "Risk-warning register"
    assert i18n.listed(["a", "b"]) == "a, b"
    i18n.use("zh_CN.UTF-8")
    assert i18n._("风险预警台账") == "风险预警台账"
    assert i18n.listed(["甲", "乙"], "；") == "甲；乙"


def test_inventory_titles_stay_unique_and_fit_a_workbook(english: None) -> None:
    sheets = [each.title for each in tables().values()]
    assert len({title.casefold() for title in sheets}) == len(sheets)
    for each in tables().values():
        assert len(each.title) <= 31 and not set(each.title) & set("[]:*?/\\")
        titles = [column.title.casefold() for column in each.columns]
        assert len(set(titles)) == len(titles), each.name
