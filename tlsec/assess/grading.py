"""Versions of a system's grade: what was answered, what followed, and why it was changed.

Nothing here edits the inventory: where the two differ, a person takes the grade over in its files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tlsec.assess.models import Grading
from tlsec.i18n import _, language
from tlsec.inventory.models import System
from tlsec.policy import grading as rules
from tlsec.policy.grading import Form, Graded, Gradings
from tlsec.register import journal


class ReasonNeeded(Exception):
    """A new version of a grade says why it was made."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The version in force. `new`: this run made it; else it said the same as the one before."""

    row: Grading
    new: bool


def latest(system: str) -> Grading | None:
    """The version in force."""
    return Grading.objects.filter(system=system).order_by("-version").first()


def history(system: str) -> list[Grading]:
    """All versions, oldest first."""
    return list(Grading.objects.filter(system=system).order_by("version"))


def form_of(row: Grading) -> Form:
    """The filled questionnaire of a version."""
    return Form.model_validate(row.form)


def graded(row: Grading, gradings: Gradings) -> Graded | None:
    """The steps of a version by its own matrix; None when that matrix is no longer on file."""
    matrix = gradings.matrices.get(row.matrix)
    return rules.grade(matrix, form_of(row)) if matrix else None


def record(
    system: System, form: Form, result: Graded, reason: str, actor: str, now: datetime
) -> Recorded:
    """Keep a version and its journal record; the same answers by the same matrix make no new one.

    Raises ReasonNeeded for a second version without a reason.
    """
    filled = form.model_dump(mode="json")
    with transaction.atomic():
        last = latest(system.id)
        if last is not None and _same(last, filled, result):
            return Recorded(last, False)
        if last is not None and not reason:
            raise ReasonNeeded(
                _("{system} 已有第 {n} 版定级 {grade}，变更要写明原因").format(
                    system=system.name, n=last.version, grade=last.grade
                )
            )
        row = Grading.objects.create(
            system=system.id,
            version=last.version + 1 if last else 1,
            s=result.s,
            a=result.a,
            matrix=result.matrix,
            form=filled,
            before=system.grade or "",
            reason=reason or _("首次填写"),
            by=actor,
            at=now,
        )
        after = {
            "system": system.id,
            "version": row.version,
            "grade": row.grade,
            "matrix": row.matrix,
            "form": filled,
        }
        journal.append(now, actor, "assess.grade", system.id, after, row.reason)
    return Recorded(row, True)


def _same(row: Grading, filled: object, result: Graded) -> bool:
    return bool(
        row.form == filled and (row.matrix, row.s, row.a) == (result.matrix, result.s, result.a)
    )


def differences(system: System, grade: str, level: int) -> list[str]:
    """What a grade asks of the inventory or of its neighbours, a sentence each with what to do."""
    found = []
    if not system.grade:
        text = _(
            "台账里还没有 {system} 的定级。在 systems.yaml 的 {id} 一段写上 grade: {grade}，"
            "再运行 tlsec inventory import"
        )
        found.append(text.format(system=system.name, id=system.id, grade=grade))
    elif system.grade != grade:
        text = _(
            "台账里 {system} 是 {was}，问卷得出 {grade}，应由人决定是否重新定级。"
            "确认后把 systems.yaml 中 {id} 的 grade 改为 {grade}，再运行 tlsec inventory import，并办理备案变更"
        )
        found.append(text.format(system=system.name, id=system.id, was=system.grade, grade=grade))
    return found + platform_remarks(system, level)


def platform_remarks(system: System, level: int) -> list[str]:
    """A cloud platform is graded not below what it carries (GB/T 22240-2020 ch. 7)."""
    found = []
    text = _(
        "云平台 {platform}（第{lower}级）低于它承载的 {system}（第{higher}级），应提高平台等级或迁移系统"
    )
    platform = system.platform
    if platform is not None and platform.level is not None and platform.level < level:
        found.append(
            text.format(
                platform=platform.name, lower=platform.level, system=system.name, higher=level
            )
        )
    for tenant in System.objects.filter(platform=system.id, level__gt=level).order_by("id"):
        found.append(
            text.format(platform=system.name, lower=level, system=tenant.name, higher=tenant.level)
        )
    return found


def floor_remarks(system: System, level: int, gradings: Gradings) -> list[str]:
    """Least levels that the standard names in words and this grade is below of."""
    return [
        str(getattr(floor, language()))
        for floor in gradings.questionnaire.floors
        if level < floor.level and getattr(system, floor.when)
    ]


def matrix_question(form: Form, result: Graded, gradings: Gradings) -> list[str]:
    """Where another matrix on file gives another grade, the question that a person has to answer."""
    text = _(
        "按 {other} 为 {there}，按 {own} 为 {here}：是否重新定级，请以受理备案的公安机关意见为准"
    )
    found = []
    for matrix in gradings.matrices.values():
        other = rules.grade(matrix, form)
        if matrix.id != result.matrix and rules.differs(result, other):
            line = text.format(
                other=matrix.id, there=other.grade, own=result.matrix, here=result.grade
            )
            found.append(line + "".join(_("（{note}）").format(note=n) for n in other.verify))
    return found
