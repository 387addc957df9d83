"""A WeCom group robot: plain text, because only that calls people by mobile number."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import urlencode

from tlsec.notify import robot
from tlsec.notify.channel_config import WeComConfig
from tlsec.notify.config import Setup
from tlsec.notify.message import Message, Sent
from tlsec.notify.secret import Unready


class WeCom:
    def __init__(self, config: WeComConfig, setup: Setup) -> None:
        self.id = config.id
        self._config, self._setup = config, setup

    def send(self, message: Message, now: datetime) -> Sent:
        del now  # the key is the only proof; nothing is signed
        try:
            token = self._setup.secret(self.id, "token")
        except Unready as error:
            return Sent(False, str(error))
        assert token is not None
        limit = self._setup.limit(self.id)
        text = {
            "content": robot.lines(message, limit.text_bytes),
            "mentioned_mobile_list": robot.mobiles(message.to),
        }
        body = json.dumps({"msgtype": "text", "text": text}, ensure_ascii=False).encode()
        url = f"{self._config.url}?{urlencode({'key': token.reveal()})}"
        answer = robot.post(self._config, self._setup, url, body)
        return robot.judged(answer, limit, "errcode", "errmsg", self._setup.secrets)
