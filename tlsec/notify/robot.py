"""What the channels by HTTP have in common: the request, and the reading of answers that are no yes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tlsec.i18n import _
from tlsec.notify import http, redact
from tlsec.notify.channel_config import HttpConfig
from tlsec.notify.config import Setup
from tlsec.notify.http import Answer
from tlsec.notify.ladder import Limit
from tlsec.notify.message import SOON, Message, Sent

JSON = {"Content-Type": "application/json; charset=utf-8"}
_LATER = (408, 425, 429)


def post(
    config: HttpConfig, setup: Setup, url: str, body: bytes, headers: Mapping[str, str] = JSON
) -> Answer:
    """To `url`, with the trust and the times that are set for the channel."""
    ca = setup.root / config.ca if config.ca else None
    return http.post(url, body, headers, setup.ladder.times, ca, config.proxy)


def failure(answer: Answer, limit: Limit) -> Sent:
    """Of an answer that is no acceptance by its status alone."""
    if not answer.status or answer.why:
        redirected = 300 <= answer.status < 400
        again = None if redirected else SOON
        return Sent(False, answer.why, again, perhaps=answer.perhaps)
    detail = f"HTTP {answer.status}"
    if answer.status == 429:
        return Sent(False, detail, float(limit.penalty_seconds), throttled=True)
    if answer.status >= 500 or answer.status in _LATER:
        return Sent(False, detail, SOON)
    return Sent(False, detail)


def judged(
    answer: Answer, limit: Limit, code: str, text: str, secrets: tuple[str, ...] = ()
) -> Sent:
    """Of a robot that answers 200 with a code of its own; 0 is yes and anything unreadable is not."""
    if answer.status != 200 or answer.why:
        return failure(answer, limit)
    said = answer.json()
    if said is None or code not in said:
        return Sent(False, _("应答读不懂"), SOON, perhaps=True)
    number = _number(said[code])
    if number == 0:
        return Sent(True)
    words = redact.clean(str(said.get(text, ""))[:500], secrets)[:160]
    detail = _("{code}（{note}）").format(
        code=redact.clean(str(said[code])[:20], secrets), note=words
    )
    if number in limit.throttled:
        return Sent(False, detail, float(limit.penalty_seconds), throttled=True)
    if number in limit.refused:
        return Sent(False, detail)
    return Sent(False, detail, SOON)


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def markdown(message: Message, most: int) -> str:
    """Title, text and link; cut to so many bytes, the link never cut."""
    head = f"### {redact.flat(message.title)}\n\n"
    foot = "\n\n" + _("[查看并确认]({link})").format(link=message.link) if message.link else ""
    room = most - len((head + foot).encode())
    body = redact.cut(escaped(message.text), max(room, 64)).replace("\n", "\n\n")
    return head + redact.cut(body, max(room, 64)) + foot


def lines(message: Message, most: int) -> str:
    """The same in plain text."""
    head = f"【{redact.flat(message.title)}】\n"
    foot = f"\n{message.link}" if message.link else ""
    return head + redact.cut(message.text, max(most - len((head + foot).encode()), 64)) + foot


def mobiles(addresses: Iterable[str]) -> list[str]:
    """Those that are mobile numbers of the mainland; a desk telephone cannot be called by a robot."""
    plain = (re.sub(r"^(\+?86)?[- ]?", "", a.replace(" ", "").replace("-", "")) for a in addresses)
    return list(dict.fromkeys(number for number in plain if re.fullmatch(r"1\d{10}", number)))


def escaped(text: str) -> str:
    """Text from outside without what markdown would make a link, an image, HTML or a mention of it."""
    for mark, shown in (
        ("<", "＜"),
        (">", "＞"),
        ("[", "［"),
        ("]", "］"),
        ("@", "＠"),
        ("`", "'"),
    ):
        text = text.replace(mark, shown)
    return text
