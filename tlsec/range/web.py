"""HTTP and HTTPS plumbing that the web servers of the city share; also the bare redirect to https."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tlsec.range import tls
from tlsec.range.city import Page
from tlsec.range.ground import Ground, Stop

Answer: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.Response]]

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("pages")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TYPES = {".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml"}


def render(template: str, status: int = 200, **names: Any) -> web.Response:
    """A file of pages/ as an answer; its ending tells the content type."""
    return web.Response(
        status=status,
        text=_PAGES.get_template(template).render(names),
        content_type=_TYPES[Path(template).suffix],
        charset="utf-8",
    )


def plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/plain", charset="utf-8")


def security_headers(page: Page, *, encrypted: bool) -> dict[str, str]:
    """What a well-kept site sends with every answer; nothing when the page has none."""
    if not page.headers:
        return {}
    headers = {
        "Content-Security-Policy": page.csp,
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if encrypted:  # RFC 6797 §7.2: never over plain HTTP
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


class _Protocol(RequestHandler):
    """Keeps the library's name and version out of answers to malformed requests too."""

    def handle_error(self, *args: Any, **kwargs: Any) -> web.StreamResponse:
        response = super().handle_error(*args, **kwargs)
        response.headers["Server"] = "lanze-web"
        return response


class _Server(web.Server):
    def __init__(self, answer: Answer, count: Callable[[], None]) -> None:
        super().__init__(answer)
        self._count = count

    def __call__(self) -> RequestHandler:
        self._count()
        return _Protocol(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=15.0,
            lingering_time=0.5,
        )


async def serve(sock: socket.socket, ground: Ground, answer: Answer) -> Stop:
    """Answer requests on the socket, encrypted when the service has a `tls`."""
    service = ground.service
    page = service.page
    common = security_headers(page, encrypted=service.tls is not None) if page else {}
    common["Server"] = page.server if page else "lanze-web"

    async def complete(request: web.BaseRequest) -> web.Response:
        if service.delay:
            await asyncio.sleep(service.delay)
        if request.method not in ("GET", "HEAD", "POST"):
            response = plain(405, "405")
            response.headers["Allow"] = "GET, HEAD, POST"
        else:
            response = await answer(request)
        for name, value in common.items():
            response.headers.setdefault(name, value)
        return response

    server = _Server(complete, ground.count)
    encrypted: dict[str, Any] = {}
    if service.tls is not None:
        encrypted = {
            "ssl": tls.context(service.tls, ground.identity()),
            "ssl_handshake_timeout": 8.0,
            "ssl_shutdown_timeout": 1.0,
        }
    listener = await asyncio.get_running_loop().create_server(server, sock=sock, **encrypted)

    async def stop() -> None:
        listener.close()
        await server.shutdown(0.05)  # 0 would wait for ever

    return stop


async def start_redirect(sock: socket.socket, ground: Ground) -> Stop:
    """http://name/path → https://name/path, for good (301)."""

    async def answer(request: web.BaseRequest) -> web.Response:
        location = f"https://{_own_name(ground, request.host)}{request.rel_url}"
        return web.Response(status=301, headers={"Location": location})

    return await serve(sock, ground, answer)


def _own_name(ground: Ground, asked: str) -> str:
    """The host's name, or for somebody at this machine the loopback address they typed."""
    address = asked.partition(":")[0]
    try:
        if IPv4Address(address).is_loopback:
            return f"{address}:{443 + ground.port_shift}"
    except ValueError:
        pass
    return ground.city.full_name(ground.host) or ground.host.address
