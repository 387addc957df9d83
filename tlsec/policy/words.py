"""Word lists (policies/words/*.yaml): words by level, in context, with a white list. Pure.

A hit is a suspicion that a person confirms; government text is full of names that such lists misfire on, so
context rules and the white list come before any alarm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Faulty
from tlsec.policy.ladder import Named, Strict

MAX_HITS = 50
CONTEXT = 20  # characters shown before and after a hit
_GAP = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")


class Word(Strict):
    """`near`: one of these has to stand within the window; `unless`: none of these may."""

    word: str = Field(min_length=1, max_length=100)
    near: list[str] = Field(default_factory=list)
    unless: list[str] = Field(default_factory=list)


class WordList(Named):
    """Words of one level: 1 to be dealt with at once, 2 to be looked at, 3 a hint."""

    id: str
    level: int = Field(ge=1, le=3)
    words: list[Word] = Field(min_length=1)


class WordFile(Named):
    """A file of lists. `allow`: fixed sayings within which no word counts."""

    id: str
    source: str
    date: str
    lists: list[WordList]
    allow: list[str] = Field(default_factory=list)
    window: int = Field(default=20, ge=1, le=500)


@dataclass(frozen=True, slots=True)
class Hit:
    """A word found; `context` is the text around its first place."""

    list: str
    level: int
    word: str
    count: int
    context: str


@dataclass(frozen=True)
class _Rule:
    list: str
    level: int
    near: tuple[str, ...]
    unless: tuple[str, ...]
    window: int


class Words:
    """All lists in one pass over a text."""

    def __init__(self, files: Sequence[WordFile]) -> None:
        self._rules: dict[str, list[_Rule]] = {}
        for file in files:
            for each in file.lists:
                for word in each.words:
                    rule = _Rule(
                        each.id, each.level, tuple(map(_plain, word.near)),
                        tuple(map(_plain, word.unless)), file.window,
                    )  # fmt: skip
                    self._rules.setdefault(_plain(word.word), []).append(rule)
        self._any = _pattern(self._rules)
        self._by_head: dict[str, list[str]] = {}
        for plain in self._rules:
            self._by_head.setdefault(plain[0], []).append(plain)
        self._allow = _pattern({_plain(each) for file in files for each in file.allow})

    def find(self, text: str) -> list[Hit]:
        """Hits, the gravest first. Spaces and invisible characters within words do not hide them."""
        if self._any is None:
            return []
        plain = _plain(text)
        excused = [m.span() for m in self._allow.finditer(plain)] if self._allow else []
        found: dict[tuple[str, str], Hit] = {}
        for word, start in self._places(plain):
            end = start + len(word)
            if any(a <= start and end <= b for a, b in excused):
                continue
            for rule in self._rules[word]:
                if not _fits(rule, plain, start, end):
                    continue
                key = rule.list, word
                if known := found.get(key):
                    found[key] = Hit(rule.list, rule.level, word, known.count + 1, known.context)
                elif len(found) < MAX_HITS:
                    around = plain[max(0, start - CONTEXT) : end + CONTEXT]
                    found[key] = Hit(rule.list, rule.level, word, 1, around)
        return sorted(found.values(), key=lambda hit: (hit.level, hit.list, hit.word))

    def _places(self, plain: str) -> Iterator[tuple[str, int]]:
        assert self._any is not None
        at = 0
        while match := self._any.search(plain, at):
            start = match.start()
            for word in self._by_head[plain[start]]:
                if plain.startswith(word, start):
                    yield word, start
            at = start + 1


def _fits(rule: _Rule, plain: str, start: int, end: int) -> bool:
    around = plain[max(0, start - rule.window) : end + rule.window]
    if rule.near and not any(each in around for each in rule.near):
        return False
    return not any(each in around for each in rule.unless)


def _plain(text: str) -> str:
    return _GAP.sub("", text).lower()


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    alternatives = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, alternatives))) if alternatives else None


def load(folders: Sequence[Path]) -> list[WordFile]:
    """Every list of every folder; a workspace's files add to the shipped ones. Raises Faulty with all faults."""
    found: dict[str, WordFile] = {}
    faults = []
    for file in (f for folder in folders for f in sorted((folder / "words").glob("*.yaml"))):
        try:
            marked = marked_yaml.load(file)
            each = marked_yaml.parse(WordFile, marked)
        except Faulty as error:
            faults += error.faults
            continue
        if each.id in found and file.name != f"{each.id}.yaml":
            faults.append(marked.fault(("id",), _("词表编号重复")))
        found[each.id] = each
    if faults:
        raise Faulty(faults)
    return list(found.values())
