"""Mapping files: which field of a foreign message is which part of an event. Data only: no code, no patterns.

A workspace keeps them as `ingest/*.yaml`, one source shape a file. A field is picked by its name (a path
with dots in JSON, a column title in a sheet, host/app/pid/msgid/message/data.ID.NAME in syslog):

    check: rule_id                                  # one name
    check: [rule_id, rule]                          # the first that is not empty
    check: {at: msg, after: "sid=", before: " "}    # the text between two marks
    check: {at: cve, prefix: "CVE:"}                # with a word before it
    check: {is: weak-password}                      # always the same text
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.ingest import identity, times
from tlsec.ingest.event import Condition, Event, Kind, Parsed
from tlsec.ingest.reading import (
    NAME,
    TEXT,
    Reading,
    address_of,
    host_of,
    port_of,
    short,
)
from tlsec.marked_yaml import Fault, Faulty

Get: TypeAlias = Callable[[str], Any]  # field name → value; None or "" for a missing one
MAX_BYTES = 2**20
_LOCUS = (
    "path",
    "parameter",
    "account",
    "resolver",
    "proto",
    "zones",
    "file",
    "component",
    "place",
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Pick(_Strict):
    """How one value is taken: names in order of preference, then the text between two marks of it."""

    at: list[str] = Field(default=[], max_length=20)
    is_: str = Field(default="", alias="is", max_length=NAME)
    after: str = Field(default="", max_length=100)
    before: str = Field(default="", max_length=100)
    prefix: str = Field(default="", max_length=60)

    @field_validator("at", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _something(self) -> Pick:
        if bool(self.at) == bool(self.is_):
            raise ValueError(_("要么写 at（取哪个字段），要么写 is（固定文字）"))
        return self

    def of(self, get: Get) -> str:
        if self.is_:
            return self.is_
        for name in self.at:
            if text := self._cut(plain(get(name))):
                return self.prefix + text
        return ""

    def _cut(self, text: str) -> str:
        if self.after:
            _head, found, text = text.partition(self.after)
            if not found:
                return ""
        if self.before:
            text = text.partition(self.before)[0]
        return text.strip()


def _pick(value: Any) -> Any:
    """A bare name or a list of names stands for {at: …}."""
    return {"at": value} if isinstance(value, str | list) else value


class SeverityPick(Pick):
    table: str = "words"


class ConditionPick(Pick):
    """Clear when the value is one of `clear`, in any case of letters; firing otherwise."""

    clear: list[str] = Field(min_length=1, max_length=50)

    def condition(self, get: Get) -> Condition:
        return "clear" if self.of(get).lower() in {w.lower() for w in self.clear} else "firing"


class Skip(_Strict):
    """Messages that are no alerts: counted and left."""

    at: str
    is_: list[str] = Field(alias="is", min_length=1, max_length=100)


class Fields(_Strict):
    """Where each part of an event stands."""

    check: Pick
    title: Pick | None = None
    message: Pick | None = None
    severity: SeverityPick | None = None
    address: Pick | None = None
    host: Pick | None = None
    port: Pick | None = None
    time: Pick | None = None
    event_id: Pick | None = None
    condition: ConditionPick | None = None
    actor: Pick | None = None
    locus: dict[str, Pick] = Field(default={}, max_length=10)
    attributes: dict[str, Pick] = Field(default={}, max_length=30)

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        inner = {
            key: {name: _pick(pick) for name, pick in value[key].items()}
            for key in ("locus", "attributes")
            if isinstance(value.get(key), dict)
        }
        return {key: _pick(part) for key, part in value.items()} | inner

    @field_validator("locus")
    @classmethod
    def _known_places(cls, value: dict[str, Pick]) -> dict[str, Pick]:
        if unknown := [key for key in value if key not in _LOCUS]:
            message = _("没有位置 {names}，只有 {known}")
            raise ValueError(message.format(names=listed(unknown), known=listed(_LOCUS)))
        return value


class Rule(_Strict):
    """Of syslog: the lines of one program that hold one text. The first rule that fits decides."""

    app: str = Field(default="", max_length=64)
    contains: str = Field(default="", max_length=200)
    fields: Fields

    def fits(self, get: Mapping[str, str]) -> bool:
        return (not self.app or get["app"] == self.app) and self.contains in get["message"]


class Map(_Strict):
    """One mapping file.

    `each`: path of the list inside a JSON body ("" for the body itself); `sheet`, `header_row`: of a table.
    """

    map: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    version: int = Field(ge=1)
    format: Literal["json", "table", "syslog"]
    kind: Kind
    each: str = ""
    sheet: str = ""
    header_row: int = Field(default=1, ge=1, le=100)
    fields: Fields | None = None
    rules: list[Rule] = Field(default=[], max_length=500)
    skip: list[Skip] = Field(default=[], max_length=50)

    @model_validator(mode="after")
    def _shape(self) -> Map:
        if self.format == "syslog" and (not self.rules or self.fields):
            raise ValueError(_("syslog 的对照写在 rules 里（每条含 fields），不写 fields"))
        if self.format != "syslog" and (self.rules or not self.fields):
            raise ValueError(_("json 与 table 的对照写 fields，不写 rules"))
        return self


def load(file: Path, tables: Mapping[str, Any]) -> Map:
    """One mapping file. `tables`: the severity tables it may name. Raises Faulty with file:line:column."""
    if file.is_file() and file.stat().st_size > MAX_BYTES:
        raise Faulty([Fault(str(file), _("文件过大，上限 {mb} MB").format(mb=1))])
    marked = marked_yaml.load(file, file.name)
    found = marked_yaml.parse(Map, marked)
    faults = []
    for path, fields in _all_fields(found):
        if fields.severity and fields.severity.table not in tables:
            text = _("没有等级对照表 {name}，只有 {known}")
            shown = text.format(name=fields.severity.table, known=listed(tables))
            faults.append(marked.fault((*path, "severity", "table"), shown))
    if faults:
        raise Faulty(faults)
    return found


def load_all(folder: Path, tables: Mapping[str, Any]) -> dict[str, Map]:
    """Every mapping file of a folder by its `map` name; all faults of all files at once."""
    maps: dict[str, Map] = {}
    faults: list[Fault] = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            found = load(file, tables)
        except Faulty as error:
            faults += error.faults
            continue
        if found.map in maps:
            faults.append(Fault(f"{file.name}:1:1", _("对照名 {name} 重复").format(name=found.map)))
        maps[found.map] = found
    if faults:
        raise Faulty(faults)
    return maps


def _all_fields(found: Map) -> Iterator[tuple[tuple[str | int, ...], Fields]]:
    if found.fields:
        yield ("fields",), found.fields
    for index, rule in enumerate(found.rules):
        yield ("rules", index, "fields"), rule.fields


def line_events(
    found: Map, line: Mapping[str, str], at: datetime | None, raw: bytes, reading: Reading
) -> list[Parsed]:
    """A syslog line by the first rule that fits; one that no rule knows is counted and left."""
    if _skipped(found, line.get):
        return [reading.leave("skip")]
    for rule in found.rules:
        if rule.fits(line):
            return [event(found, rule.fields, line.get, raw, reading, at, line["host"])]
    return [reading.leave(f"no-rule.{short(line['app'] or 'syslog', 40)}")]


def record(found: Map, get: Get, raw: bytes, reading: Reading) -> Parsed:
    """One record of a JSON body or one row of a table."""
    assert found.fields is not None  # a map of these formats has them
    if _skipped(found, get):
        return reading.leave("skip")
    return event(found, found.fields, get, raw, reading, None, "")


def _skipped(found: Map, get: Get) -> bool:
    return any(plain(get(skip.at)) in skip.is_ for skip in found.skip)


def event(
    found: Map, fields: Fields, get: Get, raw: bytes, reading: Reading,
    at: datetime | None, host: str,
) -> Parsed:  # fmt: skip
    """An event by its fields; Rejected when it has no check. `at`, `host`: what stands where none is named."""
    check = short(fields.check.of(get), NAME)
    if not check:
        return reading.reject(_("对照 {name}：取不到 check").format(name=found.map), raw)

    def take(pick: Pick | None, most: int = NAME) -> str:
        return short(pick.of(get), most) if pick else ""

    address, named, port = asset_of(take(fields.address), take(fields.host), take(fields.port))
    if not address and not named:
        address, named, _port = asset_of(host, host, "")
    title = take(fields.title) or check
    table = reading.severities[fields.severity.table if fields.severity else "words"]
    locus = {name: take(pick) for name, pick in fields.locus.items()}
    if "path" in locus:
        locus["path"] = identity.path_template(locus["path"]) if locus["path"] else ""
    actor = address_of(take(fields.actor))
    said = times.read(take(fields.time), reading.zone, reading.received)
    return Event(
        source=reading.source,
        at=said or at or reading.received,
        received=reading.received,
        check=check,
        title=title,
        severity=table.of(take(fields.severity)),
        kind=reading.kind or found.kind,
        condition=fields.condition.condition(get) if fields.condition else "firing",
        event_id=take(fields.event_id),
        address=address,
        host=named,
        port=port,
        locus={key: value for key, value in locus.items() if value},
        actors=(actor,) if actor else (),
        message=take(fields.message, TEXT) or title,
        attributes={
            short(name, 40): value
            for name, pick in fields.attributes.items()
            if (value := take(pick))
        },
        raw=raw,
    )


def asset_of(address: str, host: str, port: str) -> tuple[str, str, int]:
    """(address, host, port). Either field may hold a URL or address:port, as reports write it."""
    found, named, number = address_of(address), host_of(host), port_of(port)
    for text in (address, host):
        if not text or (found and named and number):
            continue
        rest = text.partition("://")[2] or text
        rest = rest.partition("/")[0].rpartition("@")[2]
        if rest.startswith("["):
            name, _bracket, tail = rest[1:].partition("]")
            tail = tail.removeprefix(":")
        elif rest.count(":") == 1:
            name, _colon, tail = rest.partition(":")
        else:
            name, tail = rest, ""
        found, named = found or address_of(name), named or host_of(name)
        number = number or port_of(tail)
    return found, named, number


def plain(value: Any) -> str:
    """A value as text: lists by their first value, objects not at all."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""


def within(body: Any, path: str) -> Any:
    """The value at a path with dots: names of objects, numbers of lists; None where it leads nowhere.

    A name that itself holds dots is found too, when the whole path is a name.
    """
    if isinstance(body, Mapping) and path in body:
        return body[path]
    for step in path.split(".") if path else []:
        if isinstance(body, Mapping):
            body = body.get(step)
        elif isinstance(body, list) and step.isascii() and step.isdigit() and len(step) < 7:
            body = body[int(step)] if int(step) < len(body) else None
        else:
            return None
    return body
