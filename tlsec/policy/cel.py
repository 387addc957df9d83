"""Three-valued evaluation of a clause: true, false, or unknown with the name of what was not observed.

The library (common-expression-language) evaluates every condition; this module walks the boolean
frame around them (`&& || !`, `all`, `exists`), because there the library lets the first error of a list
win, while one element that is false makes `all` false whatever the others are (Kleene).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

import cel

from tlsec.i18n import _, listed
from tlsec.policy.expr import Binary, Expr, Macro, Unary, reads

MAX_STEPS = 20_000
MAX_VIOLATORS = 5
MAX_TEXT = 100_000  # longer strings are refused by probes already; a guard for imported facts


@dataclass(frozen=True, slots=True)
class Outcome:
    """`is_`: True, False or None for unknown; `violators`: the elements that made it false."""

    is_: bool | None
    why: str = ""
    violators: tuple[Any, ...] = ()


@dataclass
class _Run:
    source: str
    functions: Mapping[str, Callable[..., Any]]
    steps: int = 0
    why: list[str] = field(default_factory=list)
    violators: list[Any] = field(default_factory=list)
    paths: dict[int, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def paths_of(self, node: Expr) -> tuple[tuple[str, ...], ...]:
        """What a part reads, shortest first; found once, not once an element."""
        found = self.paths.get(id(node))
        if found is None:
            found = tuple(sorted(set(reads(node)), key=lambda path: (len(path), path)))
            self.paths[id(node)] = found
        return found


def evaluate(source: str, tree: Expr, names: Mapping[str, Any], now: datetime) -> Outcome:
    """One clause over materialised names. Never raises for what the facts hold or lack."""
    run = _Run(source, _functions(now))
    is_ = _truth(tree, names, run, blame=False)
    if is_ is None:
        return Outcome(None, listed(dict.fromkeys(run.why)) or _("无法判断"))
    return Outcome(is_, "", tuple(run.violators[:MAX_VIOLATORS]) if not is_ else ())


def _truth(node: Expr, names: Mapping[str, Any], run: _Run, blame: bool) -> bool | None:
    """`blame`: the truth value of elements worth naming (what would make the clause false)."""
    if isinstance(node, Unary) and node.operator == "!":
        inner = _truth(node.operand, names, run, not blame)
        return None if inner is None else not inner
    if isinstance(node, Binary) and node.operator in ("&&", "||"):
        absorbing = node.operator == "||"
        return _fold(
            [
                lambda: _truth(node.left, names, run, blame),
                lambda: _truth(node.right, names, run, blame),
            ],
            absorbing,
        )
    if isinstance(node, Macro) and node.kind in ("all", "exists"):
        return _over(node, names, run, blame)
    value = _value(node, names, run)
    return value if isinstance(value, bool) else None


def _fold(parts: list[Callable[[], bool | None]], absorbing: bool) -> bool | None:
    """Kleene and/or: one absorbing value decides, else one unknown, else the neutral value."""
    unknown = False
    for part in parts:
        value = part()
        if value is absorbing:
            return absorbing
        unknown = unknown or value is None
    return None if unknown else not absorbing


def _over(node: Macro, names: Mapping[str, Any], run: _Run, blame: bool) -> bool | None:
    elements = _value(node.of, names, run)
    if not isinstance(elements, list):
        return None
    absorbing = node.kind == "exists"
    decided = unknown = False
    start = len(run.violators)
    for element in elements:
        named = len(run.violators)
        inner = _truth(node.body, {**names, node.variable: element}, run, blame)
        del run.violators[named:]  # of lists within lists, the outermost element is named
        if inner is absorbing:
            decided = True
            # `all` failing blames its false elements, `!exists` its true ones
            if absorbing == blame:
                run.violators.append(element)
            if absorbing != blame or len(run.violators) - start == MAX_VIOLATORS:
                break
        unknown = unknown or inner is None
    if decided:
        return absorbing
    return None if unknown else not absorbing


def _value(node: Expr, names: Mapping[str, Any], run: _Run) -> Any:
    """The library's value of a part without boolean frame; None when it cannot be had."""
    run.steps += 1
    if run.steps > MAX_STEPS:
        run.why.append(_("判断步骤超过上限"))
        return None
    paths = run.paths_of(node)
    missing = [path for path in paths if _lookup(names, path) is _ABSENT]
    if missing:
        run.why.extend(_("未观测到 {name}").format(name=".".join(path)) for path in missing)
        return None
    try:
        program = _program(run.source[node.start : node.end])
        return program.execute({**_only(names, paths), **run.functions})
    except KeyError as error:  # a part that an element of a list lacks
        run.why.append(_("未观测到 {name}").format(name=str(error).strip("'\"")))
    except (ValueError, TypeError, LookupError, RuntimeError, ArithmeticError) as error:
        run.why.append(_("取不出值：{problem}").format(problem=str(error)[:80]))
    return None


@lru_cache(maxsize=4096)
def _program(source: str) -> Any:
    return cel.compile(source)


_ABSENT = object()


def _lookup(names: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = names
    for step in path:
        if not isinstance(value, Mapping):
            return value  # an element of a list was reached; the library decides
        value = value.get(step, _ABSENT)
        if value is _ABSENT:
            return _ABSENT
    return value


def _only(names: Mapping[str, Any], paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """The names cut down to these paths, shortest first: the library copies all that it is given."""
    kept: dict[str, Any] = {}
    whole: set[tuple[str, ...]] = set()
    for path in paths:
        if any(path[:n] in whole for n in range(1, len(path))):
            continue
        source: Any = names
        into = kept
        for n, step in enumerate(path, 1):
            source = source[step]
            if n == len(path) or not isinstance(source, Mapping):
                into[step] = source
                whole.add(path[:n])
                break
            into = into.setdefault(step, {})
    return kept


def lookup(names: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at a dotted path, or None when it is not there."""
    value = _lookup(names, path)
    return None if value is _ABSENT else value


def _functions(now: datetime) -> dict[str, Callable[..., Any]]:
    def days_until(moment: datetime) -> int:
        return math.floor((moment - now).total_seconds() / 86400)

    def days_since(moment: datetime) -> int:
        return math.floor((now - moment).total_seconds() / 86400)

    def in_cidr(address: str, blocks: list[str]) -> bool:
        ip = ip_address(address)
        return any(
            ip in network for network in map(ip_network, blocks) if network.version == ip.version
        )

    return {"daysUntil": days_until, "daysSince": days_since, "inCidr": in_cidr}
