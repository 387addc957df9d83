"""Exchange node: a JSON interface over HTTPS that tells strangers nothing but that it is there."""

from __future__ import annotations

import hmac
import socket

from aiohttp import web

from tlsec.range.ground import Ground, Stop
from tlsec.range.web import serve


async def start(sock: socket.socket, ground: Ground) -> Stop:
    """`/health` for everyone, `/api/catalogue` for a partner's token, 401 for the rest."""
    page = ground.service.page
    if page is None:
        raise ValueError(ground.place)
    partner = f"Bearer {page.token}" if page.token else ""

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/health":
            return web.json_response({"status": "ok"})
        shown = request.headers.get("Authorization", "")
        if not partner or not hmac.compare_digest(shown.encode(), partner.encode()):
            return web.json_response(
                {"error": "unauthorized", "message": "缺少有效的接入令牌"},
                status=401,
                headers={"WWW-Authenticate": 'Bearer realm="exchange"'},
            )
        if request.path == "/api/catalogue":
            names = ["人口基础信息核验", "企业登记信息核验", "电子证照共享"]
            return web.json_response({"node": page.title, "resources": names})
        return web.json_response({"error": "not_found"}, status=404)

    return await serve(sock, ground, answer)
