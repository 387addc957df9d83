"""An HTML page taken apart: title, text, links, resources, password field, structure. Sans-I/O.

libxml2's parser reads the page as a stream of events and no tree is built, so time and memory stay in
proportion to the page. A start tag costs one look at its style.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from tlsec.wire import page_hash, page_parts, page_style, page_url
from tlsec.wire.page_text import one_line, printable

_T = TypeVar("_T")

MAX_LINKS = 2000
MAX_RESOURCES = 500
MAX_LINK_TEXT = 200
MAX_TITLE = 300
_PHRASING = """a abbr acronym b bdi bdo big cite code data dfn em font i ins kbd label mark nobr q s samp
small span strike strong sub sup time tt u var wbr"""
_INLINE = frozenset(_PHRASING.split())
_SILENT = frozenset(("script", "style", "template"))  # what stands in them is no text
_HEADED = frozenset(("title", "h1", "h2", "img"))  # what is noted even without attributes
_SOURCES = {"script": "script", "img": "image", "iframe": "frame", "frame": "frame"}


class Anchor(NamedTuple):
    """A link as a reader meets it."""

    url: str
    host: str
    text: str
    hidden: bool
    foreign: bool


class Part(NamedTuple):
    """Something a browser fetches by itself to show the page."""

    url: str
    kind: str
    host: str
    foreign: bool
    integrity: bool
    plain: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What one page says. `text` has a line a block; `headings` are title and first headings."""

    title: str = ""
    text: str = ""
    headings: tuple[str, ...] = ()
    password_field: bool = False
    text_hash: str = ""
    dom_hash: str = ""
    text_size: int = 0
    links: list[Anchor] = field(default_factory=list)
    resources: list[Part] = field(default_factory=list)
    parts: list[page_parts.Part] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)


class _Open(NamedTuple):
    tag: str
    look: page_style.Look
    silent: bool
    counter: bool
    part: bool  # it makes a part of the page of its own


_OUTSIDE = _Open("", page_style.SEEN, False, False, False)


@dataclass(slots=True)
class _Link:
    order: int
    url: str
    hidden: bool
    depth: int
    text: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        if self.size < 4 * MAX_LINK_TEXT:
            self.text.append(text[: 4 * MAX_LINK_TEXT])
            self.size += len(text)


def read_page(html: str, url: str, own_domains: Sequence[str] = ()) -> Reading:
    """Take an HTML page apart.

    `url` is where it came from; `own_domains` are those that links may point to, subdomains included.
    Links that are hidden or foreign, and resources that are foreign or plain, come before others when
    there are more than `MAX_LINKS` or `MAX_RESOURCES`. Never raises for what a page holds.
    """
    markup = printable(html)
    sheet = page_style.Sheet()
    if "<style" in markup.lower():
        _parse(markup, _Styles(sheet))
    reader = _Reader(url, tuple(map(page_url.plain_host, own_domains)), sheet)
    _parse(markup, reader)
    return reader.reading()


def read_text(text: str) -> Reading:
    """The same of a body that is text but no HTML (plain text, JSON): no links, no structure."""
    text = printable(text)
    normal = page_hash.normal_text(text)
    return Reading(
        text=text,
        text_hash=page_hash.digest(normal),
        dom_hash=page_hash.digest(""),
        text_size=len(normal),
    )


def read_bytes(body: bytes) -> Reading:
    """The same of a body that is no text (image, archive): its own hash only."""
    return Reading(text_hash=page_hash.digest(body), dom_hash=page_hash.digest(""))


def _parse(markup: str, target: object) -> None:
    # huge_tree: the depth limit guards trees, and none is built; one would end the reading half way
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True, recover=True)
    parser.feed((markup or " ").encode("utf-8", "replace"))
    parser.close()


class _Styles:
    """First pass: the page's own style rules, which may stand after what they hide."""

    def __init__(self, sheet: page_style.Sheet) -> None:
        self._sheet = sheet
        self._parts: list[str] | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "style" and attributes.get("media", "").strip().lower() in ("", "all", "screen"):
            self._parts = []

    def end(self, tag: str) -> None:
        if tag == "style" and self._parts is not None:
            self._sheet.add("".join(self._parts))
            self._parts = None

    def data(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)

    def close(self) -> None:
        self._parts = None


class _Reader:
    """Second pass: everything else."""

    def __init__(self, url: str, own_domains: Sequence[str], sheet: page_style.Sheet) -> None:
        here = page_url.place_of(url)
        self._base, self._own_host = url, here.host if here else ""
        self._secure = here is not None and here.scheme == "https"
        self._own_domains, self._sheet = own_domains, sheet
        self._stack: list[_Open] = []
        self._text: list[str] = []
        self._counted: list[str] = []  # the text, a mark in place of what counters show
        self._title: list[str] | None = None
        self._heading: list[str] | None = None
        self._headings: list[str] = []
        self._password = False
        self._based = False
        self._structure = page_hash.Structure()
        self._pieces = page_parts.Parts()
        self._script: list[str] | None = None  # code of the inline script that is open
        self._link: _Link | None = None
        self._order = 0
        self._links: tuple[list[tuple[int, Anchor]], list[tuple[int, Anchor]]] = ([], [])
        self._parts: tuple[dict[Part, int], dict[Part, int]] = ({}, {})

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        parent = self._stack[-1] if self._stack else _OUTSIDE
        look, counter = parent.look, parent.counter
        if attributes:
            attributes = dict(attributes)  # lxml's own mapping is slow to look into
            look = page_style.step(look, tag, attributes, self._sheet)
            counter = counter or page_hash.is_counter(attributes)
        silent = parent.silent or tag in _SILENT
        part = False
        if not silent and not page_hash.is_csrf(tag, attributes):
            said = page_hash.described(tag, attributes)
            self._structure.start(said)
            part = self._pieces.start(tag, attributes, said, tag not in _INLINE)
        elif tag == "script" and not attributes.get("src"):
            self._script = []
        self._stack.append(_Open(tag, look, silent, counter, part))
        if tag not in _INLINE:
            self._say("\n")
        if attributes or tag in _HEADED:
            self._note(tag, attributes, look)

    def _note(self, tag: str, attributes: Mapping[str, str], look: page_style.Look) -> None:
        if tag == "title" and self._title is None:
            self._title = []
        elif tag in ("h1", "h2") and len(self._headings) < 20:
            self._heading = []
        elif tag == "base" and attributes.get("href") and not self._based:
            self._base = page_url.absolute(self._base, attributes["href"]) or self._base
            self._based = True
        elif tag == "input":
            self._password |= attributes.get("type", "").strip().lower() == "password"
        elif tag in ("a", "area") and "href" in attributes:
            self._open_link(attributes, look)
        elif tag == "img" and self._link:
            self._link.add(" " + attributes.get("alt", ""))
        self._note_part(tag, attributes)

    def end(self, tag: str) -> None:
        open_ = self._stack.pop() if self._stack else _OUTSIDE
        if not open_.silent:
            self._structure.end(tag)
        if open_.part:
            self._pieces.end()
        if tag == "script" and self._script is not None:
            self._note_code("".join(self._script))
        if self._link and self._link.depth > len(self._stack):
            self._close_link()
        if tag in ("h1", "h2") and self._heading is not None:
            self._headings.append(one_line("".join(self._heading), MAX_TITLE))
            self._heading = None
        if tag not in _INLINE:
            self._say("\n")

    def data(self, text: str) -> None:
        open_ = self._stack[-1] if self._stack else _OUTSIDE
        if open_.silent:
            if self._script is not None:
                self._script.append(text)
            return
        if open_.tag == "title" and self._title is not None and len(self._title) < 100:
            self._title.append(text)
        if self._heading is not None and len(self._heading) < 100:
            self._heading.append(text)
        if self._link:
            self._link.add(text)
        digits = text.strip().replace(",", "").replace(".", "")
        self._say(text, page_hash.MARK if open_.counter and digits.isdigit() else text)

    def close(self) -> None:
        if self._link:
            self._close_link()

    def reading(self) -> Reading:
        text = "".join(self._text)
        normal = page_hash.normal_text("".join(self._counted))
        parts, scripts = self._pieces.finish()
        title = one_line("".join(self._title or []), MAX_TITLE)
        return Reading(
            title=title,
            text=text,
            headings=(title, *self._headings),
            password_field=self._password,
            text_hash=page_hash.digest(normal),
            dom_hash=self._structure.hexdigest(),
            text_size=len(normal),
            parts=parts,
            scripts=scripts,
            links=[link for _, link in _cut(self._links[0], self._links[1], MAX_LINKS)],
            resources=[
                part
                for _, part in _cut(
                    [(order, part) for part, order in self._parts[0].items()],
                    [(order, part) for part, order in self._parts[1].items()],
                    MAX_RESOURCES,
                )
            ],
        )

    def _say(self, text: str, counted: str | None = None) -> None:
        self._text.append(text)
        self._counted.append(text if counted is None else counted)
        if text != "\n":
            self._pieces.text(text if counted is None else counted)

    def _note_code(self, code: str) -> None:
        self._script = None
        if code.strip():
            self._pieces.script(page_parts.script_name("", code))

    def _open_link(self, attributes: Mapping[str, str], look: page_style.Look) -> None:
        if self._link:
            self._close_link()
        url = page_url.absolute(self._base, attributes["href"])
        self._link = _Link(self._order, url, look.hidden, len(self._stack))
        self._link.add(attributes.get("alt", ""))
        self._order += 1

    def _close_link(self) -> None:
        link, self._link = self._link, None
        place = page_url.place_of(link.url) if link else None
        if link is None or place is None:
            return
        foreign = page_url.is_foreign(place.host, self._own_host, self._own_domains)
        text = one_line("".join(link.text), MAX_LINK_TEXT)
        notable = link.hidden or foreign
        kept = self._links[0 if notable else 1]
        if len(kept) < MAX_LINKS:
            kept.append((link.order, Anchor(link.url, place.host, text, link.hidden, foreign)))

    def _note_part(self, tag: str, attributes: Mapping[str, str]) -> None:
        kind, reference = _SOURCES.get(tag, ""), attributes.get("src", "")
        if tag == "link" and "stylesheet" in attributes.get("rel", "").lower().split():
            kind, reference = "style", attributes.get("href", "")
        if not kind or not reference.strip():
            return
        url = page_url.absolute(self._base, reference)
        place = page_url.place_of(url)
        if place is None:
            return
        if kind == "script":
            self._pieces.script(page_parts.script_name(url, ""))
        foreign = page_url.is_foreign(place.host, self._own_host, self._own_domains)
        plain = self._secure and place.scheme == "http"
        integrity = bool(attributes.get("integrity", "").strip())
        kept = self._parts[0 if foreign or plain else 1]
        if len(kept) < MAX_RESOURCES:
            part = Part(url, kind, place.host, foreign, integrity, plain)
            kept.setdefault(part, self._order)
            self._order += 1


def _cut(
    notable: list[tuple[int, _T]], plain: list[tuple[int, _T]], limit: int
) -> list[tuple[int, _T]]:
    """In the page's order, at most `limit`, the notable ones first to stay."""
    return sorted([*notable, *plain][:limit], key=lambda pair: pair[0])
