"""Does plans.yaml name only what there is? Said with file:line before anything is planned or sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.inventory import record
from tlsec.inventory.lookup import Lookup
from tlsec.inventory.models import Asset, System
from tlsec.marked_yaml import Fault, Faulty, Marked
from tlsec.policy.bundle import Policy
from tlsec.probe import registry
from tlsec.scan import jobs, plans
from tlsec.scan.plans import Step

_SHOWN = 12  # known names in a message


def check(file: Path, policy: Policy, lookup: Lookup) -> None:
    """Nothing when the file is missing or right. Raises Faulty with every fault of the file."""
    if not file.is_file():
        return
    specs = plans.load(file)
    marked = marked_yaml.load(file, file.name)
    zones = [zone.id for zone in lookup.zones()]
    faults = [
        fault
        for i, spec in enumerate(specs)
        for j, step in enumerate(spec.steps)
        for fault in faults_of(marked, ("plans", i, "steps", j), step, zones, policy, lookup)
    ]
    if faults:
        raise Faulty(faults)


def faults_of(
    marked: Marked,
    at: marked_yaml.Path_,
    step: Step,
    zones: Collection[str],
    policy: Policy,
    lookup: Lookup,
    watch: bool = False,
) -> Iterator[Fault]:
    """Names in a step that stand for nothing. `watch`: of a monitor, which proves its own line first."""
    probes = [p for p in registry.PROBES if watch or p not in jobs.WATCH_ONLY]
    if step.vantage not in lookup.vantages:
        text = unknown(_("台账里没有探测点 {name}"), step.vantage, lookup.vantages)
        yield marked.fault((*at, "vantage"), text)
    if step.ports and step.ports not in policy.ports:
        text = unknown(_("没有端口清单 {name}"), step.ports, policy.ports)
        yield marked.fault((*at, "ports"), text)
    systems = System.objects.filter(id__in=step.systems).values_list("id", flat=True)
    assets = Asset.objects.filter(id__in=step.assets).values_list("id", flat=True)
    for field, message, names, known in (
        ("probes", _("没有探针 {name}"), step.probes, [*probes, record.ID]),
        ("zones", _("台账里没有区域 {name}"), step.zones, zones),
        ("systems", _("台账里没有定级对象 {name}"), step.systems, list(systems)),
        ("assets", _("台账里没有资产 {name}"), step.assets, list(assets)),
    ):
        hints = known if field in ("probes", "zones") else ()
        for k, name in enumerate(names):
            if name not in known:
                yield marked.fault((*at, field, k), unknown(message, name, hints))
    for k, block in enumerate(step.blocks):
        try:
            ip_network(block)
        except ValueError:
            text = _("{name} 不是地址段，应如 198.51.100.0/27").format(name=block)
            yield marked.fault((*at, "blocks", k), text)


def unknown(message: str, name: str, known: Collection[str]) -> str:
    """The message, with what may have been meant."""
    near = get_close_matches(name, known, 3, 0.6) or list(known)[:_SHOWN]
    hint = _("，可用：{known}").format(known=listed(near)) if near else ""
    return message.format(name=name) + hint
