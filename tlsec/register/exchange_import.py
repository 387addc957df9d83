"""What units filled in, row by row against the ledger: the ordinary commands, with the unit's person as actor.

A row is one transaction: its commands and the record of what was taken (`exchange.take`), by which the same
workbook brings nothing a second time and a fuller copy of it brings only what is new. A row whose item was
changed by others meanwhile is a conflict that is shown; nothing of it is taken unless the user says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Literal, TypeAlias

from django.db import transaction

from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty
from tlsec.register import dispatch, evidence, guards, items, journal, requests
from tlsec.register.call import Call
from tlsec.register.exchange import shown_in, who_signed
from tlsec.register.exchange_layout import Saying, moment_of, written
from tlsec.register.exchange_read import Book, Filled, read
from tlsec.register.models import Journal, RiskItem
from tlsec.register.models_handling import Comment, EvidenceFile
from tlsec.register.refused import NeedsSecond, Refused
from tlsec.register.transitions import STATE_NAMES, State
from tlsec.register.words import LOCAL

Take: TypeAlias = Literal["ours", "theirs"] | None


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that was taken (or would be). `commands`: as given, in their order."""

    where: str
    no: str
    by: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two words about the same item. `ours`: what is recorded; `theirs`: what the file says."""

    where: str
    no: str
    why: str
    ours: str
    theirs: str


@dataclass
class Outcome:
    """What one file brings. `deleted`: rows that did not come back, or came back emptied; nothing is lost."""

    file: str
    issue: str
    unit: str
    batch: str = ""
    taken: list[Taken] = field(default_factory=list)
    unchanged: int = 0
    already: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Something of the file was not taken and somebody has to look at it."""
        return bool(self.conflicts or self.refused)


class _Wrong(Refused):
    """A cell that cannot be taken; says which."""

    def __init__(self, column: str, sentence: str) -> None:
        self.column = column
        super().__init__(sentence)


def take_in(
    files: Sequence[Path],
    evidence_folder: Path | None,
    actor: str,
    now: datetime,
    take: Take = None,
    unit: str = "",
    dry_run: bool = False,
) -> list[Outcome]:
    """Take workbooks in, one outcome a file. With `dry_run` nothing is changed.

    Raises Faulty with all faults of all files when one of them is not ours or not safe: then none is
    taken. `unit`: refuse workbooks that went to another one. Evidence lies in its folder, or beside the file.
    """
    books: list[tuple[Book, Journal]] = []
    faults: list[Fault] = []
    for file in dict.fromkeys(files):
        try:
            if not file.exists():
                raise Faulty([Fault(str(file), _("没有这个文件"))])
            book = read(file)
            books.append((book, _sent(book, unit)))
        except Faulty as error:
            faults += error.faults
    if faults:
        raise Faulty(faults)
    with transaction.atomic() if dry_run else _nothing():
        outcomes = [
            _Rows(book, sent, evidence_folder or book.path.parent, actor, now, take, dry_run).all()
            for book, sent in books
        ]
        if dry_run:
            transaction.set_rollback(True)
    return outcomes


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_error: object) -> None: ...


def _sent(book: Book, unit: str) -> Journal:
    """The record of what went out. Raises Faulty for a workbook that may not be taken here."""
    where = str(book.path)
    sent = Journal.objects.filter(command="exchange.export", object=book.issue).first()
    if sent is None or sent.after["unit"] != book.unit:
        message = _("编号 {issue} 不是本工作区发出的反馈表").format(issue=book.issue)
        raise Faulty([Fault(where, message)])
    if unit and book.unit != unit:
        message = _("这是发给 {theirs} 的工作簿，不是 {ours} 的")
        raise Faulty([Fault(where, message.format(theirs=book.unit, ours=unit))])
    asked = sent.after["asked"]
    wrong = [
        Fault(row.where(), _("这一行的隐藏内容被改动，请用发出的工作簿重填"))
        for row in book.rows
        if row.no not in asked or row.version != str(asked[row.no]["version"])
    ]
    if wrong:
        raise Faulty(wrong)
    return sent


class _Rows:
    """The rows of one workbook, each to one end: unchanged, already there, taken, conflict or refused."""

    def __init__(
        self,
        book: Book,
        sent: Journal,
        folder: Path,
        actor: str,
        now: datetime,
        take: Take,
        dry_run: bool,
    ) -> None:
        self._book, self._folder, self._actor, self._now = book, folder, actor, now
        self._take, self._dry = take, dry_run
        self._asked = sent.after["asked"]
        batch = f"X{now:%Y%m%d%H%M%S}-{book.issue[-8:]}"
        self._outcome = Outcome(str(book.path), book.issue, book.unit, batch)
        self._before: dict[str, dict[str, object]] = {}
        rows = Journal.objects.filter(command="exchange.take", object=book.issue).order_by("seq")
        for record in rows:
            self._before[record.after["item"]] = record.after

    def all(self) -> Outcome:
        for row in self._book.rows:
            self._row(row)
        came = {row.no for row in self._book.rows}
        self._outcome.deleted += [no for no in self._asked if no not in came]
        return self._outcome

    def _row(self, row: Filled) -> None:
        out = self._outcome
        known, version = self._known(row.no)
        fresh = {k: v for k, v in row.saying.data().items() if v != known.get(k)}
        if not fresh:
            if set(known) - set(row.saying.data()):  # an emptied cell takes nothing back
                out.deleted.append(row.no)
            elif row.no in self._before:
                out.already += 1
            else:
                out.unchanged += 1
            return
        item = items.find(row.no)
        if self._recorded(item, row.saying, fresh):
            out.already += 1
            return
        conflict = self._conflict(row, item, version, known, fresh)
        moved = item.unit != self._book.unit
        if conflict and (moved or self._take != "theirs"):
            if self._take is None or moved:
                out.conflicts.append(conflict)
            else:
                out.unchanged += 1
            return
        try:
            with transaction.atomic():
                out.taken.append(self._apply(row, item, known, fresh))
        except _Wrong as error:
            out.refused.append(Fault(row.where(error.column), str(error)))
        except Refused as error:
            column = next(iter(fresh))
            out.refused.append(Fault(row.where(column), f"{row.no} {error}"))

    def _known(self, no: str) -> tuple[dict[str, str], int]:
        """What the row showed or brought before, and the version of the item that belongs to it."""
        sent = self._asked[no]
        known = {str(k): str(v) for k, v in sent["shown"].items()}
        version = int(sent["version"])
        if before := self._before.get(no):
            said = before["said"]
            assert isinstance(said, dict)
            known |= said
            version = int(str(before["version"]))
        return known, version

    def _recorded(self, item: RiskItem, said: Saying, fresh: dict[str, str]) -> bool:
        """Everything new in the row is in the ledger already, whoever put it there."""
        shown = shown_in([item])[item.no].data()
        shown["measure"] = item.measure
        there = {name for name, value in fresh.items() if shown.get(name) == value}
        if item.measure == _measure(said):
            there |= {"measure", "done"}
        names = set(item.evidence.values_list("name", flat=True))
        if said.files and all(Path(name).name in names for name in said.files):
            there.add("evidence")
        told = Comment.objects.filter(item=item, text=_obstacle(said)).exists()
        if said.obstacle and told:
            there |= {"obstacle", "promise", "measure"}
        return set(fresh) <= there

    def _conflict(
        self,
        row: Filled,
        item: RiskItem,
        version: int,
        known: dict[str, str],
        fresh: dict[str, str],
    ) -> Conflict | None:
        twice = [name for name in fresh if known.get(name) and name != "evidence"]
        state = _("现为“{state}”").format(state=_(STATE_NAMES[State(item.state)]))
        if item.unit != self._book.unit:
            why = _("已转由 {unit} 负责").format(unit=item.unit or _("（无主）"))
            ours = state
        elif item.version != version:
            why = _("发出后台账已有变化")
            ours = f"{state}；{guards.last_change(item, version)}"
        elif twice:
            why = _("先前已收下另一说法")
            ours = listed((known[name] for name in twice), "；")
        else:
            return None
        return Conflict(row.where(), row.no, why, ours, listed(fresh.values(), "；"))

    def _apply(
        self, row: Filled, item: RiskItem, known: dict[str, str], fresh: dict[str, str]
    ) -> Taken:
        said = Saying.of(known | row.saying.data())
        _consistent(said)
        done: list[str] = []
        person = self._person(item, said)
        if item.state == State.DISPATCHED:
            at = _signed_at(said.signed, item, self._now)
            note = dispatch.receipt_note(item.notice, self._actor)
            item = dispatch.sign(item, person, at, self._now, note, self._outcome.batch)
            done.append("sign")
        if "evidence" in fresh:
            done += self._attach(item, person, said)
        if said.obstacle:
            if {"obstacle", "promise", "measure"} & set(fresh):
                done += self._hindered(item, person, said)
        elif {"measure", "done"} & set(fresh):
            self._give(item, "claim-fixed", person, _measure(said, self._now))
            done.append("claim-fixed")
        if not done:
            raise Refused(_("签收已有记录，这一行没有别的可收"))
        item.refresh_from_db()
        after = {"item": item.no, "said": said.data(), "version": item.version}
        journal.append(
            self._now, self._actor, "exchange.take", self._book.issue, after,
            batch=self._outcome.batch,
        )  # fmt: skip
        return Taken(row.where(), item.no, person, tuple(done))

    def _person(self, item: RiskItem, said: Saying) -> str:
        name = said.signer or who_signed([item.no]).get(item.no, "")
        if not name or (item.state == State.DISPATCHED and not said.signer):
            raise _Wrong("signer", _("还没有签收，请写签收人"))
        try:
            return dispatch.signer(name)
        except Refused as error:
            raise _Wrong("signer", str(error)) from error

    def _give(
        self, item: RiskItem, name: str, person: str, reason: str, **params: object
    ) -> RiskItem:
        version = None if name in ("comment", "attach") else item.version
        call = Call(
            name, person, self._now, reason, version, params=params, batch=self._outcome.batch
        )
        return items.give(item.no, call)

    def _attach(self, item: RiskItem, person: str, said: Saying) -> list[str]:
        done = []
        for name in said.files:
            try:
                path = evidence.inside(self._folder, name)
                digest = _digest(path, name)
            except Refused as error:
                raise _Wrong("evidence", str(error)) from error
            if EvidenceFile.objects.filter(item=item, sha256=digest).exists():
                continue
            if not self._dry:  # a dry run keeps no copy
                self._give(item, "attach", person, "", file=path, kind="document")
            done.append("attach")
        return done

    def _hindered(self, item: RiskItem, person: str, said: Saying) -> list[str]:
        """Not done yet: the words are kept; a promised day after the due date is asked for as an extension."""
        self._give(item, "comment", person, _obstacle(said))
        until = moment_of(said.promise, end=True) if said.promise else None
        if until is None or (item.due is not None and until <= item.due):
            return ["comment"]
        call = Call(
            "extend", person, self._now, said.obstacle, item.version, params={"until": until},
            batch=self._outcome.batch,
        )  # fmt: skip
        try:
            items.give(item.no, call)
        except NeedsSecond:
            requests.ask(item.no, call)
            return ["comment", "extend?"]
        return ["comment", "extend"]


def _consistent(said: Saying) -> None:
    """What the cells of a row need of each other. Raises _Wrong."""
    for name in ("signed", "done", "promise"):
        text = getattr(said, name)
        if text and moment_of(text) is None:
            message = _("看不懂时间“{text}”，写作 2026-11-24 09:30")
            raise _Wrong(name, message.format(text=text[:40]))
    if said.signed and not said.signer:
        raise _Wrong("signer", _("写了签收时间，没有写签收人"))
    if said.done and not said.measure:
        raise _Wrong("measure", _("写了完成时间，没有写整改措施"))
    if said.done and said.obstacle:
        raise _Wrong("obstacle", _("又写完成时间又写未完成原因，请只写一样"))
    if said.promise and not said.obstacle:
        raise _Wrong("obstacle", _("写了承诺期限，没有写未完成原因"))


def _signed_at(text: str, item: RiskItem, now: datetime) -> datetime:
    """When it was signed; a day alone that is the day of dispatch is not before it."""
    at = moment_of(text) if text else now
    assert at is not None  # _consistent has looked
    sent = item.dispatched
    local = at.astimezone(LOCAL)
    same_day = sent is not None and local.date() == sent.astimezone(LOCAL).date()
    return max(at, sent) if sent and same_day and local.time() == time() else at


def _measure(said: Saying, now: datetime | None = None) -> str:
    """The measure with when it was completed. Raises _Wrong for a time in the future."""
    if not said.done:
        return said.measure
    done = moment_of(said.done)
    if now is not None and done is not None and done > now:
        raise _Wrong("done", _("完成时间 {at} 在将来").format(at=written(done)))
    return _("{measure}（完成时间 {at}）").format(measure=said.measure, at=said.done)


def _obstacle(said: Saying) -> str:
    parts = [_("未完成原因：{text}").format(text=said.obstacle)]
    if said.measure:
        parts.append(_("已采取：{text}").format(text=said.measure))
    if said.promise:
        parts.append(_("承诺期限：{text}").format(text=said.promise))
    return listed(parts, "；")[:2000]


def _digest(path: Path, name: str) -> str:
    """SHA-256 of a file that can be taken as evidence. Raises Refused."""
    if path.is_symlink() or not path.is_file():
        raise Refused(_("{file}：没有这个文件").format(file=name[:80]))
    if path.stat().st_size > evidence.MAX_BYTES:
        message = _("{file}：超过 {mb} MB，不收")
        raise Refused(message.format(file=name[:80], mb=evidence.MAX_BYTES // 2**20))
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
