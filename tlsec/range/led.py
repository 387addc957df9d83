"""LED player: a plain HTTP status page and the text that is on the screen."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

from aiohttp import web

from tlsec.range.ground import Ground, Stop
from tlsec.range.web import plain, render, serve


async def start(sock: socket.socket, ground: Ground) -> Stop:
    """`/` status page, `/content` the text on the screen, `/api/status` the same as JSON."""
    page = ground.service.page
    if page is None:
        raise ValueError(ground.place)

    async def answer(request: web.BaseRequest) -> web.Response:
        match request.path:
            case "/":
                return render("led.html", page=page, host=ground.host)
            case "/content":
                return plain(200, page.content)
            case "/api/status":
                return web.json_response(
                    {
                        "device": ground.host.name,
                        "state": "playing",
                        "content": page.content,
                        "heartbeat": (
                            datetime.now(UTC) - timedelta(seconds=page.stale)
                        ).isoformat(),
                        "default_account_active": bool(page.notice),
                    }
                )
            case "/site.css":
                return render("site.css", colour=page.colour)
        return plain(404, "没有这一页")

    return await serve(sock, ground, answer)
