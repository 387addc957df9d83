"""One command on many items: each a transaction and a record of its own, joined by a batch id (G9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from tlsec.register import guards, items
from tlsec.register.call import Call
from tlsec.register.refused import Refused


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item; `why` it was refused, "" when it was done."""

    no: str
    done: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """`id` is in every record of the batch."""

    id: str
    outcomes: tuple[Outcome, ...]

    @property
    def refused(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if not o.done)


def apply(nos: Iterable[str], call: Call, versions: Mapping[str, int] | None = None) -> Batch:
    """Give each item the command; one that is refused holds none of the others.

    `versions`: of the items as the caller saw them.
    """
    guards.known(call.name)
    batch = f"B{call.now:%Y%m%d%H%M%S}-{uuid4().hex[:8]}"
    outcomes = []
    for no in dict.fromkeys(nos):
        one = replace(call, batch=batch, version=(versions or {}).get(no, call.version))
        try:
            items.give(no, one)
        except Refused as error:
            outcomes.append(Outcome(no, False, str(error)))
        else:
            outcomes.append(Outcome(no, True))
    return Batch(batch, tuple(outcomes))
