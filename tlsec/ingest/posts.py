"""The HTTP listener: POST /v1/<source>, answered only when what was posted is stored.

200 {"stored": true}: never send it again. 401: not believed. 413, 404: never. 503: not stored, send again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from tlsec.i18n import _
from tlsec.ingest.inbox import Delivery
from tlsec.ingest.listen import CannotListen, Listening, context
from tlsec.ingest.reading import address_of
from tlsec.ingest.settings import Listener, Settings
from tlsec.ingest.webhook import Guard, Token, Untrusted

if TYPE_CHECKING:
    from collections.abc import Mapping

_RETRY_SECONDS = "5"
_SLOW_BODY_SECONDS = 20


async def serve(listener: Listener, settings: Settings, shared: Listening, root: Path) -> None:
    """Begin to listen. Raises CannotListen, or Faulty for certificates that cannot be read."""
    posts = _Posts(listener, settings, shared)
    application = web.Application(client_max_size=shared.limits.reading.body_bytes)
    application.router.add_post("/v1/{source}", posts.take)
    runner = web.AppRunner(
        application, access_log=None, handle_signals=False, shutdown_timeout=2,
        keepalive_timeout=shared.limits.listening.idle_seconds,
    )  # fmt: skip
    await runner.setup()
    tls = context(listener, root)
    try:
        await web.TCPSite(runner, listener.address, listener.port, ssl_context=tls).start()
    except OSError as error:
        await runner.cleanup()
        text = _("不能监听 {name}（{error}）")
        raise CannotListen(text.format(name=listener.name, error=error.strerror)) from error
    shared.closes(runner.cleanup)


class _Posts:
    def __init__(self, listener: Listener, settings: Settings, shared: Listening) -> None:
        self._listener, self._shared = listener, shared
        window = shared.limits.listening.replay_seconds
        self._guards: Mapping[str, Guard | Token] = {
            id: Guard(settings.secrets[id], window)
            if id in settings.secrets
            else Token(settings.tokens[id])
            for id in listener.sources
        }
        self._busy: Counter[str] = Counter()  # bodies in hand, by sender

    async def take(self, request: web.Request) -> web.Response:
        sender, source = address_of(request.remote or ""), request.match_info["source"]
        guard = self._guards.get(source)
        if guard is None or not self._may_send(source, sender):
            return _answer(404, _("没有这个来源"))
        limits = self._shared.limits.listening
        if self._busy.total() >= limits.bodies:
            return _later()
        self._busy[sender] += 1
        try:
            return await self._body(request, source, sender, guard)
        finally:
            self._busy[sender] -= 1

    def _may_send(self, source: str, sender: str) -> bool:
        only = self._listener.model_copy(update={"sources": [source]})
        return self._shared.source(only, sender) is not None

    async def _body(
        self, request: web.Request, source: str, sender: str, guard: Guard | Token
    ) -> web.Response:
        try:
            async with asyncio.timeout(_SLOW_BODY_SECONDS):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _answer(413, _("正文过大"))
        except TimeoutError:
            return _answer(408, _("正文来得太慢"))
        try:
            id = guard.check(request.headers, body, self._shared.clock())
        except Untrusted as error:
            return _answer(401, str(error))
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        delivery = Delivery(source, body, self._shared.clock(), sender, id, done=done)
        try:
            async with asyncio.timeout(self._shared.limits.listening.answer_seconds):
                await self._shared.inbox.put(delivery)
                await done
        except TimeoutError:
            return _later()
        return web.json_response({"stored": True})


def _answer(status: int, why: str) -> web.Response:
    return web.json_response({"stored": False, "error": why}, status=status)


def _later() -> web.Response:
    response = _answer(503, _("暂时存不下，请稍后重发"))
    response.headers["Retry-After"] = _RETRY_SECONDS
    return response
