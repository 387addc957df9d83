"""Which of a system's assets an item is looked at: those of the right kind, sampled, and all that were seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from tlsec.inventory.choices import AssetKind, Exposure
from tlsec.inventory.holdings import reclaimed
from tlsec.inventory.models import Asset, Endpoint
from tlsec.policy import sampling
from tlsec.policy.catalog import Line, SubjectKind
from tlsec.policy.sampling import Candidate

# an asset of the register is an object of evaluation of these kinds
SUBJECTS: Mapping[str, tuple[SubjectKind, ...]] = {
    AssetKind.SITE: ("application",),
    AssetKind.API: ("application",),
    AssetKind.EXCHANGE: ("application",),
    AssetKind.HOST: ("host",),
    AssetKind.RESOLVER: ("host",),
    AssetKind.DEVICE: ("network_device", "security_device"),
    AssetKind.SCREEN: ("terminal",),
    AssetKind.TERMINAL: ("terminal",),
    AssetKind.STORAGE: ("storage",),
    AssetKind.CLOUD: ("cloud_platform",),
}
WHOLE = ""  # the system itself as the one object


@dataclass(frozen=True, slots=True)
class Held:
    """An asset of a system."""

    id: str
    name: str
    kind: str
    zone: str
    exposed: bool

    @property
    def alike(self) -> str:
        """Assets of one kind in one zone are taken as configured alike."""
        return f"{self.kind}|{self.zone}"


@dataclass(frozen=True)
class Holdings:
    """The assets of one system, and which of them the least sample has."""

    assets: tuple[Held, ...]
    sampled: frozenset[str]

    @cached_property
    def names(self) -> Mapping[str, str]:
        return {each.id: each.name for each in self.assets}

    def of(self, line: Line, seen: Iterable[str]) -> list[str]:
        """Objects of a line: sampled assets of its kinds, and those with evidence; else the whole system."""
        known = set(seen)
        fitting = {
            each.id
            for each in self.assets
            if each.id in self.sampled and set(SUBJECTS.get(each.kind, ())) & set(line.subjects)
        }
        return [a.id for a in self.assets if a.id in fitting | known] or [WHOLE]


def held(systems: Iterable[str]) -> dict[str, list[Held]]:
    """Assets in use by system, in the order of the register."""
    ids = list(systems)
    rows = Asset.objects.filter(system__in=ids).exclude(id__in=reclaimed())
    exposed = set(
        Endpoint.objects.filter(asset__system__in=ids, exposure=Exposure.INTERNET).values_list(
            "asset_id", flat=True
        )
    )
    found: dict[str, list[Held]] = {id_: [] for id_ in ids}
    for row in rows.order_by("ordinal", "id"):
        made = Held(row.id, row.name, row.kind, row.zone_id or "", row.id in exposed)
        found[str(row.system_id)].append(made)
    return found


def sample(assets: Iterable[Held], level: int, seen: Iterable[str]) -> Holdings:
    """The least sample of a system's assets at a level (GB/T 28449-2018 appendix D)."""
    found, known = tuple(assets), set(seen)
    candidates = [Candidate(a.id, a.alike, exposed=a.exposed, seen=a.id in known) for a in found]
    chosen = sampling.propose(candidates, level)
    return Holdings(found, frozenset(each.id for each in chosen))
