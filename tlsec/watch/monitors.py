"""monitors.yaml: what is watched all the time, how often, from where, and when a failure is believed."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.inventory.lookup import Lookup
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy.bundle import Policy
from tlsec.policy.thresholds import Thresholds
from tlsec.scan import plan_check
from tlsec.scan.plans import Step
from tlsec.watch.sample import FILE


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Period(_Strict):
    """What a key period changes; what is not written stays."""

    every: float | None = Field(default=None, gt=0)
    confirm: int | None = Field(default=None, ge=1)


class Canary(_Strict):
    """A place of ours that answers as long as the line is up: a resolver, a gateway's port, a page."""

    kind: str = Field(pattern="^(dns|port)$")
    address: str
    port: int = Field(default=53, ge=1, le=65535)
    name: str = ""


class Uplink(_Strict):
    """How a vantage knows that its own line is up. `need` of its canaries have to answer."""

    vantage: str
    canaries: list[Canary] = Field(min_length=1)
    need: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _enough(self) -> Uplink:
        if (self.need or 1) > len(self.canaries):
            raise ValueError(_("need 大于对照点个数"))
        return self


class Monitor(_Strict):
    """A plan of short cadence. `every` is in seconds.

    `second`: the vantage of the second look ("" for a second try from the same one).
    `line`: what of `outage` in ladders/incident-thresholds.yaml applies; "" for nothing numeric, neither of
    outage nor of tampering (county portals have none).
    `learn`: visits from which the parts of a page that change by themselves are learnt (0: none).
    """

    id: str = Field(pattern=r"^[a-z0-9-]{1,60}$")
    title: str
    every: float = Field(gt=0)
    vantage: str
    second: str = ""
    probes: list[str] = Field(min_length=1)
    checks: list[str] = Field(min_length=1)
    zones: list[str] = []
    systems: list[str] = []
    assets: list[str] = []
    pages: str = Field(default="public", pattern="^(public|internal|all)$")
    discover: bool = False
    blocks: list[str] = []
    ports: str = ""
    confirm: int | None = Field(default=None, ge=1)
    learn: int | None = Field(default=None, ge=0)
    line: str = ""
    paused: bool = False
    period: Period = Period()

    def step(self) -> Step:
        """The same as a step of a plan."""
        return Step(
            vantage=self.vantage,
            probes=self.probes,
            zones=self.zones,
            systems=self.systems,
            assets=self.assets,
            pages=self.pages,
            discover=self.discover,
            blocks=self.blocks,
            ports=self.ports,
        )


class Monitors(_Strict):
    """The whole file."""

    uplinks: list[Uplink] = []
    monitors: list[Monitor] = []

    def uplink(self, vantage: str) -> Uplink | None:
        return next((each for each in self.uplinks if each.vantage == vantage), None)


def load(root: Path) -> Monitors:
    """The workspace's monitors; none when there is no file. Raises Faulty with every fault of form."""
    file = root / FILE
    if not file.is_file():
        return Monitors()
    marked = marked_yaml.load(file, FILE)
    found = marked_yaml.parse(Monitors, marked)
    ids = [monitor.id for monitor in found.monitors]
    twice = [i for i, name in enumerate(ids) if name in ids[:i]]
    if twice:
        raise Faulty([marked.fault(("monitors", i, "id"), _("监测编号重复")) for i in twice])
    return found


def check(root: Path, policy: Policy, lookup: Lookup, thresholds: Thresholds) -> Monitors:
    """The monitors, held to what there is. Raises Faulty with every fault of the file."""
    found = load(root)
    if not found.monitors and not found.uplinks:
        return found
    marked = marked_yaml.load(root / FILE, FILE)
    zones = [zone.id for zone in lookup.zones()]
    faults: list[Fault] = []
    for i, uplink in enumerate(found.uplinks):
        if uplink.vantage not in lookup.vantages:
            text = plan_check.unknown(_("台账里没有探测点 {name}"), uplink.vantage, lookup.vantages)
            faults.append(marked.fault(("uplinks", i, "vantage"), text))
    for i, monitor in enumerate(found.monitors):
        at = ("monitors", i)
        faults += plan_check.faults_of(
            marked, at, monitor.step(), zones, policy, lookup, watch=True
        )
        if monitor.second and monitor.second not in lookup.vantages:
            text = plan_check.unknown(_("台账里没有探测点 {name}"), monitor.second, lookup.vantages)
            faults.append(marked.fault((*at, "second"), text))
        for k, name in enumerate(monitor.checks):
            loaded = policy.checks.get(name)
            if loaded is None:
                text = plan_check.unknown(_("没有检查项 {name}"), name, policy.checks)
                faults.append(marked.fault((*at, "checks", k), text))
            elif loaded.check.probe_id not in monitor.probes:
                text = _("检查项 {name} 用的是探针 {probe}，probes 里没有").format(
                    name=name, probe=loaded.check.probe_id
                )
                faults.append(marked.fault((*at, "checks", k), text))
        if monitor.line and monitor.line not in thresholds.outage:
            text = plan_check.unknown(_("没有门槛 {name}"), monitor.line, thresholds.outage)
            faults.append(marked.fault((*at, "line"), text))
    if faults:
        raise Faulty(faults)
    return found
