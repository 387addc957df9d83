"""What of a page changes by itself (dates, counters, rotating blocks): learnt from its first visits. Pure.

A part is noise once it has changed several times during the learning; one that changed once and stayed
was changed by somebody. A large change, a new script, a link to a new host or a far larger part is never
noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tlsec.wire import page_parts
from tlsec.wire.page_parts import Part


@dataclass(frozen=True, slots=True)
class Limits:
    """`turns` of a part within `visits` make it noise; `share` of the parts, `growth` of one: too much."""

    visits: int
    turns: int
    share: float
    growth: float


@dataclass(slots=True)
class Learnt:
    """`noise`: key → largest size seen; `seen`: key → [last digest, turns, largest size] while learning."""

    visits: int = 0
    noise: dict[str, int] = field(default_factory=dict)
    seen: dict[str, list[Any]] = field(default_factory=dict)


def differing(baseline: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Parts of a page that differ from the baseline's: key → (digest, size)."""
    return page_parts.changed(_parts(baseline), _parts(facts))


def _parts(facts: Mapping[str, Any]) -> list[Part]:
    return [page_parts.parse(text) for text in facts["page"].get("parts") or ()]


def large(
    baseline: Mapping[str, Any], facts: Mapping[str, Any], found: Mapping[str, Any], limits: Limits
) -> bool:
    """A change that is never noise."""
    old, new = baseline["page"], facts["page"]
    if old["status"] != new["status"] or old["title"] != new["title"]:
        return True
    if set(new.get("scripts") or ()) - set(old.get("scripts") or ()):
        return True
    if _strangers(new) - _strangers(old):
        return True
    count = len(old.get("parts") or ())
    return count == 0 or len(found) > max(1, count * limits.share)


def _strangers(page: Mapping[str, Any]) -> set[str]:
    links = (*(page.get("links") or ()), *(page.get("resources") or ()))
    return {part["host"] for part in links if part["foreign"]}


def learn(
    learnt: Learnt, baseline: Mapping[str, Any], facts: Mapping[str, Any], limits: Limits
) -> bool:
    """Take in one of the first visits. False, and nothing learnt, for a change that is never noise."""
    found = differing(baseline, facts)
    if large(baseline, facts, found, limits):
        return False
    learnt.visits += 1
    for key in found.keys() | learnt.seen.keys():
        digest, size = found.get(key, ("", 0))  # "": as in the baseline
        last, turns, most = learnt.seen.get(key, ["", 0, 0])
        learnt.seen[key] = [digest, turns + (digest != last), max(most, size)]
    if learnt.visits >= limits.visits:
        sizes = {part.key: part.size for part in _parts(baseline)}
        for key, (_digest, turns, most) in learnt.seen.items():
            if turns >= limits.turns:
                learnt.noise[key] = max(most, sizes.get(key, 0))
        learnt.seen = {}
    return True


def only_noise(
    learnt: Learnt, baseline: Mapping[str, Any], facts: Mapping[str, Any], limits: Limits
) -> bool:
    """Whether all that differs from the baseline changes by itself; while learning, may yet prove to."""
    if not learnt.noise and not learnt.seen:
        return False
    found = differing(baseline, facts)
    if not found or large(baseline, facts, found, limits):
        return False
    noise = learnt.noise or {key: value[2] for key, value in learnt.seen.items()}
    for key, (_digest, size) in found.items():
        known = page_parts.covering(key, noise)
        if known is None or size > max(noise[known], 1) * limits.growth:
            return False
    return True


def as_the_same(baseline: Mapping[str, Any], facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The baseline with this visit's own fingerprints: what differs was found to be noise."""
    own = {name: facts["page"][name] for name in ("text_hash", "dom_hash")}
    return {**baseline, "page": {**baseline["page"], **own}}
