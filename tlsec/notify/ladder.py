"""Limits of channels, waits, roles: policies/ladders/notify.yaml. Pure but for reading the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Fault, Faulty

FILE = Path("ladders") / "notify.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Limit(_Strict):
    """What a channel of one kind bears.

    At most `per_minute` messages in any 60 seconds, `reserved` of them kept for urgent ones; `penalty_seconds`
    of rest when the other side throttles us; a text is cut to `text_bytes` of UTF-8.
    """

    per_minute: int = Field(ge=1, le=100_000)
    reserved: int = Field(ge=0)
    penalty_seconds: int = Field(ge=1)
    text_bytes: int = Field(ge=64)
    throttled: tuple[int, ...] = Field(default=(), strict=False)  # codes: too fast
    refused: tuple[int, ...] = Field(default=(), strict=False)  # codes: trying again is no use
    source: str
    verify: str = ""

    @property
    def for_normal(self) -> int:
        return max(self.per_minute - self.reserved, 0)


class Times(_Strict):
    """Of one request: seconds to connect, seconds altogether, bytes of an answer that are read."""

    connect_seconds: float = Field(default=5.0, gt=0, strict=False)
    total_seconds: float = Field(default=10.0, gt=0, strict=False)
    answer_bytes: int = Field(default=65536, ge=1024)


class Retry(_Strict):
    """`waits_seconds` before the 2nd, 3rd… try; after the last one a notice has failed."""

    waits_seconds: tuple[int, ...] = Field(strict=False, min_length=1)
    rest_seconds: int = Field(ge=0)
    taken_seconds: int = Field(ge=30)


class Digest(_Strict):
    """`lines` shown of a digest, and seconds between two digests of normal notices on one channel."""

    lines: int = Field(ge=1, le=500)
    gap_seconds: int = Field(ge=0)


class Role(_Strict):
    """A role that notices go to; `titles`: words of 职责 in the register of people that stand for it."""

    zh: str
    en: str
    titles: tuple[str, ...] = Field(default=(), strict=False)


class Ladder(_Strict):
    source: str
    date: str
    limits: dict[str, Limit]
    times: Times
    retry: Retry
    digest: Digest
    roles: dict[str, Role]


def load(folders: Iterable[Path]) -> Ladder:
    """The ladder of the last folder that has one. Raises Faulty."""
    files = [file for folder in folders if (file := folder / FILE).is_file()]
    if not files:
        raise Faulty([Fault(str(FILE), _("没有通知限额表"))])
    marked = marked_yaml.load(files[-1])
    ladder = marked_yaml.parse(Ladder, marked)
    faults = [
        marked.fault(("limits", kind, "reserved"), _("留给紧急通知的份额应小于每分钟上限"))
        for kind, limit in ladder.limits.items()
        if limit.reserved >= limit.per_minute
    ]
    if faults:
        raise Faulty(faults)
    return ladder
