"""Which fonts print which role, and whether they have every character of a text.

Checked before printing: a paper with a hollow box in a person's name is worse than no paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.report import cmap, content
from tlsec.report.errors import MissingPart, Uncovered

Role = Literal["仿宋", "楷体", "黑体", "宋体", "小标宋"]
ROLES: tuple[Role, ...] = ("仿宋", "楷体", "黑体", "宋体", "小标宋")
_PROBE = "网络安全一〇"  # a font without these is no font for Chinese papers
_SHOWN = 12  # characters named in a refusal


class PdfFont(BaseModel):
    """A font to look for, and the weight to ask of it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str
    weight: int = 400


class RoleFonts(BaseModel):
    """One role of fonts.yaml."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    docx: list[str]
    pdf: list[PdfFont]
    gb2312_only: bool = False


class FontsFile(BaseModel):
    """fonts.yaml."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    roles: dict[Role, RoleFonts]


@dataclass(frozen=True, slots=True)
class Face:
    """An installed font face as the PDF engine names it."""

    family: str
    weight: int
    path: str
    index: int


@dataclass(frozen=True, slots=True)
class Found:
    """What prints a role: families in order (the first prints), the weight, and their faces."""

    role: Role
    families: tuple[str, ...]
    weight: int
    faces: tuple[Face, ...]

    def covers(self, char: str) -> bool:
        """Whether any of the role's faces has the character."""
        return any(char in cmap.read(face.path, face.index) for face in self.faces)


def load(overlay: Path | None = None) -> FontsFile:
    """fonts.yaml, the workspace's first. Raises Faulty with file:line."""
    fonts = marked_yaml.parse(
        FontsFile, marked_yaml.load(content.find("reports/fonts.yaml", overlay))
    )
    missing = [role for role in ROLES if role not in fonts.roles]
    if missing:
        fault = marked_yaml.Fault(
            "reports/fonts.yaml", _("缺少字体用途：{roles}").format(roles=listed(missing))
        )
        raise marked_yaml.Faulty([fault])
    return fonts


@cache
def installed(folders: tuple[Path, ...] = ()) -> tuple[Face, ...]:
    """Faces the PDF engine can use here, in its own words for them. Raises MissingPart."""
    try:
        import typst
    except ImportError as error:
        raise MissingPart(no_engine()) from error
    listed = typst.Fonts(include_embedded_fonts=False, font_paths=list(folders)).fonts()
    return tuple(Face(f.family, f.weight, f.path, f.index) for f in listed if f.path)


def no_engine() -> str:
    """The sentence for a machine without the PDF engine."""
    return _("生成 PDF 需要 typst，本机没有。请运行：pip install 'tlsec[pdf]'")


def resolve(fonts: FontsFile, faces: Iterable[Face]) -> dict[Role, Found]:
    """Every role with the fonts that are there. Raises MissingPart where no Chinese one is."""
    by_family: dict[str, list[Face]] = {}
    for face in faces:
        by_family.setdefault(face.family.casefold(), []).append(face)
    result: dict[Role, Found] = {}
    for role, wanted in fonts.roles.items():
        chosen = [
            (font.weight, min(there, key=lambda face: abs(face.weight - font.weight)))
            for font in wanted.pdf
            if (there := by_family.get(font.name.casefold()))
        ]
        chosen = [pair for pair in chosen if _chinese(pair[1])]
        if not chosen:
            raise MissingPart(_no_font(role))
        result[role] = _found(role, chosen[0][0], [face for _weight, face in chosen])
    # what a role lacks may be lent by the fonts of the others before it is called missing
    lenders = [face for found in result.values() for face in found.faces]
    return {
        role: _found(role, found.weight, [*found.faces, *lenders]) for role, found in result.items()
    }


def _found(role: Role, weight: int, faces: Iterable[Face]) -> Found:
    used = tuple(dict.fromkeys(faces))
    return Found(role, tuple(dict.fromkeys(face.family for face in used)), weight, used)


def _chinese(face: Face) -> bool:
    coverage = cmap.read(face.path, face.index)
    return all(char in coverage for char in _PROBE if char != "〇")


def _no_font(role: Role) -> str:
    return _(
        "本机没有可用于“{role}”的中文字体，未生成 PDF。请安装字体后重试："
        "apt install fonts-noto-cjk（Debian/Ubuntu/统信/麒麟），或将仿宋、黑体等字体文件放入字体目录。"
    ).format(role=role)


def uncovered(text: Iterable[str], found: Iterable[Found]) -> tuple[str, ...]:
    """Characters of `text` that some role cannot print, in order of first use."""
    roles = tuple(found)
    seen = dict.fromkeys(char for part in text for char in part if not _unprinted(char))
    return tuple(char for char in seen if not all(role.covers(char) for role in roles))


def _unprinted(char: str) -> bool:
    """Line ends, joiners and variation selectors have no picture of their own."""
    return char in "\n\u200c\u200d" or "\ufe00" <= char <= "\ufe0f"


def coverage(text: str, overlay: Path | None = None) -> tuple[str, ...]:
    """Characters of `text` that the fonts here cannot print; empty when all is well.

    Raises MissingPart where the engine or every Chinese font is missing.
    """
    return uncovered([text], resolve(load(overlay), installed()).values())


def refusal(characters: tuple[str, ...]) -> Uncovered:
    """The exception that names what cannot be printed."""
    shown = listed(f"{char}（U+{ord(char):04X}）" for char in characters[:_SHOWN])
    if len(characters) > _SHOWN:
        shown += _("等 {n} 个字符").format(n=len(characters))
    message = _(
        "本机字体缺少这份公文用到的字符：{shown}。未生成 PDF。请安装含这些字符的字体"
        "（如 fonts-noto-cjk），或改正文字，或允许以编码代替打印。"
    ).format(shown=shown)
    return Uncovered(message, characters)


def replace(text: str, missing: frozenset[str]) -> str:
    """`text` with every missing character written as its code, such as [U+1F600]."""
    if missing.isdisjoint(text):
        return text
    return "".join(f"[U+{ord(char):04X}]" if char in missing else char for char in text)
