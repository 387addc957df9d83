"""Small web sites in the test's own event loop, which say exactly the bytes a test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.probe import hostile
from tests.probe.kit import facts, failure, target
from tlsec.facts import Failed
from tlsec.probe.http_page import HttpPage, Limits, Page

Site: TypeAlias = Callable[[str, str], bytes]  # path and request head to the whole answer

QUICK = Limits(connect=0.6, total=0.6, body=2**16)


def answer(
    body: str | bytes = "",
    status: str = "200 OK",
    headers: Mapping[str, str] | None = None,
    kind: str = "text/html; charset=utf-8",
    more: str = "",
) -> bytes:
    """An HTTP/1.1 answer with a right length; `more` holds further header lines as they are."""
    content = body.encode() if isinstance(body, str) else body
    lines = {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}{more}\r\n".encode() + content


def moved(url: str, status: str = "302 Found") -> bytes:
    return answer("", status, {"Location": url})


def serve(site: Site | bytes, host: str = "127.0.0.1") -> hostile.Server:
    """A web site; given bytes, it answers every request with them."""

    async def talk(reader: hostile.Reader, writer: hostile.Writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        writer.write(site if isinstance(site, bytes) else site(head.split(" ")[1], head))
        await writer.drain()
        await reader.read(1)

    return hostile.serve(talk, host)


async def page(port: int, address: str = "127.0.0.1", **fields: Any) -> Page:
    """The page there, read by a probe without signatures."""
    found = await facts(HttpPage(), target(port, address, **fields))
    assert isinstance(found.page, Page)
    return found.page


async def page_of(site: Site | bytes, **fields: Any) -> Page:
    async with serve(site) as (_host, port):
        return await page(int(port), **fields)


async def failed(server: hostile.Server, limits: Limits = QUICK, **fields: Any) -> Failed:
    """How the probe fails at a server."""
    async with server as at:
        return await failure(HttpPage(limits=limits), target(at.port, at.host, **fields))
