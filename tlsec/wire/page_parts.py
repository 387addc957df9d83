"""A page as parts, so that what changes by itself can be told from what was changed. Sans-I/O.

A part is a block element with its own text and inline elements; its key is its way from the root. Scripts
are named apart: by address, or for inline code by its shape (strings and numbers taken out).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tlsec.wire import page_hash

MAX_PARTS = 800
MAX_SCRIPTS = 200
_DIGEST = 12
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`")
_INDEX = re.compile(r":\d+$")
_INSIDE = re.compile(r"(?::\d+)?(?:/.*)?$")
_NUMBER = re.compile(r"\b\d[\w.]*")


class Part(NamedTuple):
    """`digest` of the normalised content, `size` of it in characters."""

    key: str
    digest: str
    size: int

    def __str__(self) -> str:
        return f"{self.digest}:{self.size}:{self.key}"


def parse(text: str) -> Part:
    """The part that was written as text."""
    digest, size, key = text.split(":", 2)
    return Part(key, digest, int(size))


@dataclass(slots=True)
class _Node:
    key: str
    pieces: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class Parts:
    """Collects the parts of a page from the events of its parser."""

    def __init__(self) -> None:
        self._open: list[_Node] = [_Node("")]
        self._parts: list[Part] = []
        self._scripts: dict[str, None] = {}

    def start(self, tag: str, attributes: Mapping[str, str], said: str, block: bool) -> bool:
        """An element begins, `said` as page_hash.described; True when it makes a part of its own."""
        node = self._open[-1]
        if not block or len(self._parts) + len(self._open) >= MAX_PARTS:
            node.pieces.append(said)
            return False
        label = tag + _name(attributes)
        n = node.counts[label] = node.counts.get(label, 0) + 1
        key = f"{node.key}/{label}" + (f":{n}" if n > 1 else "")
        self._open.append(_Node(key, [said]))
        return True

    def end(self) -> None:
        """The innermost element that made a part of its own ends."""
        if len(self._open) > 1:
            self._close()

    def text(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def script(self, name: str) -> None:
        """A script by its address or `inline` name."""
        if len(self._scripts) < MAX_SCRIPTS:
            self._scripts.setdefault(name)

    def finish(self) -> tuple[list[Part], list[str]]:
        """All parts in the page's order of ending, and the scripts' names, sorted."""
        while len(self._open) > 1:
            self._close()
        self._close()
        return self._parts, sorted(self._scripts)

    def _close(self) -> None:
        node = self._open.pop()
        content = page_hash.normal_text(" ".join(node.pieces))
        if content:
            digest = page_hash.digest(content)[:_DIGEST]
            self._parts.append(Part(node.key or "/", digest, len(content)))


def _name(attributes: Mapping[str, str]) -> str:
    if name := attributes.get("id"):
        return "#" + page_hash.normal_value("id", name)[:40]
    if names := attributes.get("class", "").split():
        return "." + page_hash.normal_value("class", names[0])[:40]
    return ""


def script_name(address: str, code: str) -> str:
    """A script's identity: its address without the query, or the shape of its code."""
    if address:
        return page_hash.normal_value("src", address)
    shape = _NUMBER.sub("0", _STRING.sub('""', code))
    return "inline:" + page_hash.digest(" ".join(shape.split()))[:_DIGEST]


def changed(before: Iterable[Part], after: Iterable[Part]) -> dict[str, tuple[str, int]]:
    """What differs: key → (digest, size) now.

    Parts that came or went are told together, as "<way of the outermost><its label>*": the children of that
    label of one element come and go. A part that changed is told by its own key.
    """
    old, new = {p.key: p for p in before}, {p.key: p for p in after}
    found: dict[str, tuple[str, int]] = {}
    for key in old.keys() & new.keys():
        if old[key].digest != new[key].digest:
            found[key] = new[key].digest, new[key].size
    lone = old.keys() ^ new.keys()
    groups: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    for key in lone:
        top = key
        while (around := top.rpartition("/")[0]) in lone:
            top = around
        group = _INDEX.sub("", top) + "*"
        part = new.get(key)
        groups.setdefault(group, []).append(f"+{part}" if part else f"-{key}")
        sizes[group] = sizes.get(group, 0) + (part.size if part else 0)
    for group, lines in groups.items():
        found[group] = page_hash.digest("\n".join(sorted(lines)))[:_DIGEST], sizes[group]
    return found


def covering(key: str, noise: Iterable[str]) -> str | None:
    """Which of these a difference belongs to: itself, or children that come and go, with all in them."""
    for each in noise:
        if key == each:
            return each
        if each.endswith("*") and key.startswith(each[:-1]) and _INSIDE.match(key, len(each) - 1):
            return each
    return None
