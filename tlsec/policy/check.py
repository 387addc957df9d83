"""A check: one YAML file of clauses over the facts of one probe, with fixtures. No fixtures, no load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.facts import AssetFacts
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty, Marked, Path_
from tlsec.policy import expr, schema, typing
from tlsec.policy.expr import Expr
from tlsec.policy.schema import BOOL, Record, Type

Severity = Literal["critical", "high", "medium", "low"]
State = Literal["pass", "fail", "unknown", "error", "not_applicable", "not_run"]
Stricter = Literal["lower", "higher", "subset", "superset"]
ASSET = schema.of(AssetFacts)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Text(_Strict):
    zh: str
    en: str


class Param(_Strict):
    """`stricter` says which way a profile may move the value; it may never move it the other way."""

    type: str
    default: Any
    stricter: Stricter
    zh: str = ""
    source: str = ""  # where the value comes from, with 待核 when unsettled


class Clause(_Strict):
    id: str
    expr: str
    fail: Text

    @cached_property
    def tree(self) -> Expr:
        return expr.parse(self.expr)


class Mapping_(_Strict):
    """What a pass and a fail say about a line, separately (policy rule of two sides)."""

    line: str
    passed: Literal["proves", "supports", "nothing"] = Field(alias="pass")
    failed: Literal["refutes", "weakens", "nothing"] = Field(alias="fail")


class Fixture(_Strict):
    name: str
    expect: Literal["pass", "fail", "unknown", "not_applicable"]
    clauses: list[str] = []
    asset: dict[str, Any] = {}
    baseline: dict[str, Any] = {}
    params: dict[str, Any] = {}
    facts: dict[str, Any] = {}


class Check(_Strict):
    """See CONTRIBUTING for the format; every field of the file is a field here."""

    check: str = Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
    version: int
    changelog: str = ""
    title: Text
    probe: str = Field(pattern=r"^[a-z.-]+@\d+$")
    when: str = ""
    baseline: bool = False
    params: dict[str, Param] = {}
    clauses: list[Clause] = Field(alias="assert", min_length=1)
    severity: Severity
    category: str = ""  # label of the ledger's 隐患类别 column
    maps: list[Mapping_]
    remediation: Text
    tests: list[Fixture]

    @property
    def id(self) -> str:
        return self.check

    @property
    def probe_id(self) -> str:
        return self.probe.split("@")[0]

    @cached_property
    def when_tree(self) -> Expr | None:
        return expr.parse(self.when) if self.when else None


@dataclass(frozen=True)
class Loaded:
    """A check that may be used: its file, its fact schema, and its marked source for messages."""

    check: Check
    facts: Record
    marked: Marked


PLACEHOLDER = re.compile(r"\{([a-z_][A-Za-z0-9_.]*)\}")


def names_for(check: Check, facts: Record) -> dict[str, Type]:
    """What the clauses of a check may name."""
    names: dict[str, Type] = dict(facts.fields)
    names["asset"] = ASSET
    names["params"] = Record({k: schema.named(p.type) for k, p in check.params.items()})
    if check.baseline:
        names["baseline"] = facts
    return names


def load(file: Path, fact_types: Mapping[str, type[Any]], ports: Mapping[str, list[int]]) -> Loaded:
    """One check file, held to every rule that needs no other file. Raises Faulty with all faults.

    `fact_types`: probe id@version → fact dataclass. `ports`: named port lists, for defaults "@name".
    """
    marked = marked_yaml.load(file)
    if isinstance(marked.value, dict):
        _resolve_ports(marked, ports)
    check = marked_yaml.parse(Check, marked)
    if check.probe not in fact_types:
        known = listed(sorted(fact_types))
        message = _("没有探针 {probe}，可用：{known}").format(probe=check.probe, known=known)
        raise Faulty([marked.fault(("probe",), message)])
    facts = schema.of(fact_types[check.probe])
    assert isinstance(facts, Record)
    faults = [
        *_name_fault(check, file, marked),
        *_param_faults(check, marked),
        *_clause_faults(check, facts, marked),
        *_fixture_faults(check, facts, marked),
    ]
    if faults:
        raise Faulty(faults)
    return Loaded(check, facts, marked)


def _resolve_ports(marked: Marked, ports: Mapping[str, list[int]]) -> None:
    params = marked.value.get("params")
    for name, param in (params if isinstance(params, dict) else {}).items():
        default = param.get("default") if isinstance(param, dict) else None
        if isinstance(default, str) and default.startswith("@"):
            if default[1:] not in ports:
                message = _("没有端口清单 {name}").format(name=default[1:])
                raise Faulty([marked.fault(("params", name, "default"), message)])
            param["default"] = ports[default[1:]]


def _name_fault(check: Check, file: Path, marked: Marked) -> list[Fault]:
    if file.stem == check.id:
        return []
    return [marked.fault(("check",), _("文件名应为 {id}.yaml").format(id=check.id))]


def _param_faults(check: Check, marked: Marked) -> list[Fault]:
    faults = []
    for name, param in check.params.items():
        try:
            kind = schema.named(param.type)
            schema.materialise(kind, param.default)
        except ValueError as error:
            faults.append(marked.fault(("params", name), str(error)))
            continue
        is_list = isinstance(kind, schema.ListOf)
        if is_list != (param.stricter in ("subset", "superset")):
            message = _("{type} 的收紧方向不能是 {way}").format(type=param.type, way=param.stricter)
            faults.append(marked.fault(("params", name, "stricter"), message))
    return faults


def _clause_faults(check: Check, facts: Record, marked: Marked) -> list[Fault]:
    faults: list[Fault] = []
    try:
        names = names_for(check, facts)
    except ValueError:
        return []  # already told with the parameters
    ids = [clause.id for clause in check.clauses]
    if len(set(ids)) != len(ids):
        faults.append(marked.fault(("assert",), _("子句编号重复")))
    texts: list[tuple[Path_, str, Mapping[str, Type]]]
    texts = [(("when",), check.when, {"asset": ASSET})] if check.when else []
    texts += [(("assert", i, "expr"), c.expr, names) for i, c in enumerate(check.clauses)]
    for path, text, known in texts:
        try:
            tree = expr.parse(text)
            if typing.check(tree, known) is not BOOL:
                raise expr.ExprError(_("子句应是真假判断"), 0)
        except expr.ExprError as error:
            place = text[max(0, error.at - 12) : error.at + 20].strip()
            message = _("{error}（在“{place}”处）").format(error=error, place=place)
            faults.append(marked.fault(path, message))
    for i, clause in enumerate(check.clauses):
        for language in ("zh", "en"):
            for found in PLACEHOLDER.findall(getattr(clause.fail, language)):
                if not _known(found, names):
                    message = _("没有 {name} 可填入文字").format(name=found)
                    faults.append(marked.fault(("assert", i, "fail", language), message))
    return faults


def _known(placeholder: str, names: Mapping[str, Type]) -> bool:
    if placeholder == "violators":
        return True
    kind: Type = Record(names)
    for step in placeholder.split("."):
        if not isinstance(kind, Record) or step not in kind.fields:
            return False
        kind = kind.fields[step]
    return True


def _fixture_faults(check: Check, facts: Record, marked: Marked) -> list[Fault]:
    faults = []
    have = {fixture.expect for fixture in check.tests}
    for state in ("pass", "fail", "unknown"):
        if state not in have:
            message = _("缺少期望为 {state} 的用例").format(state=state)
            faults.append(marked.fault(("tests",), message))
    ids = {clause.id for clause in check.clauses}
    for i, fixture in enumerate(check.tests):
        parts: list[tuple[str, Type, Any]] = [
            ("facts", facts, fixture.facts),
            ("asset", ASSET, fixture.asset),
            ("baseline", facts, fixture.baseline),
        ]
        for key, kind, value in parts:
            try:
                schema.materialise(kind, value)
            except ValueError as error:
                faults.append(marked.fault(("tests", i, key), str(error)))
        for name in set(fixture.clauses) - ids:
            message = _("没有子句 {name}").format(name=name)
            faults.append(marked.fault(("tests", i, "clauses"), message))
        for name in set(fixture.params) - set(check.params):
            message = _("没有参数 {name}").format(name=name)
            faults.append(marked.fault(("tests", i, "params"), message))
    return faults
