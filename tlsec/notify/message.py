"""What is sent, and what became of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

SOON = 30.0  # seconds of patience where the other side names none; the queue's own waits are longer

Urgency: TypeAlias = Literal["urgent", "normal", "digest"]


@dataclass(frozen=True, slots=True)
class Message:
    """A message for one audience. No secret and no full address stands in `title` or `text`.

    `key`: what it is about (item or episode), so that an acknowledgement can end all that is queued for it.
    `to`: addresses within the channel (mail, mobile number, user id) for mentions; empty for the room.
    `id`: the same for every try of one message, so that a receiver can drop what came twice.
    """

    key: str
    title: str
    text: str
    urgency: Urgency = "normal"
    to: tuple[str, ...] = ()
    link: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a try came to.

    `retry_after` seconds: the channel asked for patience; None: do not try again. `throttled`: nothing at
    all may go out by this channel until then. `perhaps`: it may have arrived all the same (no answer came).
    """

    ok: bool
    detail: str = ""
    retry_after: float | None = None
    throttled: bool = False
    perhaps: bool = False


class Channel(Protocol):
    """A way out. `send` never raises for what the other side does; it tells it in `Sent`."""

    @property
    def id(self) -> str: ...

    def send(self, message: Message, now: datetime) -> Sent: ...
