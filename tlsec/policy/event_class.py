"""Classes of events after GB/T 20986-2023, and which class a finding has by default. Pure.

Names are the keys, because the standard's codes have not been seen; `code` is for a workspace to fill. A hazard
(隐患) is no event: it goes through mending and never starts a statutory clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import Field, model_validator

from tlsec.i18n import _, listed
from tlsec.policy import ladder
from tlsec.policy.ladder import Ladder, Named, Strict

FILE = "event-classes"


class Sub(Named):
    code: str = ""


class Category(Named):
    """`incident`: whether an event of this category can be a case. `verify`: what has to be checked."""

    id: str
    n: int
    code: str = ""
    incident: bool
    verify: str = ""
    subs: list[Sub] = Field(min_length=1)


class Finding(Strict):
    """Findings of these checks (patterns with *) are of this class until a person says otherwise."""

    checks: list[str] = Field(min_length=1)
    category: str
    sub: str
    later: list[str] = Field(default_factory=list)


class Classes(Ladder):
    """event-classes.yaml."""

    categories: list[Category]
    findings: list[Finding]

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Classes:
        known = {f"{c.id}/{sub.zh}" for c in self.categories for sub in c.subs}
        used = {f"{f.category}/{f.sub}" for f in self.findings}
        used |= {each for f in self.findings for each in f.later}
        if len({c.id for c in self.categories}) != len(self.categories):
            raise ValueError(_("类别编号重复"))
        if lost := sorted(used - known):
            raise ValueError(_("没有这些类别：{names}").format(names=listed(lost)))
        return self


@dataclass(frozen=True, slots=True)
class EventClass:
    """A category and a sub-category of it. `code`: "" until somebody filled it."""

    category: Category
    sub: Sub

    @property
    def key(self) -> str:
        """attack/网页篡改: what is stored."""
        return f"{self.category.id}/{self.sub.zh}"

    @property
    def name(self) -> str:
        """网络攻击－网页篡改"""
        return _("{category}－{sub}").format(category=self.category.name, sub=self.sub.name)

    @property
    def incident(self) -> bool:
        return self.category.incident


def find(classes: Classes, key: str) -> EventClass:
    """A class by "attack/网页篡改", "网络攻击/网页篡改", or a sub-category's name that is unique.

    Raises ValueError with a sentence.
    """
    head, _slash, tail = key.rpartition("/")
    found = [
        EventClass(category, sub)
        for category in classes.categories
        for sub in category.subs
        if tail in (sub.zh, sub.en)
        and (not head or head in (category.id, category.zh, category.en))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = listed(each.key for each in found)
        raise ValueError(_("“{key}”不止一个：{names}").format(key=key, names=names))
    categories = listed(f"{c.id}（{c.name}）" for c in classes.categories)
    message = _("没有事件类别“{key}”，写作 类别/子类；类别有：{names}")
    raise ValueError(message.format(key=key, names=categories))


def of_finding(classes: Classes, check: str) -> EventClass | None:
    """The default class of a check's finding; None where the table says nothing of it."""
    for finding in classes.findings:
        if any(fnmatchcase(check, pattern) for pattern in finding.checks):
            return find(classes, f"{finding.category}/{finding.sub}")
    return None


def later(classes: Classes, check: str) -> list[EventClass]:
    """What a finding may turn out to be."""
    for finding in classes.findings:
        if any(fnmatchcase(check, pattern) for pattern in finding.checks):
            return [find(classes, key) for key in finding.later]
    return []


def load(folders: Sequence[Path]) -> Classes:
    """The classes in force, a workspace's own first. Raises Faulty with file:line."""
    return ladder.read(Classes, FILE, folders)
