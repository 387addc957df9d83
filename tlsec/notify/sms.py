"""An SMS gateway by HTTP: what it is sent and what counts as its yes are set in notify.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tlsec.i18n import _
from tlsec.notify import redact, robot
from tlsec.notify.channel_config import SmsConfig
from tlsec.notify.config import Setup
from tlsec.notify.hours import ZONE
from tlsec.notify.http import Answer
from tlsec.notify.message import SOON, Message, Sent
from tlsec.notify.secret import Unready

_PLACE = re.compile(r"\{(\w+)\}")
PLACES = ("mobile", "title", "text", "key", "template", "token", "time", "id")


class Sms:
    """One request for all numbers, joined by commas, as gateways take them. No number: no message."""

    def __init__(self, config: SmsConfig, setup: Setup) -> None:
        self.id = config.id
        self._config, self._setup = config, setup

    def send(self, message: Message, now: datetime) -> Sent:
        numbers = robot.mobiles(message.to)
        if not numbers:
            return Sent(False, _("没有可用的手机号码"))
        try:
            token = self._setup.secret(self.id, "token")
        except Unready as error:
            return Sent(False, str(error))
        values = {
            "mobile": ",".join(numbers),
            "title": redact.flat(message.title),
            "text": self._text(message),
            "key": message.key,
            "template": self._config.templates.get(message.urgency, ""),
            "token": token.reveal() if token else "",
            "time": f"{now.astimezone(ZONE):%m-%d %H:%M}",
            "id": message.id,
        }
        fields = {name: filled(text, values) for name, text in self._config.fields.items()}
        headers = {
            name: header(filled(text, values)) for name, text in self._config.headers.items()
        }
        if self._config.body == "json":
            body = json.dumps(fields, ensure_ascii=False).encode()
            headers |= robot.JSON
        else:
            body = urlencode(fields).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        answer = robot.post(self._config, self._setup, self._config.url, body, headers)
        return self._read(answer)

    def _text(self, message: Message) -> str:
        """Title and text within what one message may hold; the title comes first."""
        whole = redact.flat(f"{message.title}：{message.text}")
        most = self._config.text_characters
        return whole if len(whole) <= most else whole[: most - 1] + "…"

    def _read(self, answer: Answer) -> Sent:
        limit = self._setup.limit(self.id)
        if answer.why or not 200 <= answer.status < 300:
            return robot.failure(answer, limit)
        if not self._config.accepted:
            return Sent(True, f"HTTP {answer.status}")
        said = answer.json()
        if said is None:
            return Sent(False, _("应答读不懂"), SOON, perhaps=True)
        for path, allowed in self._config.accepted.items():
            value = found(said, path)
            if value not in allowed:
                told = redact.clean(f"{path}={value}", self._setup.secrets)[:160]
                return Sent(False, told, SOON)
        return Sent(True)


def filled(text: str, values: Mapping[str, str]) -> str:
    """{name} for its value; once, so that a value with braces stays as it is."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def header(text: str) -> str:
    """One line of ASCII: a value must not make a header of its own."""
    return " ".join(text.split()).encode("ascii", "replace").decode()


def found(said: Mapping[str, Any], path: str) -> str:
    """The value at `a.b` as text, "" where there is none."""
    value: Any = said
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
