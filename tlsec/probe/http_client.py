"""One page fetched the way a careful visitor does: bounded in time, bytes and redirects.

aiohttp speaks the protocol; every socket is opened by the gateway, for one address only, whatever a
redirect says. Certificates are not judged here (that is tls.handshake's work), so any TLS will do.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tlsec import __version__
from tlsec.facts import Reason, Target
from tlsec.i18n import _
from tlsec.probe.gateway import Gateway, GatewayError, Turn, translate_error
from tlsec.probe.http_page import Limits, Redirect
from tlsec.wire import page_url
from tlsec.wire.page_text import header_text
from tlsec.wire.page_url import Place

# the URL's host is always this name: aiohttp never sees an address and always asks our resolver
_NAME = "page.invalid"
_CHUNK = 2**16
_MAX_HEADER = 2**14
_MOVED = frozenset((301, 302, 303, 307, 308))
_MAX_COOKIES = 50


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; header names in lower case, the body decompressed.

    `state` "truncated": there was more than the cap. "unreadable": a content coding nobody offered.
    """

    place: Place
    status: int
    headers: tuple[tuple[str, bytes], ...]
    body: bytes
    state: Literal["whole", "truncated", "unreadable"]

    def values(self, name: str) -> list[str]:
        """Values of a header, by its name in lower case, as printable text."""
        return [header_text(value) for key, value in self.headers if key == name]


@dataclass(slots=True)
class Visit:
    """The last answer and how it was reached."""

    last: Response
    redirects: list[Redirect] = field(default_factory=list)
    set_cookies: list[str] = field(default_factory=list)


async def visit(gateway: Gateway, target: Target, limits: Limits) -> Visit:
    """Fetch the target's page. Redirects are followed to the same host or the same address only.

    Raises GatewayError for what the target does, Stopped when the stop switch is pulled.
    """
    journey = _Journey(gateway, target, limits)
    place = _first_place(target)
    redirects: list[Redirect] = []
    set_cookies: list[str] = []
    while True:
        try:
            response = await journey.fetch(place)
        except GatewayError as error:
            if not redirects:
                raise
            said = _("跟随跳转到 {url} 时失败：{why}").format(
                url=place.url[:200], why=error.failed.detail or error.failed.reason
            )
            raise GatewayError(error.failed.reason, said) from error
        set_cookies += response.values("set-cookie")
        journey.keep_cookies(set_cookies)
        redirect, onward = journey.judge(response, len(redirects))
        if redirect:
            redirects.append(redirect)
        if onward is None:
            return Visit(response, redirects, set_cookies)
        place = onward


def _first_place(target: Target) -> Place:
    scheme: Literal["http", "https"] = "https" if target.tls else "http"
    host = page_url.plain_host(target.host or target.address)
    return Place(scheme, host, target.port, page_url.request_path(target.path))


class _Journey:
    """State of one visit: the time left, the cookies, where it has been."""

    def __init__(self, gateway: Gateway, target: Target, limits: Limits) -> None:
        self._gateway, self._target, self._limits = gateway, target, limits
        self._left = limits.total
        self._cookies: dict[str, tuple[str, bool]] = {}
        self._been: set[tuple[str, frozenset[tuple[str, tuple[str, bool]]]]] = set()
        names = (target.host or target.address, target.address)
        self._hosts = frozenset(map(page_url.plain_host, names))

    async def fetch(self, place: Place) -> Response:
        """One request on a connection of its own. Waiting for the turn costs no time of the visit."""
        self._been.add((place.url, frozenset(self._cookies.items())))
        target = self._target
        async with self._gateway.turn(target.address, place.port, target.vantage) as turn:
            clock = asyncio.get_running_loop().time
            began = clock()
            try:
                async with turn.limit(max(self._left, 0.01)):
                    return await _ask(turn, place, self._cookie_header(place), self._limits)
            except (TimeoutError, OSError, aiohttp.ClientError, ValueError) as error:
                raise _named(error) from error
            finally:
                self._left -= clock() - began

    def keep_cookies(self, set_cookies: list[str]) -> None:
        """Take what the site set, so that it does not send a visitor round in circles for lack of it."""
        for text in set_cookies[-_MAX_COOKIES:]:
            pair, _mark, attributes = text.partition(";")
            name, equals, value = pair.strip().partition("=")
            if equals and name.isascii() and value.isascii() and len(self._cookies) < _MAX_COOKIES:
                self._cookies[name] = (value, "secure" in attributes.lower())

    def _cookie_header(self, place: Place) -> str:
        sent = (
            f"{name}={value}"
            for name, (value, secure) in self._cookies.items()
            if place.scheme == "https" or not secure
        )
        return "; ".join(sent)[:_MAX_HEADER]

    def judge(self, response: Response, followed: int) -> tuple[Redirect | None, Place | None]:
        """What an answer asks for: (redirect to record, place to go on to)."""
        if response.status not in _MOVED:
            return None, None
        locations = response.values("location")
        reference = locations[0] if locations else ""
        url = page_url.absolute(response.place.url, reference) if reference else ""
        onward = page_url.place_of(url)
        if onward is None:
            shown = url or reference[: page_url.MAX_URL]
            return Redirect(response.status, shown, "bad_location"), None
        if onward.host not in self._hosts:
            return Redirect(response.status, url, "other_host"), None
        if (onward.url, frozenset(self._cookies.items())) in self._been:
            return Redirect(response.status, url, "loop"), None
        if followed >= self._limits.redirects:
            return Redirect(response.status, url, "too_many"), None
        return Redirect(response.status, url, "followed"), onward


class _FixedResolver(AbstractResolver):
    """Every name is where the gateway says; nobody is asked."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        kind = socket.AF_INET6 if ":" in self._turn.dial else socket.AF_INET
        place = ResolveResult(
            hostname=host, host=self._turn.dial, port=self._turn.port, family=kind, proto=0, flags=0
        )
        return [place]

    async def close(self) -> None:
        """Nothing is held."""


async def _ask(turn: Turn, place: Place, cookies: str, limits: Limits) -> Response:
    secure = place.scheme == "https"
    connector = aiohttp.TCPConnector(
        resolver=_FixedResolver(turn),
        socket_factory=lambda info: turn.open_socket(info[0], info[4]),
        ssl=_any_tls(),
        use_dns_cache=False,
        force_close=True,
        happy_eyeballs_delay=None,
    )
    # TCP and TLS have the connect limit each; aiohttp counts them together
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=limits.connect * (2 if secure else 1), ceil_threshold=3600
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=_CHUNK,
        max_line_size=_MAX_HEADER,
        max_field_size=_MAX_HEADER,
    ) as session:
        url = URL(f"{place.scheme}://{_NAME}:{place.port}{place.path}", encoded=True)
        name: dict[str, Any] = {"server_hostname": place.ascii_host} if secure else {}
        async with session.get(
            url, headers=_headers(place, cookies), allow_redirects=False, **name
        ) as answer:
            turn.received(sum(len(k) + len(v) + 4 for k, v in answer.raw_headers))
            body, state = await _read(turn, answer, limits.body)
            headers = tuple((k.decode("latin-1").lower(), v) for k, v in answer.raw_headers)
            return Response(place, answer.status, headers, body, state)


def _headers(place: Place, cookies: str) -> Mapping[str, str]:
    headers = {
        "Host": place.netloc,
        "User-Agent": f"Mozilla/5.0 (compatible; tlsec/{__version__})",
        "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
        "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
        "Accept-Encoding": "gzip, deflate",
    }
    return {**headers, "Cookie": cookies} if cookies else headers


async def _read(
    turn: Turn, answer: aiohttp.ClientResponse, cap: int
) -> tuple[bytes, Literal["whole", "truncated", "unreadable"]]:
    """The body, decompressed, up to the cap; both the packed and the unpacked size are capped."""
    coding = answer.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        return b"", "unreadable"
    unpack = _Unpacker(coding, cap)
    read = 0
    async for chunk in answer.content.iter_chunked(_CHUNK):
        turn.received(len(chunk))
        read += len(chunk)
        if not unpack.feed(chunk) or read > cap:
            return bytes(unpack.out[:cap]), "truncated"
    unpack.finish()
    return bytes(unpack.out), "whole"


class _Unpacker:
    """gzip (any number of members), zlib and raw deflate, never more than `cap` + 1 bytes out."""

    def __init__(self, coding: str, cap: int) -> None:
        self.out = bytearray()
        self._cap = cap
        self._coding = coding
        self._machine: Any = None

    def feed(self, data: bytes) -> bool:
        """Take a piece; False when the cap is passed. GatewayError(protocol) for broken data."""
        if self._coding in ("", "identity"):
            self.out += data[: self._cap + 1 - len(self.out)]
            return len(self.out) <= self._cap
        try:
            while data:
                if self._machine is None:
                    self._machine = zlib.decompressobj(self._window(data))
                self.out += self._machine.decompress(data, self._cap + 1 - len(self.out))
                if len(self.out) > self._cap:
                    return False
                data = self._machine.unused_data if self._machine.eof else b""
                if self._machine.eof and "gzip" in self._coding and data.startswith(b"\x1f\x8b"):
                    self._machine = None
                else:
                    data = b""  # what follows the end is padding
        except zlib.error as error:
            raise GatewayError(Reason.PROTOCOL, _("压缩内容损坏")) from error
        return True

    def _window(self, data: bytes) -> int:
        if "gzip" in self._coding:
            return 31
        # RFC 9110 8.4.1.2: deflate is zlib's format, but some servers send it bare
        return 15 if data[0] & 0x0F == 8 and data[0] >> 4 <= 7 else -15

    def finish(self) -> None:
        """The body is over. GatewayError(protocol) when the packed data is not."""
        if self._machine is not None and not self._machine.eof:
            raise GatewayError(Reason.PROTOCOL, _("压缩内容不完整"))


@cache
def _any_tls() -> ssl.SSLContext:
    """TLS that takes whatever a server offers: the page is read, the transport judged elsewhere."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= 0x4  # OP_LEGACY_SERVER_CONNECT, which has no name before Python 3.12
    context.set_alpn_protocols(["http/1.1"])
    return context


def _named(error: Exception) -> GatewayError:
    """What aiohttp raises, as a reason of the closed list."""
    cause = getattr(error, "os_error", None) or error
    if any(isinstance(each, ssl.SSLError) for each in (error, cause, error.__cause__)):
        return GatewayError(Reason.PROTOCOL, _("TLS 握手或传输失败"))
    if isinstance(cause, TimeoutError):
        return GatewayError(Reason.TIMEOUT, _("在时限内没有完整应答"))
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return GatewayError(Reason.PROTOCOL, _("对方未应答即断开连接"))
    if isinstance(error, aiohttp.ClientPayloadError):
        return GatewayError(Reason.PROTOCOL, _("正文不完整或分块格式有误"))
    if isinstance(cause, OSError):
        return translate_error(cause)
    if isinstance(error, aiohttp.ClientResponseError):
        return GatewayError(Reason.PROTOCOL, _("应答不是合规的 HTTP"))
    if isinstance(error, aiohttp.ClientError):
        return GatewayError(Reason.PROTOCOL, _("HTTP 会话失败"))
    return GatewayError(Reason.PROTOCOL, _("主机名或路径不能用于 HTTP 请求"))
