"""What can be broken in the city, and the city as it stands with some of it broken. Pure after loading."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Faulty, Marked
from tlsec.range.city import City, FlowRule, Host, Port, Service, Strict, load

FILE = Path(__file__).with_name("troubles.yaml")


class Also(Strict):
    """A second check that rightly fails for the same cause, and why it does."""

    check: str
    why: dict[Literal["zh", "en"], str]


class Change(Strict):
    """One change to the healthy city; exactly one of the forms.

    host + set: fields of the host;  host + port + set: fields of that service (nested, merged);
    host + add: a further service;   host + remove: these ports stop answering;
    flow: a way opens that should not be;  cut: the line of a place to look from is cut;
    withhold: this system's 零报告 of yesterday is missing.
    """

    host: str = ""
    port: Port | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    add: Service | None = None
    remove: list[Port] = Field(default_factory=list)
    flow: FlowRule | None = None
    cut: str = ""
    withhold: str = ""

    @model_validator(mode="after")
    def _one_form(self) -> Change:
        forms = [bool(self.set), self.add is not None, bool(self.remove)]
        others = [self.flow is not None, bool(self.cut), bool(self.withhold)]
        if sum(forms) + sum(others) != 1:
            raise ValueError(_("set、add、remove、flow、cut、withhold 须且只能有一项"))
        if any(forms) != bool(self.host):
            raise ValueError(_("set、add、remove 须写明 host，其余不写"))
        return self


class Trouble(Strict):
    """One thing that can be broken and mended. The numbered ones are broken from the start."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{2,40}$")
    id: int | None = Field(default=None, ge=1, le=99)  # None for the extras
    title: dict[Literal["zh", "en"], str]
    check: str  # the one check that names it; "" when none does yet
    also: list[Also] = Field(default_factory=list)
    system: str = ""
    expected: Literal["found", "silent"] = "found"
    changes: list[Change] = Field(min_length=1)

    @property
    def built_in(self) -> bool:
        return self.id is not None


class _File(Strict):
    troubles: list[Trouble]


@cache
def all_troubles(path: Path = FILE) -> tuple[Trouble, ...]:
    """Every trouble in file order, each proved to fit the city. Raises marked_yaml.Faulty."""
    marked = marked_yaml.load(path, path.name)
    found = tuple(marked_yaml.parse(_File, marked).troubles)
    _prove(found, marked)
    return found


def find(name: str) -> Trouble:
    """By name or number. Raises KeyError."""
    for each in all_troubles():
        if each.name == name or (each.id is not None and str(each.id) == name):
            return each
    raise KeyError(name)


def built_in() -> frozenset[str]:
    """Names of the troubles that are on when the range starts."""
    return frozenset(each.name for each in all_troubles() if each.built_in)


def with_troubles(city: City, broken: Iterable[Trouble]) -> City:
    """The city with these troubles in it. Raises KeyError or ValueError when one does not fit."""
    hosts = {host.id: host.model_dump() for host in city.hosts}
    flows = list(city.flows)
    withheld, cut = list(city.withheld), list(city.cut)
    for trouble in broken:
        for change in trouble.changes:
            if change.flow is not None:
                flows.append(change.flow)
            elif change.cut:
                cut.append(change.cut)
            elif change.withhold:
                withheld.append(change.withhold)
            else:
                _change_host(hosts[change.host], change)
    return city.model_validate(
        {
            **{name: getattr(city, name) for name in type(city).model_fields},
            "hosts": [Host.model_validate(host) for host in hosts.values()],
            "flows": flows,
            "withheld": withheld,
            "cut": cut,
        }
    )


def _change_host(host: dict[str, Any], change: Change) -> None:
    services: list[dict[str, Any]] = host["services"]
    if change.add is not None:
        services.append(change.add.model_dump())
    elif change.remove:
        left = [each for each in services if each["port"] not in change.remove]
        if len(left) != len(services) - len(change.remove):
            raise ValueError(
                _("{host} 没有端口 {ports}").format(host=host["id"], ports=change.remove)
            )
        host["services"] = left
    elif change.port is None:
        _merge(host, change.set)
    else:
        found = next((each for each in services if each["port"] == change.port), None)
        if found is None:
            raise ValueError(
                _("{host} 没有端口 {ports}").format(host=host["id"], ports=change.port)
            )
        _merge(found, change.set)


def _merge(into: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _prove(found: tuple[Trouble, ...], marked: Marked) -> None:
    """Names are unique, and every trouble fits the healthy city, so that a switch cannot fail."""
    faults = []
    for i, trouble in enumerate(found):
        earlier = found[:i]
        if trouble.name in {each.name for each in earlier} or (
            trouble.built_in and trouble.id in {each.id for each in earlier}
        ):
            faults.append(marked.fault(("troubles", i), _("名称或编号重复")))
        try:
            with_troubles(load(), [trouble])
        except KeyError as error:
            where = marked.where(("troubles", i, "changes"))
            faults.append(marked_yaml.Fault(where, _("没有主机 {host}").format(host=error)))
        except (ValidationError, ValueError) as error:
            faults.append(marked.fault(("troubles", i, "changes"), str(error)))
    if faults:
        raise Faulty(faults)
