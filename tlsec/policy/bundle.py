"""All content of a run: catalogue, checks, profile, port lists, with a workspace's own laid over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy import catalog as catalogs
from tlsec.policy import check as checks_
from tlsec.policy import profile as profiles
from tlsec.policy.catalog import Catalog
from tlsec.policy.check import Loaded
from tlsec.policy.profile import Profile


class _Port(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    port: int
    zh: str
    tags: list[str] = []
    source: str = ""


class _Ports(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    id: str
    zh: str
    source: str
    date: str
    ports: list[_Port]


@dataclass(frozen=True)
class Policy:
    catalog: Catalog
    checks: Mapping[str, Loaded]
    profile: Profile
    ports: Mapping[str, list[int]]

    def for_probe(self, probe: str) -> list[Loaded]:
        """Checks that read a probe's facts, in order of id."""
        return [loaded for loaded in self.checks.values() if loaded.check.probe_id == probe]


def load(
    folders: Iterable[Path],
    fact_types: Mapping[str, type[Any]],
    profile: str = "default",
    catalog: str = "gbt22239-2019",
) -> Policy:
    """Content of the folders in order, the shipped one first. Raises Faulty with all faults of all files.

    A later folder may add checks and tighten through a profile; it may not replace a check.
    """
    roots = [folder for folder in folders if folder.is_dir()]
    faults: list[Fault] = []
    ports = _ports(roots, faults)
    found = _catalog(roots, catalog, faults)
    checks = _checks(roots, fact_types, ports, found, faults)
    if found is None or faults:
        raise Faulty(faults)
    file = next(
        (f for r in reversed(roots) if (f := r / "profiles" / f"{profile}.yaml").is_file()), None
    )
    if file is None:
        known = sorted({f.stem for root in roots for f in (root / "profiles").glob("*.yaml")})
        message = _("没有基线方案 {name}，可用：{known}")
        raise Faulty([Fault("profile", message.format(name=profile, known=listed(known)))])
    named = f"{found.id}@{found.version}"
    return Policy(found, checks, profiles.load(file, checks, named), ports)


def load_check(file: Path, policy: Policy, fact_types: Mapping[str, type[Any]]) -> Loaded:
    """One check file as if it lay among the checks of a policy. Raises Faulty with all its faults."""
    loaded = checks_.load(file, fact_types, policy.ports)
    known = policy.checks.get(loaded.check.id)
    beside = [known] if known and Path(known.marked.name).resolve() != file.resolve() else []
    if faults := [*_twice(loaded, beside), *_line_faults(loaded, policy.catalog)]:
        raise Faulty(faults)
    return loaded


def _ports(roots: list[Path], faults: list[Fault]) -> dict[str, list[int]]:
    ports: dict[str, list[int]] = {}
    for file in (f for root in roots for f in sorted((root / "ports").glob("*.yaml"))):
        try:
            data = marked_yaml.parse(_Ports, marked_yaml.load(file))
        except Faulty as error:
            faults.extend(error.faults)
            continue
        ports[data.id] = sorted({*ports.get(data.id, []), *(p.port for p in data.ports)})
    return ports


def _catalog(roots: list[Path], name: str, faults: list[Fault]) -> Catalog | None:
    for root in roots:
        if (folder := root / "catalogs" / name).is_dir():
            try:
                return catalogs.load(folder)
            except Faulty as error:
                faults.extend(error.faults)
                return None
    faults.append(Fault(name, _("没有这个条款目录")))
    return None


def _checks(
    roots: list[Path],
    fact_types: Mapping[str, type[Any]],
    ports: Mapping[str, list[int]],
    catalog: Catalog | None,
    faults: list[Fault],
) -> dict[str, Loaded]:
    checks: dict[str, Loaded] = {}
    for file in (f for root in roots for f in sorted((root / "checks").rglob("*.yaml"))):
        try:
            loaded = checks_.load(file, fact_types, ports)
        except Faulty as error:
            faults.extend(error.faults)
            continue
        if loaded.check.id in checks:
            faults.extend(_twice(loaded, [checks[loaded.check.id]]))
            continue
        if catalog is not None:
            faults.extend(_line_faults(loaded, catalog))
        checks[loaded.check.id] = loaded
    return dict(sorted(checks.items()))


def _twice(loaded: Loaded, known: list[Loaded]) -> list[Fault]:
    message = _("检查项 {id} 已存在；要收紧请用基线方案的参数").format(id=loaded.check.id)
    return [loaded.marked.fault(("check",), message) for _known in known]


def _line_faults(loaded: Loaded, catalog: Catalog) -> list[Fault]:
    return [
        loaded.marked.fault(
            ("maps", i, "line"), _("条款目录里没有要求线 {line}").format(line=mapping.line)
        )
        for i, mapping in enumerate(loaded.check.maps)
        if mapping.line not in catalog.lines
    ]
