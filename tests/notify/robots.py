"""Robots of DingTalk, WeCom and Feishu as their makers describe them: signatures, time windows, limits."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from tests.notify.servers import Reply, Request

TOKEN = "tok-5d1e0a7c93b24f"
SECRET = "SEC0b7d2f5a9c4e"


def said(**values: object) -> Reply:
    return 200, json.dumps(values).encode()


@dataclass
class DingTalk:
    """At most 20 messages in any minute by its own clock; the 21st throttles the robot for ten minutes."""

    clock: Callable[[], datetime]
    secret: str = SECRET
    accepted: list[tuple[datetime, dict]] = field(default_factory=list)
    throttled_until: float = 0.0
    offences: int = 0

    def __call__(self, request: Request) -> Reply:
        query = {key: values[0] for key, values in parse_qs(urlsplit(request.path).query).items()}
        if query.get("access_token") != TOKEN:
            return said(errcode=300005, errmsg="token is not exist")
        if fault := self._unsigned(query):
            return said(errcode=310000, errmsg=fault)
        now = self.clock().timestamp()
        recent = [at for at, _body in self.accepted if at.timestamp() > now - 60]
        if now < self.throttled_until or len(recent) >= 20:
            self.offences += 1
            self.throttled_until = max(self.throttled_until, now + 600)
            return said(errcode=130101, errmsg="send too fast, exceed 20 times per minute")
        body = request.json
        if body["msgtype"] != "markdown" or not body["markdown"]["title"]:
            return said(errcode=40035, errmsg="缺少参数 json")
        self.accepted.append((self.clock(), body))
        return said(errcode=0, errmsg="ok")

    def _unsigned(self, query: dict[str, str]) -> str:
        stamp = query.get("timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) / 1000 - self.clock().timestamp()) > 3600:
            return "invalid timestamp"
        text = f"{stamp}\n{self.secret}".encode()
        right = base64.b64encode(hmac.new(self.secret.encode(), text, hashlib.sha256).digest())
        return "" if query.get("sign") == right.decode() else "sign not match"


@dataclass
class WeCom:
    """Its key in the address, mentions of mobiles in texts only, 2048 bytes of content at most."""

    accepted: list[dict] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        query = parse_qs(urlsplit(request.path).query)
        if query.get("key") != [TOKEN]:
            return said(errcode=93000, errmsg="invalid webhook url")
        if len(self.accepted) >= 20:
            return said(errcode=45009, errmsg="api freq out of limit")
        body = request.json
        if len(body["text"]["content"].encode()) > 2048:
            return said(errcode=40058, errmsg="content exceed max length")
        self.accepted.append(body)
        return said(errcode=0, errmsg="ok")


@dataclass
class Feishu:
    """Signed in seconds with the secret as the key, within an hour."""

    clock: Callable[[], datetime]
    accepted: list[dict] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        if request.path != f"/open-apis/bot/v2/hook/{TOKEN}":
            return said(code=19001, msg="param invalid: incoming webhook access token invalid")
        body = request.json
        stamp = body.get("timestamp", "")
        key = f"{stamp}\n{SECRET}".encode()
        right = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        fresh = stamp.isdigit() and abs(int(stamp) - self.clock().timestamp()) <= 3600
        if body.get("sign") != right or not fresh:
            return said(code=19021, msg="sign match fail or timestamp is not within one hour")
        self.accepted.append(body)
        return said(code=0, msg="success", data={})
