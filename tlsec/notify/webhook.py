"""A webhook of one's own: JSON, signed by HMAC-SHA256 over "timestamp.body"."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime

from tlsec.notify import http, robot
from tlsec.notify.channel_config import WebhookConfig
from tlsec.notify.config import Setup
from tlsec.notify.message import Message, Sent
from tlsec.notify.secret import Unready


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`sha256=<hex>` over the timestamp, a dot and the body."""
    return (
        "sha256="
        + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    )


class Webhook:
    """POST of {"id","key","title","text","urgency","to","link","at"}; any 2xx is acceptance.

    `X-Tlsec-Id` is the same for every try of one message, so that the receiver can drop a repeat.
    """

    def __init__(self, config: WebhookConfig, setup: Setup) -> None:
        self.id = config.id
        self._config, self._setup = config, setup

    def send(self, message: Message, now: datetime) -> Sent:
        try:
            secret = self._setup.secret(self.id, "secret")
        except Unready as error:
            return Sent(False, str(error))
        body = json.dumps(
            {
                "id": message.id, "key": message.key, "title": message.title, "text": message.text,
                "urgency": message.urgency, "to": message.to, "link": message.link,
                "at": now.isoformat(),
            },
            ensure_ascii=False,
        ).encode()  # fmt: skip
        stamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Tlsec-Id": message.id,
            "X-Tlsec-Timestamp": stamp,
        }
        if secret:
            headers["X-Tlsec-Signature"] = signature(secret.reveal(), stamp, body)
        answer = robot.post(self._config, self._setup, self._config.url, body, headers)
        if 200 <= answer.status < 300 and not answer.why:
            return Sent(True, _accepted(answer))
        return robot.failure(answer, self._setup.limit(self.id))


def _accepted(answer: http.Answer) -> str:
    return f"HTTP {answer.status}"
