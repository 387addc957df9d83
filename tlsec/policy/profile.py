"""A profile: which catalogue, and parameters that may only tighten what the checks say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy import schema
from tlsec.policy.check import Loaded, Param


class _Exclusion(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    check: str
    reason: str
    decided_by: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    profile: str
    version: int
    zh: str
    en: str
    catalog: str
    params: dict[str, dict[str, Any]] = {}
    exclude: list[_Exclusion] = []


@dataclass(frozen=True)
class Profile:
    id: str
    version: int
    catalog: str
    params: Mapping[str, Mapping[str, Any]]
    excluded: Mapping[str, str]  # check → reason

    def params_of(self, loaded: Loaded) -> dict[str, Any]:
        """Effective parameters of a check: its defaults with the profile's values laid over."""
        defaults = {name: p.default for name, p in loaded.check.params.items()}
        return defaults | dict(self.params.get(loaded.check.id, {}))


def load(file: Path, checks: Mapping[str, Loaded], catalog: str = "") -> Profile:
    """A profile, refused with file:line where it would loosen a parameter. Raises Faulty.

    `catalog`: id@version of the loaded catalogue, which the profile must have been written for.
    """
    marked = marked_yaml.load(file)
    data = marked_yaml.parse(_File, marked)
    faults: list[Fault] = []
    if catalog and data.catalog != catalog:
        message = _("基线方案是按 {theirs} 写的，现用条款目录为 {ours}，核对后改这里")
        text = message.format(theirs=data.catalog, ours=catalog)
        faults.append(marked.fault(("catalog",), text))
    for check, values in data.params.items():
        if check not in checks:
            message = _("没有检查项 {check}").format(check=check)
            faults.append(marked.fault(("params", check), message))
            continue
        declared = checks[check].check.params
        for name, value in values.items():
            problem = _problem(declared.get(name), name, value)
            if problem:
                faults.append(marked.fault(("params", check, name), problem))
    for i, exclusion in enumerate(data.exclude):
        if exclusion.check not in checks:
            message = _("没有检查项 {check}").format(check=exclusion.check)
            faults.append(marked.fault(("exclude", i, "check"), message))
    if faults:
        raise Faulty(faults)
    excluded = {
        e.check: _("{reason}（{who}）").format(reason=e.reason, who=e.decided_by)
        for e in data.exclude
    }
    return Profile(data.profile, data.version, data.catalog, data.params, excluded)


def _problem(param: Param | None, name: str, value: Any) -> str:
    if param is None:
        return _("没有参数 {name}").format(name=name)
    try:
        schema.materialise(schema.named(param.type), value)
    except ValueError as error:
        return str(error)
    if not stricter(param, value):
        return _("{name} 只能收紧：缺省 {default}，方向 {way}，现为 {value}").format(
            name=name, default=param.default, way=param.stricter, value=value
        )
    return ""


def stricter(param: Param, value: Any) -> bool:
    """The value is the default or moved in the stricter direction."""
    if param.stricter == "lower":
        return bool(value <= param.default)
    if param.stricter == "higher":
        return bool(value >= param.default)
    if param.stricter == "subset":
        return set(value) <= set(param.default)
    return set(value) >= set(param.default)
