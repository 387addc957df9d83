"""Block document → one self-contained HTML page: a preview that prints on the official page.

No script, nothing from outside, autoescape on; a content policy in the page forbids both even if
an overlay template should try.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from tlsec.report import blocks, charts, content, fonts
from tlsec.report.blocks import Document
from tlsec.report.fonts import FontsFile, Role

TEMPLATE = "reports/document.html.j2"
_CSS: dict[str, tuple[Role, str]] = {
    "fang": ("仿宋", "serif"),
    "kai": ("楷体", "serif"),
    "hei": ("黑体", "sans-serif"),
    "song": ("宋体", "serif"),
    "biao": ("小标宋", "serif"),
}


def write(document: Document, path: Path, *, overlay: Path | None = None) -> None:
    """Write the document as one HTML file."""
    path.write_text(render(document, overlay=overlay), encoding="utf-8")


def render(document: Document, *, overlay: Path | None = None) -> str:
    """The document as one HTML page."""
    css = font_stacks(fonts.load(overlay))
    data = blocks.to_data(document) | {"sections": blocks.sections(document)}
    _link([block for section in data["sections"] for block in section["blocks"]], css["hei"])
    return page(TEMPLATE, {"doc": data, "css": css}, overlay)


def _link(data: list[dict[str, Any]], font: str) -> None:
    """Anchors of headings, entries of tables of contents, drawings as pictures."""
    headings = [block for block in data if block["kind"] == "Heading"]
    for number, heading in enumerate(headings):
        heading["anchor"] = f"h{number}"
    for at, block in enumerate(data):
        if block["kind"] == "Figure":
            # a picture runs no script and loads nothing, whatever its text says
            svg = charts.with_font(block["svg"], font).encode()
            block["uri"] = "data:image/svg+xml;base64," + b64encode(svg).decode()
        elif block["kind"] == "Contents":
            later = [each for each in data[at + 1 :] if each["kind"] == "Heading"]
            block["entries"] = [each for each in later if each["level"] <= block["depth"]]


def page(template: str, values: dict[str, Any], overlay: Path | None = None) -> str:
    """A page from one of our templates: sandboxed, values escaped, a missing value is an error."""
    environment = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=False, keep_trailing_newline=True
    )
    return environment.from_string(content.read(template, overlay)).render(values)


def font_stacks(names: FontsFile) -> dict[str, Markup]:
    """CSS font-family lists by role; names are quoted, so an odd name cannot end the rule."""
    return {
        key: Markup(", ".join([*(_quoted(name) for name in _names(names, role)), generic]))  # noqa: S704
        for key, (role, generic) in _CSS.items()
    }


def _names(names: FontsFile, role: Role) -> list[str]:
    found = names.roles[role]
    return list(dict.fromkeys([*found.docx, *(font.name for font in found.pdf)]))


def _quoted(name: str) -> str:
    safe = "".join(char for char in name if char.isalnum() or char in " _-.")
    return f'"{safe}"'
