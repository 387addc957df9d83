"""What a paper of an assessment is made from: one kept conclusion and the rows it names.

A conclusion names verdicts and answers by their numbers, and both are never changed: so a paper says
what was known when the conclusion was drawn, whatever has been found since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Model

from tlsec.assess.answer_rules import same_person
from tlsec.assess.models import Answer, Conclusion
from tlsec.assess.objects import WHOLE
from tlsec.assess.readings import result_of
from tlsec.assess.results import PLATFORM
from tlsec.i18n import _, language
from tlsec.inventory.models import Asset, System
from tlsec.policy.assessment import AssessmentContent
from tlsec.policy.bundle import Policy
from tlsec.policy.catalog import Domain, Item, Line, Point
from tlsec.policy.evaluate import Result, Risks, evaluate
from tlsec.policy.item_state import MachineResult
from tlsec.policy.scheme import Scheme, Scored
from tlsec.scan.models import Verdict

T = TypeVar("T", bound=Model)
Data = Mapping[str, Any]
_AT_ONCE = 500  # rows a query


class Unprintable(Exception):
    """No paper can be made from this; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer as it counted, with the person who had reviewed it by then."""

    row: Answer
    reviewer: str
    files: tuple[str, ...]  # SHA-256


@dataclass(frozen=True)
class Basis:
    """A kept conclusion with the content it was drawn by and everything it refers to."""

    conclusion: Conclusion
    system: System
    policy: Policy
    content: AssessmentContent

    @cached_property
    def scheme(self) -> Scheme:
        """The scheme of the conclusion. Raises Unprintable where it is gone."""
        id_ = self.conclusion.scheme.partition("@")[0]
        found = self.content.schemes.get(id_)
        if found is None:
            message = _("结论按计分方案 {scheme} 得出，现在没有这个方案；恢复它，或重新下结论")
            raise Unprintable(message.format(scheme=self.conclusion.scheme))
        return found

    @property
    def same_scheme(self) -> bool:
        """Whether the scheme is still the version that the conclusion was drawn by."""
        return self.scheme.versioned == self.conclusion.scheme

    @property
    def items(self) -> Sequence[Data]:
        return list(self.conclusion.items)

    @cached_property
    def by_item(self) -> Mapping[str, Data]:
        """Clause → item as it was kept."""
        return {row["id"]: row for row in self.items}

    @cached_property
    def lines(self) -> Mapping[str, str]:
        """Clause → line."""
        return {row["id"]: row["line"] for row in self.items}

    @cached_property
    def again(self) -> Result:
        """The kept states through the scheme once more: its steps and notes in the language in force."""
        technical = {
            id_: row["technical"] for id_, row in self.conclusion.result["domains"].items()
        }
        scored = [
            Scored(
                row["id"], row["line"], row["point"], row["domain"], technical[row["domain"]],
                row["state"], row["low"], row["high"], row["raw_low"], row["raw_high"],
                self.scheme.weight(row["line"], row["id"]),
            )
            for row in self.items
        ]  # fmt: skip
        told = self.conclusion.result["risks"]
        risks = Risks(told["confirmed"], told["undecided"], told["medium"])
        return evaluate(self.scheme, scored, risks)

    # --- what it refers to ---

    @cached_property
    def machine(self) -> Mapping[int, MachineResult]:
        """Verdicts by number, as they were read then."""
        oldest = self.conclusion.at - self.content.freshness.machine
        return {pk: result_of(row, oldest) for pk, row in self.verdicts.items()}

    @cached_property
    def verdicts(self) -> Mapping[int, Verdict]:
        return _rows(Verdict.objects.filter, self._refs("verdicts"))

    @cached_property
    def spoken(self) -> Mapping[int, Spoken]:
        """Answers by number, also those that had expired."""
        related = Answer.objects.prefetch_related("reviews", "evidence")
        found = _rows(related.filter, [*self._refs("answers"), *self._refs("lapsed")])
        return {pk: self._spoken(row) for pk, row in found.items()}

    def _spoken(self, row: Answer) -> Spoken:
        reviews = [
            each
            for each in row.reviews.all()
            if each.at <= self.conclusion.at and not same_person(each.by, row.by)
        ]
        newest = max(reviews, key=lambda each: each.pk, default=None)
        files = tuple(sorted({file.sha256 for file in row.evidence.all()}))
        return Spoken(row, newest.by if newest else "", files)

    def _refs(self, key: str) -> Iterator[int]:
        return (ref for row in self.items for at in row["objects"] for ref in at[key])

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """Everything that some item was looked at, in the order of the items; without the whole."""
        found = dict.fromkeys(at["object"] for row in self.items for at in row["objects"])
        return tuple(name for name in found if name != WHOLE)

    @cached_property
    def assets(self) -> Mapping[str, Asset]:
        """The assets of the system, and those the conclusion names that have left it since."""
        own = Asset.objects.filter(system=self.system.id).select_related("unit", "zone")
        rows = {row.id: row for row in own.order_by("ordinal", "id")}
        named = [each for each in self.objects if each not in rows]
        related = Asset.objects.select_related("unit", "zone")
        return rows | _rows(related.filter, named)

    def name_of(self, object_: str) -> str:
        """How a paper calls an object."""
        if object_ == WHOLE:
            return _("系统整体")
        if object_.startswith(PLATFORM):
            return _("平台 {platform}").format(platform=object_.removeprefix(PLATFORM))
        asset = self.assets.get(object_)
        return asset.name if asset else object_

    # --- the catalogue, which may have moved on ---

    def item(self, id_: str) -> Item | None:
        return self.policy.catalog.items.get(id_)

    def line(self, id_: str) -> Line | None:
        return self.policy.catalog.lines.get(id_)

    def point(self, id_: str) -> Point | None:
        return self.policy.catalog.points.get(id_)

    def domain(self, id_: str) -> Domain | None:
        return self.policy.catalog.domains.get(id_)


def worded(thing: object, otherwise: str = "") -> str:
    """The text of something that has one in each language."""
    return str(getattr(thing, language(), "") or getattr(thing, "zh", "") or otherwise)


def _rows(query: Callable[..., Iterable[T]], keys: Iterable[Any]) -> dict[Any, T]:
    wanted = iter(dict.fromkeys(keys))
    found: dict[Any, T] = {}
    while chunk := list(islice(wanted, _AT_ONCE)):
        found |= {row.pk: row for row in query(pk__in=chunk)}
    return found
