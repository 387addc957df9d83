"""Grading by GB/T 22240-2020: which object is harmed, how badly, hence which level. Pure.

Business information (S) and system service (A) are each judged by one matrix, an object a row and a
degree a column; the system's level G is the higher. The matrices are dated data in `policies/grading/`,
and a grade always names the one it was read from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy.question import Text

ObjectId: TypeAlias = Literal["nation", "public", "citizens"]
DegreeId: TypeAlias = Literal["general", "serious", "grave"]
PartId: TypeAlias = Literal["s", "a"]

DEFAULT: Final = "gbt22240-2020"
OBJECTS: Final[tuple[ObjectId, ...]] = ("nation", "public", "citizens")  # order of thought, 6.2
DEGREES: Final[tuple[DegreeId, ...]] = ("general", "serious", "grave")
PARTS: Final[tuple[PartId, ...]] = ("s", "a")
CATALOGUE_TOP: Final = 4  # GB/T 22239-2019 has requirements for levels 1 to 4


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Row(Text):
    """One object of a matrix. `verify`: what is still to be checked of a cell, by degree."""

    object: ObjectId
    levels: dict[DegreeId, int]
    verify: dict[DegreeId, str] = Field(default_factory=dict)

    @field_validator("levels")
    @classmethod
    def _whole_and_rising(cls, value: dict[DegreeId, int]) -> dict[DegreeId, int]:
        if set(value) != set(DEGREES):
            raise ValueError(_("每种侵害程度都要有等级：{names}").format(names=listed(DEGREES)))
        levels = [value[degree] for degree in DEGREES]
        if not all(1 <= level <= 5 for level in levels) or levels != sorted(levels):
            raise ValueError(_("等级应在 1–5 之间，且不随侵害程度加重而降低"))
        return value


class Matrix(Text):
    """A dated table object × degree → level."""

    matrix: str = Field(pattern=r"^[a-z0-9-]+$")
    source: str
    date: str
    rows: list[Row]

    @field_validator("rows")
    @classmethod
    def _every_object(cls, value: list[Row]) -> list[Row]:
        if sorted(row.object for row in value) != sorted(OBJECTS):
            raise ValueError(_("每种客体恰好一行：{names}").format(names=listed(OBJECTS)))
        return value

    @property
    def id(self) -> str:
        return self.matrix

    @cached_property
    def by_object(self) -> Mapping[str, Row]:
        return {row.object: row for row in self.rows}

    def level(self, object_: ObjectId, degree: DegreeId) -> int:
        """The cell."""
        return self.by_object[object_].levels[degree]


class Choice(Text):
    """Something that may be ticked, with what it means and what it is measured by."""

    id: str
    help: Text | None = None
    yardstick: Text | None = None


class Part(Text):
    """A half of the questionnaire: what to describe, what to ask."""

    id: PartId
    describe: Text
    harmed: Text
    help: Text


class Floor(Text):
    """A least level that the standard names in words; told, never applied by itself.

    `when`: the mark of the inventory's system that raises the question.
    """

    id: str
    when: Literal["personal_data", "key_object", "display"]
    level: int


class Questionnaire(_Strict):
    version: int
    source: str
    date: str
    verify: str
    parts: list[Part]
    objects: list[Choice]
    degrees: list[Choice]
    consequences: list[Choice]
    floors: list[Floor] = []

    def named(self, kind: Literal["parts", "objects", "degrees", "consequences"], id: str) -> Text:
        """The words of one choice. Raises KeyError for an unknown one."""
        for each in getattr(self, kind):
            if each.id == id:
                found: Text = each
                return found
        raise KeyError(id)


class Harm(_Strict):
    """One object that is harmed: how badly, seen in which consequences, and why so."""

    object: ObjectId
    degree: DegreeId
    consequences: list[str] = []
    why: str = Field(default="", max_length=1000)


class Half(_Strict):
    """The answers for business information, or for the service."""

    description: str = Field(default="", max_length=2000)
    harms: list[Harm] = Field(min_length=1)

    @field_validator("harms")
    @classmethod
    def _once_each(cls, value: list[Harm]) -> list[Harm]:
        objects = [harm.object for harm in value]
        if len(set(objects)) != len(objects):
            raise ValueError(_("同一客体只能写一次，取最重的程度"))
        return value


class Form(_Strict):
    """The filled questionnaire."""

    s: Half
    a: Half

    def half(self, part: PartId) -> Half:
        return self.s if part == "s" else self.a


@dataclass(frozen=True, slots=True)
class Step:
    """One harm read in the matrix: row, column, cell. `counts`: none of its part is higher."""

    part: PartId
    object: ObjectId
    degree: DegreeId
    level: int
    counts: bool
    verify: str = ""


@dataclass(frozen=True, slots=True)
class Graded:
    """What follows from a form by one matrix."""

    matrix: str
    s: int
    a: int
    steps: tuple[Step, ...]

    @property
    def g(self) -> int:
        return max(self.s, self.a)

    @property
    def grade(self) -> str:
        """S3A2G3"""
        return f"S{self.s}A{self.a}G{self.g}"

    @property
    def outside(self) -> bool:
        """Level 5 has no requirements in the catalogue."""
        return self.g > CATALOGUE_TOP

    @property
    def verify(self) -> tuple[str, ...]:
        """What is still to be checked of the cells that count."""
        return tuple(dict.fromkeys(s.verify for s in self.steps if s.counts and s.verify))


@dataclass(frozen=True)
class Gradings:
    """The matrices by id, and the questionnaire."""

    matrices: Mapping[str, Matrix]
    questionnaire: Questionnaire


def grade(matrix: Matrix, form: Form) -> Graded:
    """Each half by the matrix; where several objects are harmed the highest level counts."""
    levels: dict[str, int] = {}
    steps: list[Step] = []
    for part in PARTS:
        read = [(harm, matrix.level(harm.object, harm.degree)) for harm in form.half(part).harms]
        levels[part] = max(level for _harm, level in read)
        for harm, level in sorted(read, key=lambda pair: OBJECTS.index(pair[0].object)):
            note = matrix.by_object[harm.object].verify.get(harm.degree, "")
            counts = level == levels[part]
            steps.append(Step(part, harm.object, harm.degree, level, counts, note))
    return Graded(matrix.id, levels["s"], levels["a"], tuple(steps))


def legal(s: int, a: int, g: int) -> bool:
    """Whether S, A and G fit together: each 1 to 5 and G the higher of the two (6.1 c, 6.4)."""
    return all(1 <= level <= 5 for level in (s, a)) and g == max(s, a)


def differs(one: Graded, other: Graded) -> list[PartId]:
    """The halves on which two matrices disagree: each is a re-grade question for a person."""
    return [part for part in PARTS if getattr(one, part) != getattr(other, part)]


def empty_form(questionnaire: Questionnaire) -> dict[str, Any]:
    """A form to fill: the halves with one unwritten harm."""
    half = {
        "description": "",
        "harms": [{"object": "", "degree": "", "consequences": [], "why": ""}],
    }
    return {part.id: half for part in questionnaire.parts}


def load(folders: Iterable[Path]) -> Gradings:
    """`grading/` of the policy folders in order. A later folder may add a matrix, not replace one.

    Raises Faulty with all faults of all files.
    """
    matrices: dict[str, Matrix] = {}
    questionnaire: Questionnaire | None = None
    faults: list[Fault] = []
    for file in (f for root in folders for f in sorted((root / "grading").glob("*.yaml"))):
        try:
            marked = marked_yaml.load(file)
            if file.name == "questionnaire.yaml":
                found = marked_yaml.parse(Questionnaire, marked)
                faults += _gaps(found, marked)
                if questionnaire is not None:
                    faults.append(marked.fault((), _("定级问卷已存在，不能替换")))
                questionnaire = questionnaire or found
                continue
            matrix = marked_yaml.parse(Matrix, marked)
        except Faulty as error:
            faults += error.faults
            continue
        if matrix.id in matrices:
            message = _("定级矩阵 {id} 已存在，不能替换").format(id=matrix.id)
            faults.append(marked.fault(("matrix",), message))
        matrices.setdefault(matrix.id, matrix)
    if questionnaire is None and not faults:
        faults.append(Fault("grading/questionnaire.yaml", _("没有定级问卷")))
    if DEFAULT not in matrices and not faults:
        faults.append(Fault("grading", _("没有定级矩阵 {id}").format(id=DEFAULT)))
    if faults or questionnaire is None:
        raise Faulty(faults)
    return Gradings(matrices, questionnaire)


def _gaps(questionnaire: Questionnaire, marked: marked_yaml.Marked) -> list[Fault]:
    """The questionnaire asks for exactly what a matrix can answer."""
    wanted = {"parts": PARTS, "objects": OBJECTS, "degrees": DEGREES}
    return [
        marked.fault((key,), _("应恰好有：{names}").format(names=listed(ids)))
        for key, ids in wanted.items()
        if [each.id for each in getattr(questionnaire, key)] != list(ids)
    ]


def read_form(marked: marked_yaml.Marked, questionnaire: Questionnaire) -> Form:
    """A form from a file. Raises Faulty with the place of every fault, unknown consequences too."""
    form = marked_yaml.parse(Form, marked)
    known = [each.id for each in questionnaire.consequences]
    message = _("没有后果 {id}，可用：{known}")
    faults = [
        marked.fault(
            (part, "harms", i, "consequences", j), message.format(id=id, known=listed(known))
        )
        for part in PARTS
        for i, harm in enumerate(form.half(part).harms)
        for j, id in enumerate(harm.consequences)
        if id not in known
    ]
    if faults:
        raise Faulty(faults)
    return form
