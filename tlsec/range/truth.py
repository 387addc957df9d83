"""What is planted in the city against what was found there: the demo's table and the tests' known truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tlsec.facts import Locator
from tlsec.range.city import load
from tlsec.range.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Finding:
    """A failed check at one place. `silent`: an approved exception covers it."""

    check: str
    subject: str
    locator: Locator
    message: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """`found`: trouble name → the findings of exactly its check; `unexpected`: what nothing explains."""

    found: Mapping[str, list[Finding]]
    silenced: Mapping[str, list[Finding]]
    unexpected: list[Finding] = field(default_factory=list)

    def as_expected(self, trouble: Trouble) -> bool:
        """Found by its check; or, where it must stay silent, judged a failure that raised nothing."""
        if trouble.expected == "silent":
            return not self.found[trouble.name] and bool(self.silenced[trouble.name])
        return bool(self.found[trouble.name])


def compare(troubles: Iterable[Trouble], findings: Iterable[Finding]) -> Comparison:
    """Each finding is put to the trouble that explains it, by its check or as a further effect."""
    planted = list(troubles)
    found: dict[str, list[Finding]] = {trouble.name: [] for trouble in planted}
    silenced: dict[str, list[Finding]] = {trouble.name: [] for trouble in planted}
    unexpected = []
    for finding in findings:
        here = [trouble for trouble in planted if _at(trouble, finding)]
        named = next((t for t in here if t.check == finding.check), None)
        if named is not None:
            (silenced if finding.silent else found)[named.name].append(finding)
        elif not any(finding.check == also.check for t in here for also in t.also):
            unexpected.append(finding)
    return Comparison(found, silenced, unexpected)


def _at(trouble: Trouble, finding: Finding) -> bool:
    """The finding lies where the trouble was planted: its asset (A-<host or system>), or its address."""
    hosts = {change.host for change in trouble.changes if change.host}
    if finding.subject in {f"A-{id_}" for id_ in {trouble.system, *hosts} if id_}:
        return True
    places = {host.address for host in load().hosts if host.id in hosts}
    places |= {change.flow.target for change in trouble.changes if change.flow is not None}
    return str(finding.locator.get("address", "")) in places
