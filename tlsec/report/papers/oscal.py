"""An assessment as OSCAL assessment-results (NIST, model version 1.1): for machines, not for printing.

What OSCAL cannot say is said beside it: an untested item has observations and no finding, one that does not
apply is excluded from the reviewed controls. Every id comes from the content, so the same assessment gives
the same file.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from tlsec import __version__
from tlsec.i18n import _, language
from tlsec.report.papers.assessment import Assessment, Item, Machine, ObjectFinding, Risk, Said
from tlsec.report.words import clean

OSCAL = "1.1.3"
NAMESPACE = "urn:tlsec:oscal"
LOCAL = ZoneInfo("Asia/Shanghai")
Json: TypeAlias = dict[str, Any]

# a finding satisfied only in part is not satisfied; the difference is kept as a property
_STATUS = {
    "met": ("satisfied", "pass"),
    "partly": ("not-satisfied", "fail"),
    "not_met": ("not-satisfied", "fail"),
}
_RISK_STATUS = {
    "open": "investigating",
    "confirmed": "open",
    "lowered": "deviation-approved",
    "dismissed": "closed",
}


def write(data: Assessment, path: Path) -> None:
    """Write the document as JSON."""
    text = json.dumps(build(data), ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


def build(data: Assessment) -> Json:
    """{"assessment-results": …} of one assessment."""
    return {"assessment-results": _Builder(data).document()}


def control(item: Item) -> str:
    """The clause as an OSCAL token, which may not begin with a digit."""
    return f"gbt22239-{item.clause}"


class _Builder:
    """Holds the assessment while its parts are written; the uuid of a part comes from its name in it."""

    def __init__(self, data: Assessment) -> None:
        self.data = data
        self.root = uuid.uuid5(
            uuid.NAMESPACE_URL, f"{NAMESPACE}/{data.system.id}/{data.report_date}/{data.digest}"
        )
        self.observed: dict[str, list[str]] = {}  # item → uuids of its observations

    def id(self, *names: object) -> str:
        return str(uuid.uuid5(self.root, "/".join(map(str, names))))

    def document(self) -> Json:
        data = self.data
        return {
            "uuid": str(self.root),
            "metadata": {
                "title": _line(_("{name}等级保护自评结果").format(name=data.system.name)),
                "last-modified": _moment(data.made),
                "version": data.report_date.isoformat(),
                "oscal-version": OSCAL,
                "props": [_prop("tool", f"tlsec {__version__}"), _prop("language", language())],
                "roles": [{"id": "assessor", "title": _("自评单位")}],
                "parties": [
                    {"uuid": self.id("party"), "type": "organization", "name": clean(data.bureau)}
                ],
                "responsible-parties": [{"role-id": "assessor", "party-uuids": [self.id("party")]}],
            },
            "import-ap": {"href": f"#{self.id('plan')}"},
            "results": [self.result()],
            "back-matter": {"resources": [self.plan(), *self.sources()]},
        }

    def plan(self) -> Json:
        """The plan this result answers to: the profile, in words, since there is no plan document."""
        scheme = self.data.scheme
        return {
            "uuid": self.id("plan"),
            "title": _("自评方案"),
            "description": clean(
                _("{name}，定级 {grade}；{scheme}（{version}）").format(
                    name=self.data.system.name, grade=self.data.system.grade,
                    scheme=scheme.title, version=scheme.version,
                )
            ),
        }  # fmt: skip

    def sources(self) -> Iterator[Json]:
        for i, source in enumerate(self.data.sources):
            props = [_prop("version", source.version), _prop("sha256", source.digest)]
            yield {
                "uuid": self.id("source", i),
                "title": _line(f"{source.what} {source.name}"),
                "props": [p for p in props if p["value"]] or [_prop("version", "-")],
            }

    def result(self) -> Json:
        data = self.data
        observations = list(self.observations())
        result = {
            "uuid": self.id("result"),
            "title": _line(data.scheme.title),
            "description": _("自评，不是等级测评机构的结论；机器给出的疑似高风险不是认定。"),
            "start": _moment(data.started or data.made),
            "end": _moment(data.ended or data.made),
            "props": list(self.numbers()),
            "local-definitions": self.definitions(),
            "reviewed-controls": self.reviewed(),
            "observations": observations,
            "risks": [self.risk(i, risk) for i, risk in enumerate(data.risks)],
            "findings": [self.finding(item) for item in data.items if item.state in _STATUS],
        }
        return {key: value for key, value in result.items() if value}

    def numbers(self) -> Iterator[Json]:
        """Scheme, interval, coverage, conclusions still possible."""
        scheme = self.data.scheme
        yield _prop("scheme", f"{scheme.id}@{scheme.version}")
        yield _prop("coverage", f"{scheme.coverage:.2f}")
        for number in scheme.numbers:
            yield _prop(f"{number.key}-low", f"{number.value.low:.2f}")
            yield _prop(f"{number.key}-high", f"{number.value.high:.2f}")
        for conclusion in scheme.conclusions:
            yield _prop("conclusion", clean(conclusion))
        if self.data.digest:
            yield _prop("sha256", self.data.digest)

    def definitions(self) -> Json:
        system = self.data.system
        return {
            "components": [
                {
                    "uuid": self.id("object", ""),
                    "type": "this-system",
                    "title": _line(system.name),
                    "description": clean(system.business or system.name),
                    "props": [_prop("grade", system.grade)],
                    "status": {"state": "operational"},
                }
            ],
            "inventory-items": [
                {
                    "uuid": self.id("object", name),
                    "description": clean(title),
                    "props": [_prop("asset-id", name)],
                }
                for name, title in self.objects().items()
            ],
        }

    def objects(self) -> dict[str, str]:
        """Assets on record and all others that a finding names, by id."""
        found = {asset.id: asset.name for asset in self.data.assets}
        for item in self.data.items:
            for each in item.objects:
                found.setdefault(each.object, each.name or each.object)
        found.pop("", None)
        return found

    def reviewed(self) -> Json:
        """Items in the profile; those that a decision excludes are named with the reason."""
        inside = [item for item in self.data.items if item.state != "not_applicable"]
        outside = [item for item in self.data.items if item.state == "not_applicable"]
        selection: Json = {"include-all": {}}  # a list may not be empty
        if inside:
            selection = {"include-controls": [{"control-id": control(item)} for item in inside]}
        if outside:
            selection["exclude-controls"] = [{"control-id": control(item)} for item in outside]
            selection["remarks"] = "\n".join(
                clean(f"{control(item)}: {item.note or '-'}") for item in outside
            )
        return {"control-selections": [selection]}

    def observations(self) -> Iterator[Json]:
        for item in self.data.items:
            for each in item.objects:
                for i, machine in enumerate(each.machine):
                    yield self.seen(self.observation(item, each, i, ["TEST"]), machine)
                for i, said in enumerate(each.answers):
                    row = self.observation(item, each, i, ["INTERVIEW", "EXAMINE"])
                    yield self.said(row, item, said)

    def observation(self, item: Item, found: ObjectFinding, n: int, methods: list[str]) -> Json:
        id_ = self.id("observation", item.id, found.object, methods[0], n)
        self.observed.setdefault(item.id, []).append(id_)
        kind = "inventory-item" if found.object else "component"
        return {
            "uuid": id_,
            "methods": methods,
            "types": ["control-objective"],
            "subjects": [{"subject-uuid": self.id("object", found.object), "type": kind}],
        }

    def seen(self, row: Json, machine: Machine) -> Json:
        props = [
            _prop("check", machine.check),
            _prop("result", machine.result),
            _prop("verdict", machine.verdict),
            _prop("place", machine.place),
        ]
        return row | {
            "title": _line(machine.check) or "-",
            "description": clean(machine.message or machine.result or machine.check) or "-",
            "props": [p for p in props if p["value"]],
            "collected": _moment(machine.at or self.data.made),
        }

    def said(self, row: Json, item: Item, said: Said) -> Json:
        row = row | {
            "title": _line(said.question or item.clause),
            "description": clean(said.text) or "-",
            "collected": _moment(said.at or self.data.made),
            "props": [
                p
                for p in (_prop("by", said.person), _prop("reviewer", said.reviewer))
                if p["value"]
            ],
        }
        if said.expires:
            row["expires"] = _moment(said.expires)
        if said.evidence:
            row["relevant-evidence"] = [
                {"description": _("证据文件"), "props": [_prop("sha256", digest)]}
                for digest in said.evidence
            ]
        return {key: value for key, value in row.items() if value}

    def finding(self, item: Item) -> Json:
        state, reason = _STATUS[item.state]
        found: Json = {
            "uuid": self.id("finding", item.id),
            "title": _line(f"{item.clause} {item.text}"),
            "description": clean(item.note or item.text),
            "props": [
                _prop("state", item.state), _prop("low", f"{item.low:g}"),
                _prop("high", f"{item.high:g}"), *([_prop("unit", item.code)] if item.code else []),
            ],
            "target": {
                "type": "objective-id",
                "target-id": control(item),
                "status": {"state": state, "reason": reason},
            },
        }  # fmt: skip
        if seen := self.observed.get(item.id):
            found["related-observations"] = [{"observation-uuid": each} for each in seen]
        risks = [i for i, risk in enumerate(self.data.risks) if item.id in risk.items]
        if risks:
            found["related-risks"] = [{"risk-uuid": self.id("risk", i)} for i in risks]
        return found

    def risk(self, i: int, risk: Risk) -> Json:
        title = _("疑似高风险") if risk.kind == "high" else _("重大风险隐患候选")
        props = [
            _prop("list", risk.list), _prop("case", risk.case), _prop("trigger", risk.trigger),
            _prop("decision", risk.decision), _prop("decided-by", risk.by),
        ]  # fmt: skip
        row: Json = {
            "uuid": self.id("risk", i),
            "title": _line(f"{title} {risk.case}"),
            "description": clean(risk.situation) or "-",
            "statement": clean(risk.reason or risk.situation) or "-",
            "props": [p for p in props if p["value"]],
            "status": _RISK_STATUS[risk.decision],
        }
        if risk.mitigation:
            row["mitigating-factors"] = [
                {"uuid": self.id("mitigation", i), "description": clean(risk.mitigation)}
            ]
        seen = [each for item in risk.items for each in self.observed.get(item, ())]
        if seen:
            row["related-observations"] = [{"observation-uuid": each} for each in seen]
        return row


def _prop(name: str, value: str) -> Json:
    """A property; its value is one line without blanks at the ends, as the model wants it."""
    return {"name": name, "ns": NAMESPACE, "value": _line(value)}


def _line(text: str) -> str:
    """A text on one line, as the model wants titles."""
    return " ".join(clean(text).split())


def _moment(value: object) -> str:
    """A time with its zone; a plain date is the beginning of that day here."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return datetime.combine(value, time(), LOCAL).isoformat()
    try:
        return _moment(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)
