"""The .docx package around the text: our own styles, fonts and settings, and the same bytes each time.

The template of python-docx brings a theme that sends Chinese to a Japanese font, a thumbnail and
400 kB of unused styles; none of that is kept. Styles are addressed by id, so a localised Word and
WPS find them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from xml.sax.saxutils import quoteattr

import docx
from docx.document import Document as DocxDocument
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tlsec.report.blocks import Document
from tlsec.report.fonts import FontsFile, Role
from tlsec.report.words import clean

LINE = 579  # 28.95 pt in twentieths: 22 lines in 225 mm (GB/T 9704-2012, 5.2.2)
SPACING = -5  # -0.25 pt: Word's 三号 is 16 pt, the standard's 28 characters need 15.75 pt
_KEPT = (
    RELATIONSHIP_TYPE.OFFICE_DOCUMENT,
    RELATIONSHIP_TYPE.CORE_PROPERTIES,
    RELATIONSHIP_TYPE.STYLES,
    RELATIONSHIP_TYPE.SETTINGS,
)

_BODY = f'<w:spacing w:line="{LINE}" w:lineRule="exact"/>'
_INDENT = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
_CLOSE = '<w:spacing w:line="300" w:lineRule="atLeast"/>'
_TITLE = f'<w:spacing w:after="{LINE}" w:line="660" w:lineRule="exact"/><w:jc w:val="center"/>'


_COVER = '<w:spacing w:line="880" w:lineRule="atLeast"/><w:jc w:val="center"/>'


def _exact(line: int, before: int = 0) -> str:
    return f'<w:spacing w:before="{before}" w:line="{line}" w:lineRule="exact"/>'


def _heading(level: int) -> str:
    return f'<w:keepNext/>{_BODY}{_INDENT}<w:outlineLvl w:val="{level - 1}"/>'


# id, name shown in Word, role, size in half-points, paragraph properties (in schema order)
_STYLES: tuple[tuple[str, str, Role, int, str], ...] = (
    ("TL-Body", "TL 正文", "仿宋", 32, _BODY + _INDENT + '<w:jc w:val="both"/>'),
    ("TL-Title", "TL 标题", "小标宋", 44, "<w:keepNext/><w:keepLines/>" + _TITLE),
    ("TL-H1", "TL 1级标题", "黑体", 32, _heading(1)),
    ("TL-H2", "TL 2级标题", "楷体", 32, _heading(2)),
    ("TL-H3", "TL 3级标题", "仿宋", 32, _heading(3)),
    ("TL-H4", "TL 4级标题", "仿宋", 32, _heading(4)),
    ("TL-RedHead", "TL 发文机关标志", "小标宋", 104, '<w:jc w:val="center"/>'),
    ("TL-Attachment", "TL 附件标记", "黑体", 32, "<w:keepNext/>" + _BODY),
    ("TL-Table", "TL 表格", "仿宋", 24, _CLOSE),
    ("TL-TableHead", "TL 表头", "黑体", 24, _CLOSE + '<w:jc w:val="center"/>'),
    ("TL-Note", "TL 附注", "仿宋", 24, _exact(360, before=80)),
    ("TL-CoverSubject", "TL 封面对象", "黑体", 36, _COVER),
    ("TL-CoverTitle", "TL 封面标题", "小标宋", 60, _COVER),
    ("TL-CoverField", "TL 封面栏目", "仿宋", 28, _exact(480)),
    ("TL-TOC", "TL 目录", "仿宋", 28, _exact(460)),
    ("TL-Caption", "TL 图题", "黑体", 24, _exact(400) + '<w:jc w:val="center"/>'),
    (
        "TL-Figure",
        "TL 图",
        "仿宋",
        24,
        '<w:keepNext/><w:spacing w:before="160" w:line="240"'
        ' w:lineRule="auto"/><w:jc w:val="center"/>',
    ),
    ("TL-Imprint", "TL 版记", "仿宋", 28, _exact(480)),
    ("TL-Footer", "TL 页码", "宋体", 28, _exact(320)),
    ("TL-Gap", "TL 间隔", "仿宋", 4, _exact(160)),
)


def open_empty(document: Document, fonts: FontsFile) -> DocxDocument:
    """An empty Word document with our styles, fonts, settings and properties."""
    word = docx.Document()
    for rels in (word.part.package.rels, word.part.rels):
        for key, rel in list(rels.items()):
            if rel.reltype not in _KEPT:
                del rels[key]
    _refill(word.styles.element, _styles_xml(fonts))
    _refill(word.settings.element, _SETTINGS)
    _add_font_table(word, fonts)
    _set_properties(word, document)
    return word


def _refill(root: object, xml: str) -> None:
    root[:] = list(parse_xml(xml))  # type: ignore[index]  # lxml elements are untyped here


def font_xml(names: Sequence[str]) -> str:
    """All four font attributes: python-docx's own setter leaves Chinese to the theme."""
    name = quoteattr(names[0])
    return f"<w:rFonts w:ascii={name} w:hAnsi={name} w:eastAsia={name} w:cs={name}/>"


def _styles_xml(fonts: FontsFile) -> str:
    body = font_xml(fonts.roles["仿宋"].docx)
    parts = [
        f"<w:styles {nsdecls('w')}><w:docDefaults><w:rPrDefault><w:rPr>{body}"
        f'<w:spacing w:val="{SPACING}"/><w:kern w:val="0"/><w:sz w:val="32"/><w:szCs w:val="32"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        "<w:pPrDefault><w:pPr>"
        '<w:widowControl w:val="0"/><w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
        '<w:snapToGrid w:val="0"/>'
        f'<w:spacing w:before="0" w:after="0" w:line="{LINE}" w:lineRule="exact"/>'
        "</w:pPr></w:pPrDefault></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        "<w:qFormat/></w:style>"
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:semiHidden/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal">'
        '<w:name w:val="Normal Table"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
        "</w:tblPr></w:style>"
    ]
    for style_id, name, role, size, paragraph in _STYLES:
        parts.append(
            f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{style_id}">'
            f'<w:name w:val="{name}"/><w:basedOn w:val="Normal"/><w:qFormat/>'
            f"<w:pPr>{_with_defaults(paragraph)}</w:pPr>"
            f"<w:rPr>{font_xml(fonts.roles[role].docx)}{_colour(style_id)}"
            f'<w:spacing w:val="{SPACING if size == 32 else 0}"/>'
            f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>'
            '<w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:style>'
        )
    return "".join([*parts, "</w:styles>"])


def _with_defaults(paragraph: str) -> str:
    """The Chinese line rules go between the keep marks and the spacing (schema order)."""
    marks, found, rest = paragraph.partition("<w:spacing")
    rules = (
        '<w:widowControl w:val="0"/><w:kinsoku/><w:overflowPunct/>'
        '<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/><w:snapToGrid w:val="0"/>'
    )
    return marks + rules + found + rest if found else rules + paragraph


def _colour(style_id: str) -> str:
    return '<w:color w:val="D40000"/>' if style_id == "TL-RedHead" else ""


_SETTINGS = (
    f"<w:settings {nsdecls('w')}>"
    '<w:zoom w:percent="100"/><w:mirrorMargins/><w:defaultTabStop w:val="420"/>'
    '<w:evenAndOddHeaders/><w:characterSpacingControl w:val="compressPunctuation"/>'
    '<w:compat><w:compatSetting w:name="compatibilityMode"'
    ' w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
    '<w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>'
)


def _add_font_table(word: DocxDocument, fonts: FontsFile) -> None:
    """Says what Word may take where an official font is not installed."""
    rows = []
    for role in fonts.roles.values():
        name, *others = role.docx
        other = f"<w:altName w:val={quoteattr(others[0])}/>" if others else ""
        rows.append(
            f'<w:font w:name={quoteattr(name)}>{other}<w:charset w:val="86"/>'
            '<w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>'
        )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<w:fonts {nsdecls('w')}>{''.join(rows)}</w:fonts>"
    )
    part = Part(
        PackURI("/word/fontTable.xml"),
        CONTENT_TYPE.WML_FONT_TABLE,
        xml.encode(),
        word.part.package,
    )
    word.part.relate_to(part, RELATIONSHIP_TYPE.FONT_TABLE)


def _set_properties(word: DocxDocument, document: Document) -> None:
    properties = word.core_properties
    moment = datetime.combine(document.meta.date, time(), UTC)
    properties.title = clean(document.title)[:255]
    properties.author = properties.last_modified_by = clean(document.meta.author)[:255]
    properties.subject = clean(document.meta.subject)[:255]
    properties.keywords = clean(document.meta.number)[:255]
    properties.comments = ""
    properties.language = document.language
    properties.created = properties.modified = moment
    properties.revision = 1


def pack(word: DocxDocument, day: date) -> bytes:
    """The package with sorted parts and one fixed time, so that the same paper has the same bytes."""
    raw = io.BytesIO()
    word.save(raw)
    result = io.BytesIO()
    moment = (max(day.year, 1980), day.month, day.day, 0, 0, 0)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(result, "w") as target:
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            target.writestr(entry, source.read(name))
    return result.getvalue()
