"""The table of triggers of 重大风险隐患: codes with their meaning, as data. Pure.

Source: form of the 2025 evaluation report, appendix G. A machine names a code as a candidate only.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Fault, Faulty

FILES = "triggers*.yaml"  # beside the lists of high-risk cases


class Trigger(BaseModel):
    """A code such as A-18. Codes no case of a list names are tied to no item: a person raises them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    code: str = Field(pattern=r"^A-\d\d$")
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    verify: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    table: str
    version: int
    zh: str
    en: str
    source: str
    triggers: list[Trigger]


def load(folders: Iterable[Path]) -> dict[str, Trigger]:
    """`high-risk/triggers*.yaml` of the policy folders by code; a later folder may add. Raises Faulty."""
    found: dict[str, Trigger] = {}
    faults: list[Fault] = []
    for file in (f for folder in folders for f in sorted((folder / "high-risk").glob(FILES))):
        try:
            marked = marked_yaml.load(file)
            data = marked_yaml.parse(_File, marked)
        except Faulty as error:
            faults.extend(error.faults)
            continue
        for i, trigger in enumerate(data.triggers):
            if trigger.code in found:
                message = _("编号 {id} 重复").format(id=trigger.code)
                faults.append(marked.fault(("triggers", i, "code"), message))
            found.setdefault(trigger.code, trigger)
    if faults:
        raise Faulty(faults)
    return dict(sorted(found.items()))
