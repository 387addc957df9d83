"""Addresses in pages: join, compare and judge them without ever raising."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from tlsec.wire.page_text import printable

MAX_URL = 2048
PORTS = {"http": 80, "https": 443}
# everything that may stand in a path or query as it is; "%" stays, so nothing is quoted twice
_SAFE = "/%:@!$&'()*+,;=~-._?[]|"


@dataclass(frozen=True, slots=True)
class Place:
    """An http or https URL taken apart; `host` is in lower case, IPv6 without brackets."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str  # with the query, quoted, begins with "/"

    @property
    def ascii_host(self) -> str:
        """The host as it goes over the wire: IDN in its xn-- form."""
        try:
            return self.host if self.host.isascii() else self.host.encode("idna").decode("ascii")
        except UnicodeError:
            return quote(self.host, errors="replace")

    @property
    def netloc(self) -> str:
        """The Host header: IPv6 in brackets, no default port."""
        host = f"[{self.host}]" if ":" in self.host else self.ascii_host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


def place_of(url: str) -> Place | None:
    """The place of an absolute URL; None for another scheme or nonsense."""
    if len(url) > MAX_URL:
        return None
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host or port == 0:
        return None
    literal: Literal["http", "https"] = "https" if scheme == "https" else "http"
    path = request_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return Place(literal, plain_host(host), port or PORTS[literal], path)


def request_path(path: str) -> str:
    """A path (with query) as it goes over the wire; begins with "/", without fragment."""
    path = quote(path.partition("#")[0], safe=_SAFE)
    return path if path.startswith("/") else "/" + path


def absolute(base: str, reference: str) -> str:
    """`reference` as seen from `base`, browser manners (back slashes, blanks, line feeds); "" when bad.

    Scheme and host come in lower case, so that one place has one spelling; the path stays as it is.
    """
    cleaned = printable(reference[: MAX_URL * 2]).strip()
    cleaned = cleaned.replace("\n", "").replace("\r", "").replace("\t", "")
    if not cleaned.lower().startswith(("javascript:", "data:", "mailto:", "tel:")):
        head, mark, tail = cleaned.partition("?")
        cleaned = head.replace("\\", "/") + mark + tail
    try:
        parts = urlsplit(urljoin(base, cleaned))
        user, at, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=user + at + host.lower()))[:MAX_URL]
    except ValueError:
        return ""


def plain_host(host: str) -> str:
    """Lower case, no final dot, IDN as it is written, IP addresses in their shortest form."""
    host = host.rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host


def is_foreign(host: str, own_host: str, own_domains: Sequence[str]) -> bool:
    """The host is neither the page's own nor at or below one of `own_domains` (plain hosts)."""
    if not host or host == own_host:
        return False
    return not any(host == domain or host.endswith("." + domain) for domain in own_domains)
