"""The judge: facts in, verdict out. Pure; `now` is passed in and stored with the verdict.

Order of decision (architecture §5, policy model §4.4): not applicable by the approved inventory; error
of the attempt; any clause false → fail; else any clause unknown → unknown; else pass. So a fact that
was not read can never be passed through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tlsec.facts import AssetFacts, Done, Failed
from tlsec.i18n import _, listed
from tlsec.policy import cel, schema
from tlsec.policy.check import ASSET, PLACEHOLDER, Clause, Loaded, State
from tlsec.policy.expr import reads

MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """`is_` None is unknown, `why` then says what was not observed. `read`: path → value shown."""

    id: str
    is_: bool | None
    why: str = ""
    message: str = ""
    message_en: str = ""
    read: Mapping[str, Any] | None = None
    violators: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    check: str
    version: int
    state: State
    now: datetime
    why: str = ""
    clauses: tuple[ClauseResult, ...] = ()

    @property
    def failing(self) -> tuple[str, ...]:
        return tuple(clause.id for clause in self.clauses if clause.is_ is False)


def judge(
    loaded: Loaded,
    attempt: Done[Any] | Failed,
    asset: AssetFacts | Mapping[str, Any],
    params: Mapping[str, Any],
    now: datetime,
    baseline: Mapping[str, Any] | None = None,
) -> Verdict:
    """The verdict of one check over one attempt.

    `attempt.facts` is the probe's dataclass or its stored plain form; `params` the effective values of
    the profile; `baseline` the approved facts of the same locator, None while there are none.
    """
    check = loaded.check
    asset_plain = schema.plain(asset) if isinstance(asset, AssetFacts) else asset
    asset_names = {"asset": schema.materialise(ASSET, asset_plain)}

    def verdict(state: State, why: str = "", clauses: tuple[ClauseResult, ...] = ()) -> Verdict:
        return Verdict(check.id, check.version, state, now, why, clauses)

    if check.when_tree is not None:
        applies = cel.evaluate(check.when, check.when_tree, asset_names, now)
        if applies.is_ is False:
            return verdict("not_applicable", check.when)
        if applies.is_ is None:
            return verdict("unknown", applies.why)
    if isinstance(attempt, Failed):
        return verdict("error", str(attempt.reason))
    if check.baseline and baseline is None:
        return verdict("not_run", _("首轮只建立基线"))
    names = asset_names | schema.materialise(loaded.facts, schema.plain(attempt.facts))
    names["params"] = dict(params)
    if check.baseline:
        names["baseline"] = schema.materialise(loaded.facts, baseline)
    results = tuple(_clause(clause, names, now) for clause in check.clauses)
    if any(result.is_ is False for result in results):
        return verdict("fail", clauses=results)
    if unknown := [result.why for result in results if result.is_ is None]:
        return verdict("unknown", listed(dict.fromkeys(unknown), "；"), results)
    return verdict("pass", clauses=results)


def _clause(clause: Clause, names: Mapping[str, Any], now: datetime) -> ClauseResult:
    outcome = cel.evaluate(clause.expr, clause.tree, names, now)
    read = {
        ".".join(path): _shown(cel.lookup(names, path))
        for path in dict.fromkeys(reads(clause.tree))
    }
    message = message_en = ""
    if outcome.is_ is False:
        message = _fill(clause.fail.zh, names, outcome.violators, "、")
        message_en = _fill(clause.fail.en, names, outcome.violators, ", ")
    violators = tuple(_shown(v) for v in outcome.violators)
    return ClauseResult(clause.id, outcome.is_, outcome.why, message, message_en, read, violators)


def _fill(text: str, names: Mapping[str, Any], violators: tuple[Any, ...], comma: str) -> str:
    """Values put into a message by name only: content never becomes a template."""

    def value(name: str) -> str:
        if name == "violators":
            return comma.join(_brief(v, comma) for v in violators)
        return _brief(cel.lookup(names, tuple(name.split("."))), comma)

    return PLACEHOLDER.sub(lambda match: value(match[1]), text)


_LABELS = ("name", "url", "version", "resolver", "number", "id")


def _brief(value: Any, comma: str) -> str:
    """One value in a sentence: of a record, the field a person would call it by."""
    if value is None:
        return "—"
    if isinstance(value, Mapping):
        label = next((value[key] for key in _LABELS if key in value), None)
        value = label if label is not None else dict(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, list):
        return comma.join(_brief(part, comma) for part in value[: cel.MAX_VIOLATORS]) or "—"
    text = str(value)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _shown(value: Any) -> Any:
    """A value as kept with the verdict: plain and short; long lists keep their head and their length."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _shown(part) for key, part in value.items()}
    if isinstance(value, list):
        head = [_shown(part) for part in value[:10]]
        return [*head, f"… {len(value)}"] if len(value) > 10 else head
    if isinstance(value, str) and len(value) > MAX_SHOWN:
        return value[:MAX_SHOWN] + "…"
    return value
