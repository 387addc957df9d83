"""Questions: how a person settles what machines cannot, one or more to a requirement line.

A question says whom to ask, what to look for, what evidence to see, and what each answer means.
"Not applicable" is never an answer: it is an exclusion with a reason and a decision maker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty, Marked, Path_
from tlsec.policy.catalog import Catalog, Method

Means = Literal["met", "partly", "not_met"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Text(_Strict):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Choice(_Strict):
    """An answer that may be chosen. `needs`: evidence that has to be handed in with it."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    means: Means
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    needs: list[str] = []


class Evidence(_Strict):
    """A kind of evidence. `dated_within` days: older than that it proves nothing; 0 for no limit."""

    zh: str
    en: str
    dated_within: int = Field(default=0, ge=0)


class Question(_Strict):
    """`stronger`: level → what is asked and looked for on top from that level on.

    `side`: of a line that cloud provider and customer share, whose part this question is about.
    """

    question: str = Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
    version: int = Field(ge=1)
    line: str
    methods: list[Method] = Field(min_length=1)
    ask: Text
    look_for: Text
    stronger: dict[Literal["2", "3", "4"], Text] = {}
    answers: list[Choice] = Field(min_length=2)
    evidence: dict[str, Evidence] = {}
    asked_of: str  # a role of roles.yaml
    side: Literal["provider", "customer"] | None = None
    valid_days: int = Field(default=365, ge=1, le=1100)
    remind_days: int = Field(default=30, ge=0)

    @property
    def id(self) -> str:
        return self.question

    @cached_property
    def choices(self) -> Mapping[str, Choice]:
        return {choice.id: choice for choice in self.answers}

    def asked_at(self, level: int) -> list[Text]:
        """What to look for at a level, the common part first."""
        return [
            self.look_for,
            *(text for n, text in sorted(self.stronger.items()) if int(n) <= level),
        ]


class _File(_Strict):
    point: str
    questions: list[Question]


class _Roles(_Strict):
    roles: dict[str, Text]


@dataclass(frozen=True)
class Questions:
    """All questions by id, and the roles they are asked of."""

    by_id: Mapping[str, Question]
    roles: Mapping[str, Text]

    @cached_property
    def by_line(self) -> Mapping[str, list[Question]]:
        found: dict[str, list[Question]] = {}
        for question in self.by_id.values():
            found.setdefault(question.line, []).append(question)
        return found

    def of(self, line: str, side: str) -> list[Question]:
        """The questions about a line to one side of a cloud; `side` "" for those to both."""
        asked = self.by_line.get(line, ())
        return [each for each in asked if not side or each.side in (None, side)]


def load(folders: Iterable[Path], catalog: Catalog) -> Questions:
    """`questions/` of the policy folders in order: roles.yaml, and a file a control point.

    A later folder may add questions; it may not replace one. Raises Faulty with all faults of all files.
    """
    faults: list[Fault] = []
    roles: dict[str, Text] = {}
    found: dict[str, Question] = {}
    roots = [folder / "questions" for folder in folders]
    for file in (root / "roles.yaml" for root in roots):
        if file.is_file():
            roles |= marked_yaml.parse(_Roles, marked_yaml.load(file)).roles
    for file in (f for root in roots for f in sorted(root.rglob("*.yaml"))):
        if file.name == "roles.yaml":
            continue
        try:
            marked = marked_yaml.load(file)
            data = marked_yaml.parse(_File, marked)
        except Faulty as error:
            faults.extend(error.faults)
            continue
        for i, question in enumerate(data.questions):
            faults.extend(_problems(question, marked, i, data.point, catalog, roles))
            if question.id in found:
                message = _("问题 {id} 已存在").format(id=question.id)
                faults.append(marked.fault(("questions", i, "question"), message))
            found.setdefault(question.id, question)
    if faults:
        raise Faulty(faults)
    return Questions(dict(sorted(found.items())), roles)


def _problems(
    question: Question,
    marked: Marked,
    i: int,
    point: str,
    catalog: Catalog,
    roles: Mapping[str, Text],
) -> list[Fault]:
    def fault(message: str, *path: str | int) -> Fault:
        at: Path_ = ("questions", i, *path)
        return marked.fault(at, message)

    faults: list[Fault] = []
    line = catalog.lines.get(question.line)
    if line is None:
        faults.append(fault(_("条款目录里没有要求线 {line}").format(line=question.line), "line"))
    elif line.point != point:
        message = _("要求线 {line} 属于 {owner}，不属于 {point}")
        faults.append(fault(message.format(line=line.id, owner=line.point, point=point), "line"))
    if question.side is not None and line is not None and line.responsibility != "shared":
        message = _("只有双方共担的要求线才分两边来问，{line} 不是")
        faults.append(fault(message.format(line=line.id), "side"))
    if question.asked_of not in roles:
        message = _("没有角色 {role}，可用：{known}")
        faults.append(
            fault(message.format(role=question.asked_of, known=listed(roles)), "asked_of")
        )
    ids = [choice.id for choice in question.answers]
    if len(set(ids)) != len(ids):
        faults.append(fault(_("答案编号重复"), "answers"))
    meanings = {choice.means for choice in question.answers}
    if not {"met", "not_met"} <= meanings:
        faults.append(fault(_("答案里要有一个表示符合、一个表示不符合"), "answers"))
    for j, choice in enumerate(question.answers):
        for need in choice.needs:
            if need not in question.evidence:
                message = _("没有说明证据 {name}").format(name=need)
                faults.append(fault(message, "answers", j, "needs"))
        if choice.means == "met" and not choice.needs:
            faults.append(fault(_("表示符合的答案要写明凭什么证据"), "answers", j))
    return faults
