"""Block document → PDF, by the typst engine and `reports/paper.typ`.

The text goes in as JSON and is never read as markup. The same document and fonts give the same bytes.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from tlsec.i18n import _
from tlsec.report import blocks, charts, content, fonts, words
from tlsec.report.blocks import Document, Figure, Meta
from tlsec.report.errors import MissingPart, PaperError

TEMPLATE = "reports/paper.typ"
_PICTURES = b"""#set page(width: auto, height: auto, margin: 0pt)
#for d in json(bytes(sys.inputs.drawings)) {
  page(image(bytes(d.svg), format: "svg", width: d.width * 1mm))
}"""


def write(
    document: Document,
    path: Path,
    *,
    allow_fallback: bool = False,
    overlay: Path | None = None,
    font_folders: tuple[Path, ...] = (),
) -> None:
    """Print the document into a PDF file.

    Raises MissingPart where typst or every Chinese font is missing, Uncovered where the fonts lack
    characters (with `allow_fallback` these are printed as codes, such as [U+1F600]), PaperError
    where the engine refuses. Nothing is left behind on failure.
    """
    pdf = render(
        document, allow_fallback=allow_fallback, overlay=overlay, font_folders=font_folders
    )
    path.write_bytes(pdf)


def render(
    document: Document,
    *,
    allow_fallback: bool = False,
    overlay: Path | None = None,
    font_folders: tuple[Path, ...] = (),
) -> bytes:
    """The PDF as bytes; arguments and errors as of `write`."""
    found = fonts.resolve(fonts.load(overlay), fonts.installed(font_folders))
    data = blocks.to_data(document) | {"sections": blocks.sections(document)}
    del data["blocks"]
    printed = [*blocks.texts(document), *blocks.drawn_texts(document)]
    missing = fonts.uncovered([*printed, words.clean(document.footer)], found.values())
    if missing and not allow_fallback:
        raise fonts.refusal(missing)
    if missing:
        data = _replace(data, frozenset(missing))
    for section in data["sections"]:
        for block in section["blocks"]:
            if block["kind"] == "Figure":
                block["svg"] = charts.with_font(block["svg"], found["黑体"].families)
    roles = {role: {"families": f.families, "weight": f.weight} for role, f in found.items()}
    inputs = {
        "data": json.dumps(data, ensure_ascii=False),
        "fonts": json.dumps(roles, ensure_ascii=False),
    }
    return _compile(content.find(TEMPLATE, overlay), inputs, document, font_folders)


def pictures(figures: tuple[Figure, ...], *, overlay: Path | None = None) -> tuple[bytes, ...]:
    """The drawings as PNG of 220 dots an inch, for files that cannot hold SVG.

    Raises MissingPart without typst or fonts, Uncovered where the fonts lack a character of them.
    """
    if not figures:
        return ()
    found = fonts.resolve(fonts.load(overlay), fonts.installed())
    texts = blocks.drawn_texts(Document("worksheet", "", figures, Meta(date.min)))
    missing = fonts.uncovered(texts, [found["黑体"]])
    if missing:
        raise fonts.refusal(missing)
    families = found["黑体"].families
    drawings = [
        {"svg": charts.with_font(words.clean(each.svg), families), "width": each.width}
        for each in figures
    ]
    typst = _engine()
    try:
        made = typst.compile(
            _PICTURES, format="png", ppi=220, font_paths=_font_book(()),
            sys_inputs={"drawings": json.dumps(drawings, ensure_ascii=False)},
        )  # fmt: skip
    except typst.TypstError as error:
        raise PaperError(_("图形绘制失败：{reason}").format(reason=error.message)) from error
    return tuple(made) if isinstance(made, list) else (bytes(made),)


def _engine() -> Any:
    try:
        import typst
    except ImportError as error:
        raise MissingPart(fonts.no_engine()) from error
    return typst


@cache
def _font_book(folders: tuple[Path, ...]) -> Any:
    """The fonts of this machine; looking for them takes longer than printing a page."""
    return _engine().Fonts(include_embedded_fonts=False, font_paths=list(folders))


def _compile(
    template: Path, inputs: dict[str, str], document: Document, folders: tuple[Path, ...]
) -> bytes:
    typst = _engine()
    try:
        pdf, warnings = typst.compile_with_warnings(
            template.read_bytes(),
            font_paths=_font_book(folders),
            sys_inputs=inputs,
            format="pdf",
            timestamp=datetime.combine(document.meta.date, time(), UTC),
        )
    except typst.TypstError as error:
        raise PaperError(_("PDF 排版失败：{reason}").format(reason=error.message)) from error
    if warnings:
        # a font that is not there is only a warning, and the page would be set in another
        raise PaperError(_("PDF 排版失败：{reason}").format(reason=warnings[0].message))
    return bytes(pdf)


def _replace(value: Any, missing: frozenset[str]) -> Any:
    if isinstance(value, str):
        return fonts.replace(value, missing)
    if isinstance(value, list):
        return [_replace(item, missing) for item in value]
    if isinstance(value, dict):
        return {key: _replace(item, missing) for key, item in value.items()}
    return value
