"""All content of an assessment beside the checks: questions, schemes, lists of high risks, freshness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy import high_risk, question, scheme, triggers
from tlsec.policy.bundle import Policy
from tlsec.policy.high_risk import HighRiskList
from tlsec.policy.question import Questions
from tlsec.policy.scheme import Scheme
from tlsec.policy.triggers import Trigger

T = TypeVar("T")


class Freshness(BaseModel):
    """policies/ladders/evidence.yaml. `machine_days`: an older verdict is as good as none (not_run)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    machine_days: int = Field(ge=1, le=400)
    source: str
    date: str

    @property
    def machine(self) -> timedelta:
        return timedelta(days=self.machine_days)


@dataclass(frozen=True)
class AssessmentContent:
    questions: Questions
    schemes: Mapping[str, Scheme]
    high_risk: Mapping[str, HighRiskList]
    freshness: Freshness
    triggers: Mapping[str, Trigger]

    def scheme(self, id_: str | None, day: date) -> Scheme:
        """The scheme asked for, else the one for reports of that day. Raises LookupError."""
        if id_ is None:
            return scheme.choose(self.schemes, day)
        if id_ not in self.schemes:
            message = _("没有计分方案 {id}，可用：{known}")
            raise LookupError(message.format(id=id_, known=listed(self.schemes)))
        return self.schemes[id_]

    def risks_of(self, used: Scheme) -> HighRiskList | None:
        """The list of high-risk cases that goes with a scheme."""
        return high_risk.for_scheme(self.high_risk, used.id)


def load(folders: Iterable[Path], policy: Policy) -> AssessmentContent:
    """Content of the policy folders in order, the shipped one first. Raises Faulty with all faults."""
    roots = [folder for folder in folders if folder.is_dir()]
    faults: list[Fault] = []
    questions = _told(lambda: question.load(roots, policy.catalog), faults)
    schemes = _told(lambda: scheme.load(roots), faults)
    lists = _told(lambda: high_risk.load(roots, policy.catalog, policy.checks), faults)
    freshness = _told(lambda: _freshness(roots), faults)
    codes = _told(lambda: triggers.load(roots), faults)
    if not (questions and schemes and lists is not None and freshness and codes is not None):
        raise Faulty(faults)
    return AssessmentContent(questions, schemes, lists, freshness, codes)


def _told(part: Callable[[], T], faults: list[Fault]) -> T | None:
    try:
        return part()
    except Faulty as error:
        faults.extend(error.faults)
        return None


def _freshness(roots: list[Path]) -> Freshness:
    name = Path("ladders") / "evidence.yaml"
    file = next(f for root in reversed(roots) if (f := root / name).is_file())
    return marked_yaml.parse(Freshness, marked_yaml.load(file))
