"""http.page: one page as a visitor gets it: status, redirects, headers, marks, links, hashes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

from tlsec.facts import Done, Target
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway, GatewayError

if TYPE_CHECKING:
    from tlsec.policy.words import Words
    from tlsec.wire.page_marks import Signature


@dataclass(frozen=True, slots=True)
class Redirect:
    status: int
    url: str
    reason: Literal["followed", "other_host", "too_many", "loop", "bad_location"]


@dataclass(frozen=True, slots=True)
class Headers:
    """Security headers of the final answer; "" or -1 is an observed absence."""

    hsts_seconds: int  # -1 when absent
    csp: str
    frame_options: str  # X-Frame-Options, or "csp" when frame-ancestors is in the policy
    content_type_options: str
    referrer_policy: str
    server: str
    powered_by: str


@dataclass(frozen=True, slots=True)
class Cookie:
    name: str
    secure: bool
    http_only: bool
    same_site: str


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    host: str
    text: str
    hidden: bool  # style, size, colour or position keeps it from a reader's eye
    foreign: bool  # leads outside the target's own domains


@dataclass(frozen=True, slots=True)
class Resource:
    url: str
    kind: str  # script, style, image, frame
    host: str
    foreign: bool
    integrity: bool
    plain: bool  # fetched by http from an https page


@dataclass(frozen=True, slots=True)
class WordHit:
    """A word of a list, in its context; a suspicion, not a finding."""

    name: str
    list: str
    level: int
    count: int
    context: str


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    scheme: Literal["http", "https"]
    final_url: str
    redirects: list[Redirect]
    https_only: bool | None  # None on https; on http: every way ends at https
    headers: Headers | None
    cookies: list[Cookie]
    title: str
    login_form: bool | None  # a password field is on the page
    default_product: (
        str | None
    )  # name of a product whose untouched default page or login this is, else ""
    default_account_notice: (
        bool | None
    )  # the page itself says that a default account is still active
    directory_listing: bool | None
    error_disclosure: str | None  # stack trace or SQL error marks, else ""
    server_version: str | None  # product/version shown by Server or X-Powered-By, else ""
    support_unit: str | None  # "技术支持：…" of the page, else ""
    icp: str | None  # ICP filing number shown, else ""
    secrecy_mark: (
        bool | None
    )  # a mark of secrecy is printed; title and link texts are then not kept
    text_hash: str | None  # SHA-256 of normalised text
    dom_hash: str | None  # SHA-256 of normalised structure, without times, counters and tokens
    text_size: int | None
    truncated: bool  # the body was larger than the cap; hashes, links and marks are then None
    links: list[Link] | None
    resources: list[Resource] | None
    scripts: list[str] | None  # addresses, and for inline code inline:<digest of its shape>; sorted
    words: list[WordHit] | None  # None when no list was asked for, or on a page with a secrecy mark
    parts: list[str] | None  # digest:size:key of each block, see wire/page_parts.py


@dataclass(frozen=True, slots=True)
class PageFacts:
    page: Page


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one visit: seconds, bytes of a decompressed body, redirects followed."""

    connect: float = 3.0
    total: float = (
        15.0  # a site that needs longer counts as unreachable in the 国办 site inspections
    )
    body: int = 2 * 2**20
    redirects: int = 5


class HttpPage:
    """Fetch one page and read it. `signatures` say which default pages and notices are known, `words` what
    should stand on no page."""

    id: ClassVar[str] = "http.page"
    version: ClassVar[int] = 1
    facts: ClassVar[type[PageFacts]] = PageFacts
    locator: ClassVar[tuple[str, ...]] = ("address", "port", "scheme", "host", "path", "vantage")
    title: ClassVar[Mapping[str, str]] = MappingProxyType({"zh": "网页", "en": "Web page"})

    def __init__(
        self,
        signatures: Sequence[Signature] = (),
        limits: Limits | None = None,
        words: Words | None = None,
        bodies: bool = False,
    ) -> None:
        """`bodies`: hand out the page itself too, never one with a mark of secrecy."""
        self._bodies = bodies
        self._signatures = tuple(signatures)
        self._words = words
        self._limits = limits or Limits()

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        """One result. 4xx and 5xx are facts; no answer, or none in HTTP, is a failure."""
        # aiohttp and lxml take a good part of a second to load; listing probes must not
        from tlsec.probe import http_client, http_facts

        locator: dict[str, str | int] = {
            "address": target.address,
            "port": target.port,
            "scheme": "https" if target.tls else "http",
            "host": target.host,
            "path": target.path,
            "vantage": target.vantage.id,
        }
        try:
            visit = await http_client.visit(gateway, target, self._limits)
        except GatewayError as error:
            yield Result(locator, error.failed)
            return
        # a page of megabytes takes a second to read; the others must not wait for it
        page = await asyncio.to_thread(
            http_facts.page_facts, visit, target, self._signatures, self._words
        )
        shown = self._bodies and page.secrecy_mark is False
        yield Result(locator, Done(PageFacts(page)), visit.last.body if shown else b"")


def load_signatures(path: Path) -> list[Signature]:
    """Signatures of a `default-pages.yaml`. Raises marked_yaml.Faulty with file:line:column."""
    from tlsec.probe.page_signatures import load

    return load(path)
