"""Whether a product seen somewhere is one that a warning speaks of. Pure.

A rule is a name and a range: "nginx <1.20.1", "OpenSSH >=8.5,<9.8 | <4.4", "Redis" for every version. A place whose
version nobody knows is a match too, one to be checked: not knowing is not being safe.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, TypeAlias

from tlsec.i18n import _

Certainty: TypeAlias = Literal["version", "unversioned", "name"]
_BOUND = re.compile(r"^(<=|>=|==|=|<|>)?\s*([0-9][0-9A-Za-z.+_~-]*)$")
_PART = re.compile(r"[0-9]+|[A-Za-z]+")
_BEFORE = (
    "dev",
    "alpha",
    "a",
    "beta",
    "b",
    "pre",
    "rc",
    "snapshot",
    "m",
)  # come before the release


@dataclass(frozen=True, slots=True)
class Rule:
    """`ranges`: any of them, each a list of (operator, version) that hold together; empty for all versions."""

    name: str
    ranges: tuple[tuple[tuple[str, str], ...], ...] = ()

    @property
    def text(self) -> str:
        """As `parse` reads it."""
        ranges = " | ".join(",".join(f"{op}{v}" for op, v in each) for each in self.ranges)
        return f"{self.name} {ranges}".strip()


def parse(text: str) -> Rule:
    """Raises ValueError with a sentence."""
    clean = unicodedata.normalize("NFKC", text).strip()
    start = re.search(r"[<>=]", clean)
    name = clean[: start.start()].strip() if start else clean
    if not name or len(name) > 100:
        raise ValueError(_("“{text}”要先写产品名，再写版本范围").format(text=text[:60]))
    if start is None:
        return Rule(name)
    ranges = []
    for part in clean[start.start() :].split("|"):
        bounds = []
        for bound in part.split(","):
            found = _BOUND.match(bound.strip())
            if found is None:
                message = _("“{text}”的版本范围看不懂，写作 nginx >=1.18,<1.20.1")
                raise ValueError(message.format(text=text[:60]))
            bounds.append(((found[1] or "=").replace("==", "="), found[2]))
        ranges.append(tuple(bounds))
    return Rule(name, tuple(ranges))


def same_product(name: str, seen: str) -> bool:
    """Whether all words of a rule's name are among the words of what was seen, in any case and order.

    Chinese is written without spaces: there it is enough that the text holds the word.
    """
    wanted, there = _words(name), _words(seen)
    chinese = {word for word in wanted if word[0] >= "\u3400"}
    held = all(any(word in other for other in there) for word in chinese)
    return bool(wanted) and held and wanted - chinese <= there


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return set(re.findall(r"[0-9a-z]+|[\u3400-\u9fff]+", plain))


def compare(one: str, other: str) -> int:
    """-1, 0 or 1. Numbers compare as numbers; 1.0rc1 < 1.0 < 1.0p1 = 1.0.p1 < 1.0.1."""
    for a, b in zip_longest(_key(one), _key(other), fillvalue=(2, 0, "")):
        if a != b:
            return -1 if a < b else 1
    return 0


def _key(version: str) -> list[tuple[int, int, str]]:
    """Parts that order: before the release 1, the release itself 2, a letter after it 3, a number 4."""
    head = re.split(r"[+~ (]", version.strip(), maxsplit=1)[0]  # a distributor's own suffix
    made = []
    for part in _PART.findall(head):
        if part.isdigit():
            made.append((4, int(part[:18]), ""))
        else:
            low = part.lower()
            made = [*_trimmed(made), (1 if low in _BEFORE else 3, 0, low)]
    return _trimmed(made)


def _trimmed(parts: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Without noughts at the end: 1.20 is 1.20.0, and 1.0rc1 comes before both."""
    while parts and parts[-1] == (4, 0, ""):
        parts = parts[:-1]
    return parts


def affected(rule: Rule, version: str) -> Certainty | None:
    """How sure a match of the product is: its version lies in a range, or is not known; None outside."""
    if not rule.ranges:
        return "version" if version else "unversioned"
    if not version or not re.match(r"[vV]?[0-9]", version):
        return "unversioned"
    version = version.lstrip("vV")
    hit = any(all(_holds(version, *bound) for bound in each) for each in rule.ranges)
    return "version" if hit else None


def _holds(version: str, operator: str, bound: str) -> bool:
    order = compare(version, bound)
    return {
        "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "=": order == 0,
    }[operator]  # fmt: skip
