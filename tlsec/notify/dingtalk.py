"""A DingTalk group robot: markdown, signed by HMAC-SHA256 of timestamp and secret, people called by @mobile."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from urllib.parse import urlencode

from tlsec.notify import redact, robot
from tlsec.notify.channel_config import DingTalkConfig
from tlsec.notify.config import Setup
from tlsec.notify.message import Message, Sent
from tlsec.notify.secret import Unready


def sign(secret: str, milliseconds: int) -> str:
    """Base64 of the HMAC that the robot asks for; its clock may differ from ours by an hour."""
    text = f"{milliseconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


class DingTalk:
    def __init__(self, config: DingTalkConfig, setup: Setup) -> None:
        self.id = config.id
        self._config, self._setup = config, setup

    def send(self, message: Message, now: datetime) -> Sent:
        try:
            token, secret = (self._setup.secret(self.id, name) for name in ("token", "secret"))
        except Unready as error:
            return Sent(False, str(error))
        assert token is not None
        limit = self._setup.limit(self.id)
        query = {"access_token": token.reveal()}
        if secret:
            stamp = int(now.timestamp() * 1000)
            query |= {"timestamp": str(stamp), "sign": sign(secret.reveal(), stamp)}
        url = f"{self._config.url}?{urlencode(query)}"
        body = json.dumps(content(message, limit.text_bytes), ensure_ascii=False).encode()
        answer = robot.post(self._config, self._setup, url, body)
        return robot.judged(answer, limit, "errcode", "errmsg", self._setup.secrets)


def content(message: Message, most: int) -> dict[str, object]:
    """The body of the request. A mention counts only when the number stands in the text too."""
    mobiles = robot.mobiles(message.to)
    calls = " ".join(f"@{number}" for number in mobiles)
    end = f"\n\n{calls}" if calls else ""
    text = robot.markdown(message, most - len(end.encode())) + end
    return {
        "msgtype": "markdown",
        "markdown": {"title": redact.flat(message.title)[:64], "text": text},
        "at": {"atMobiles": mobiles, "isAtAll": False},
    }
