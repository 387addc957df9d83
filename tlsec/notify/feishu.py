"""A Feishu group robot: a post with a link, signed. It calls people by their Feishu ids only (`to: [ou_…]`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from urllib.parse import quote

from tlsec.i18n import _
from tlsec.notify import redact, robot
from tlsec.notify.channel_config import FeishuConfig
from tlsec.notify.config import Setup
from tlsec.notify.message import Message, Sent
from tlsec.notify.secret import Unready


def sign(secret: str, seconds: int) -> str:
    """Base64 of HMAC-SHA256 over nothing, with timestamp and secret as the key: Feishu's own way."""
    key = f"{seconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


class Feishu:
    def __init__(self, config: FeishuConfig, setup: Setup) -> None:
        self.id = config.id
        self._config, self._setup = config, setup

    def send(self, message: Message, now: datetime) -> Sent:
        try:
            token, secret = (self._setup.secret(self.id, name) for name in ("token", "secret"))
        except Unready as error:
            return Sent(False, str(error))
        assert token is not None
        limit = self._setup.limit(self.id)
        content: dict[str, object] = {
            "msg_type": "post",
            "content": post(message, limit.text_bytes),
        }
        if secret:
            stamp = int(now.timestamp())
            content |= {"timestamp": str(stamp), "sign": sign(secret.reveal(), stamp)}
        url = self._config.url.rstrip("/") + "/" + quote(token.reveal(), safe="")
        body = json.dumps(content, ensure_ascii=False).encode()
        answer = robot.post(self._config, self._setup, url, body)
        return robot.judged(answer, limit, "code", "msg", self._setup.secrets)


def post(message: Message, most: int) -> dict[str, object]:
    """Rich text: one paragraph of text, then the link, then who is called."""
    rows: list[list[dict[str, str]]] = [[{"tag": "text", "text": redact.cut(message.text, most)}]]
    if message.link:
        rows.append([{"tag": "a", "text": _("查看并确认"), "href": message.link}])
    if called := [{"tag": "at", "user_id": to} for to in message.to if to.startswith("ou_")]:
        rows.append(called)
    return {"post": {"zh_cn": {"title": redact.flat(message.title), "content": rows}}}
