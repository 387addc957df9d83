"""One HTTP request to a channel: strict times, a cap on the answer, no way to anywhere else.

No redirect is followed, no proxy is taken from the environment, and nothing of the address is ever told:
robots carry their key in it.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tlsec.i18n import _
from tlsec.notify.ladder import Times


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said; `status` 0: nothing. `perhaps`: it may have taken the request all the same."""

    status: int
    body: bytes = b""
    why: str = ""
    perhaps: bool = False

    def json(self) -> Mapping[str, Any] | None:
        """The body as a JSON object, None for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    times: Times,
    ca: Path | None = None,
    proxy: str = "",
) -> Answer:
    """POST, in a loop of its own; call it from a thread without one. Never raises for the other side."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_post(url, body, headers, times, ca, proxy))
    finally:
        loop.close()


def _trust(ca: Path | None) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=str(ca)) if ca else True


async def _post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    times: Times,
    ca: Path | None,
    proxy: str,
) -> Answer:
    reached = False

    async def connected(*_about: object) -> None:
        nonlocal reached
        reached = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(connected)
    timeout = aiohttp.ClientTimeout(total=times.total_seconds, connect=times.connect_seconds)
    try:
        async with (
            aiohttp.ClientSession(
                timeout=timeout,
                trust_env=False,
                auto_decompress=False,
                trace_configs=[trace],
                connector=aiohttp.TCPConnector(force_close=True, limit=1),
            ) as session,
            session.post(
                url,
                data=body,
                headers={"Accept-Encoding": "identity", **headers},
                allow_redirects=False,
                ssl=_trust(ca),
                proxy=proxy or None,
            ) as answer,
        ):
            read = await _capped(answer, times.answer_bytes)
    except TimeoutError:
        why = _("对方没有及时应答") if reached else _("连接超时")
        return Answer(0, why=why, perhaps=reached)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(0, why=_said(error, reached), perhaps=reached)
    if read is None:
        return Answer(answer.status, why=_("应答过长"), perhaps=True)
    if 300 <= answer.status < 400:
        return Answer(answer.status, why=_("对方要求转往别处，未跟随"))
    return Answer(answer.status, read)


async def _capped(answer: aiohttp.ClientResponse, most: int) -> bytes | None:
    parts = bytearray()
    async for part in answer.content.iter_any():
        parts += part
        if len(parts) > most:
            return None
    return bytes(parts)


def _said(error: Exception, reached: bool) -> str:
    """What went wrong, in words of ours: texts of exceptions hold the address and so the key."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return _("对方证书不可信")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return _("TLS 握手失败")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _("域名解析失败")
    if isinstance(error, aiohttp.InvalidURL):
        return _("地址写法不对")
    if reached:
        return _("对方的应答不合 HTTP 规范，或中途断开")
    if isinstance(error, FileNotFoundError):
        return _("找不到信任的根证书文件")
    return _("连接不上")
