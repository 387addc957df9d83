"""The state of every item of a system at a moment, from verdicts, answers, exclusions and inheritance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from tlsec.assess import answers, exclusions, inheritance, objects, readings
from tlsec.assess.answers import Judged
from tlsec.assess.evidence import Refused
from tlsec.assess.inquiry import extensions_of, find_system
from tlsec.assess.models import Exclusion, Inheritance
from tlsec.assess.objects import WHOLE, Held, Holdings
from tlsec.assess.readings import Readings
from tlsec.i18n import _
from tlsec.inventory.models import System
from tlsec.policy import item_state
from tlsec.policy.assessment import AssessmentContent
from tlsec.policy.bundle import Policy
from tlsec.policy.catalog import Domain, Item, Line, Point
from tlsec.policy.item_state import Attestation, Evidence, ItemState, ObjectState
from tlsec.policy.scheme import Scheme, Scored

PLATFORM = "platform:"  # object that stands for the platform's part: platform:S23


@dataclass(frozen=True, slots=True)
class AssessedItem:
    """An item of a system's profile with its state. `questions`, `checks`: the ways to settle it."""

    item: Item
    line: Line
    point: Point
    domain: Domain
    state: ItemState
    questions: tuple[str, ...]
    checks: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.item.id


@dataclass(frozen=True)
class Assessed:
    """A system at a moment. `side`: provider, customer or "" on the cloud; `waiting`: answers unreviewed."""

    system: str
    name: str
    unit: str
    county: str
    grade: str
    level: int
    extensions: tuple[str, ...]
    side: str
    platform: str
    now: datetime
    catalog: str
    profile: str
    items: tuple[AssessedItem, ...]
    holdings: Holdings
    inheritance: str = ""  # what is taken over, in a sentence
    waiting: tuple[str, ...] = ()  # questions whose newest answer nobody has reviewed

    @cached_property
    def by_id(self) -> Mapping[str, AssessedItem]:
        return {each.id: each for each in self.items}

    @cached_property
    def by_line(self) -> Mapping[str, AssessedItem]:
        return {each.line.id: each for each in self.items}

    @property
    def conflicts(self) -> list[AssessedItem]:
        return [each for each in self.items if each.state.conflicts]

    def scored(self, scheme: Scheme) -> list[Scored]:
        """The items as a scheme wants them."""
        return [
            Scored(
                each.id, each.line.id, each.point.id, each.domain.id, each.domain.technical,
                each.state.state, each.state.low, each.state.high,
                each.state.raw_low, each.state.raw_high, scheme.weight(each.line.id, each.id),
            )
            for each in self.items
        ]  # fmt: skip


def of(system_id: str, now: datetime, policy: Policy, content: AssessmentContent) -> Assessed:
    """One system. Raises Refused where it is not on record or has no grade."""
    return Assessor(now, policy, content).assess(find_system(system_id))


def graded() -> list[System]:
    """Systems with a grade, in the order of the register."""
    found = System.objects.exclude(grade_s=None).exclude(status="reclaimed")
    return list(found.select_related("unit", "county", "zone").order_by("ordinal", "id"))


@dataclass
class Assessor:
    """Assesses any number of systems at one moment, a platform only once for all its tenants."""

    now: datetime
    policy: Policy
    content: AssessmentContent
    _done: dict[str, Assessed] = field(default_factory=dict)
    _under_way: list[str] = field(default_factory=list)
    _read: dict[str, _Read] = field(default_factory=dict)

    def assess_all(self, systems: Iterable[System]) -> list[Assessed]:
        """Many systems, with what is large read for all of them at once. Raises Refused as assess does."""
        wanted = list(systems)
        self._read |= self._read_of([system.id for system in wanted])
        return [self.assess(system) for system in wanted]

    def _read_of(self, ids: list[str]) -> dict[str, _Read]:
        """Assets, what machines said of them, and answers, by system."""
        held = objects.held(ids)
        fresh = self.content.freshness.machine
        every = readings.read(
            (a.id for id_ in ids for a in held[id_]), self.policy, fresh, self.now
        )
        said: dict[str, list[tuple[str, str, list[Judged]]]] = {id_: [] for id_ in ids}
        one = ids[0] if len(ids) == 1 else None
        for (system, question, name), history in answers.histories(one, self.now).items():
            if system in said:
                said[system].append((question, name, history))
        return {
            id_: _Read(held[id_], every.only(a.id for a in held[id_]), _said(said[id_], self.now))
            for id_ in ids
        }

    def assess(self, system: System) -> Assessed:
        """Raises Refused for a system without a grade."""
        if system.id not in self._done:
            self._under_way.append(system.id)
            try:
                self._done[system.id] = self._assess(system)
            finally:
                self._under_way.pop()
        return self._done[system.id]

    def _assess(self, system: System) -> Assessed:
        if not system.grade_s or not system.grade_a:
            message = _("{system} 还没有定级，先在台账 systems.yaml 写明 grade")
            raise Refused(message.format(system=system.id))
        extensions = tuple(extensions_of(system))
        level = max(system.grade_s, system.grade_a)
        read = self._read.get(system.id) or self._read_of([system.id])[system.id]
        standing = inheritance.in_force(system.id, self.now)
        desk = _Desk(
            holdings=objects.sample(read.held, level, read.readings.by_line),
            readings=read.readings,
            said=read.said,
            exclusions=exclusions.in_force(system.id, self.now),
            inheritance=standing,
            platform=self._platform(standing),
            asks=_asks(system, standing),
        )
        catalog = self.policy.catalog
        items = catalog.select(system.grade_s, system.grade_a, extensions)
        return Assessed(
            system=system.id, name=system.name, unit=system.unit.name, county=system.county.name,
            grade=system.grade or "", level=level, extensions=extensions,
            side=system.cloud_role or "", platform=desk.host or system.platform_id or "",
            now=self.now, catalog=f"{catalog.id}@{catalog.version}",
            profile=f"{self.policy.profile.id}@{self.policy.profile.version}",
            items=tuple(self._item(item, desk) for item in items),
            holdings=desk.holdings, inheritance=self._taken_over(system, desk.inheritance),
            waiting=desk.said.waiting,
        )  # fmt: skip

    def _platform(self, standing: Inheritance | None) -> Assessed | None:
        """The platform whose results are taken over now, if it is on record and graded."""
        if standing is None or not standing.platform or standing.platform in self._under_way:
            return None
        host = System.objects.filter(id=standing.platform).first()
        return self.assess(host) if host is not None and host.grade_s and host.grade_a else None

    def _taken_over(self, system: System, standing: Inheritance | None) -> str:
        if standing is not None:
            return _("沿用平台 {platform} 的结论（{reference}），到 {until} 为止").format(
                platform=standing.platform or "—",
                reference=standing.reference,
                until=standing.until,
            )
        last = Inheritance.objects.filter(system=system.id, at__lte=self.now).order_by("at", "pk")
        over = last.last()
        if over is None:
            return ""
        return _("沿用平台 {platform} 的结论（{reference}）已于 {until} 到期，不再计入").format(
            platform=over.platform or "—", reference=over.reference, until=over.until
        )

    @cached_property
    def _checks(self) -> Mapping[str, tuple[str, ...]]:
        """line → the checks that speak to it."""
        found: dict[str, list[str]] = defaultdict(list)
        for id_, loaded in self.policy.checks.items():
            if id_ not in self.policy.profile.excluded:
                for mapping in loaded.check.maps:
                    found[mapping.line].append(id_)
        return {line: tuple(dict.fromkeys(ids)) for line, ids in found.items()}

    def _item(self, item: Item, desk: _Desk) -> AssessedItem:
        catalog = self.policy.catalog
        line = catalog.lines[item.line]
        questions = tuple(q.id for q in self.content.questions.of(line.id, desk.asks))
        excluded = desk.exclusions.get(line.id)
        if excluded is not None:
            note = _("{reason}（{who} 决定）").format(
                reason=excluded.reason, who=excluded.decided_by
            )
            state = item_state.not_applicable(note)
        else:
            state = desk.state(line, questions)
        return AssessedItem(
            item, line, catalog.point_of(item), catalog.domain_of(item), state, questions,
            self._checks.get(line.id, ()),
        )  # fmt: skip


def _asks(system: System, standing: Inheritance | None) -> str:
    """The side a system answers for itself: where nothing is taken over, a customer answers for both."""
    if system.cloud_role == "provider":
        return "provider"
    return "customer" if standing is not None and standing.platform else ""


_Answers = Mapping[str, Mapping[str, Attestation]]  # question → object → answer


@dataclass(frozen=True)
class _Said:
    """Answers that count, those that did and have expired with nothing in their place, and new questions."""

    live: _Answers
    lapsed: _Answers
    waiting: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    """What is read of a system at a moment."""

    held: list[Held]
    readings: Readings
    said: _Said


def _said(histories: Iterable[tuple[str, str, list[Judged]]], now: datetime) -> _Said:
    """From (question, object, what was said, newest first)."""
    live: dict[str, dict[str, Attestation]] = defaultdict(dict)
    lapsed: dict[str, dict[str, Attestation]] = defaultdict(dict)
    waiting = []
    for question, name, history in histories:
        if answers.awaited(history) is not None:
            waiting.append(question)
        chosen = next((each for each in history if each.accepted), None)
        if chosen is not None:
            into = live if chosen.answer.expires > now else lapsed
            into[question][name] = answers.counted(chosen, 0).attestation
    return _Said(live, lapsed, tuple(dict.fromkeys(waiting)))


@dataclass(frozen=True)
class _Desk:
    """All evidence of one system, laid out."""

    holdings: Holdings
    readings: Readings
    said: _Said
    exclusions: Mapping[str, Exclusion]
    inheritance: Inheritance | None
    platform: Assessed | None
    asks: str  # the side of the cloud whose part the system answers itself, "" for both

    @property
    def host(self) -> str:
        """The platform whose results are taken over now, "" for none or one that is not on record."""
        return self.inheritance.platform if self.inheritance else ""

    def state(self, line: Line, questions: tuple[str, ...]) -> ItemState:
        own = self._own(line, questions)
        standing = self.inheritance
        if standing is None or not standing.platform or line.responsibility in (None, "customer"):
            return item_state.over_objects(own)
        note = _("平台 {platform}，{reference}，到 {until}").format(
            platform=standing.platform, reference=standing.reference, until=standing.until
        )
        theirs = self.platform.by_line.get(line.id) if self.platform else None
        source = theirs.state if theirs else item_state.over_objects([])
        part = item_state.inherited(f"{PLATFORM}{standing.platform}", source, note)
        if inheritance.carries(line.responsibility):
            return item_state.over_objects([part], note)
        return item_state.over_objects([part, *own], note)

    def _own(self, line: Line, questions: tuple[str, ...]) -> list[ObjectState]:
        live, lapsed = self.said.live, self.said.lapsed
        said = [name for q in questions for name in (*live.get(q, ()), *lapsed.get(q, ()))]
        seen = [*self.readings.assets(line.id), *filter(None, said)]
        return [
            item_state.of_object(name, self._evidence(name, line.id, questions))
            for name in self.holdings.of(line, seen)
        ]

    def _evidence(self, name: str, line: str, questions: tuple[str, ...]) -> Evidence:
        """An answer on the object itself goes before one on the system as a whole."""
        given, missing, over = [], [], []
        for question in questions:
            live = self.said.live.get(question, {})
            gone = self.said.lapsed.get(question, {})
            if (answer := live.get(name) or live.get(WHOLE)) is not None:
                given.append(answer)
            else:
                missing.append(question)
            if name not in live:
                over += [gone[at] for at in dict.fromkeys((name, WHOLE)) if at in gone]
        machine = self.readings.of(name, line)
        return Evidence(machine, tuple(given), tuple(missing), tuple(over))
