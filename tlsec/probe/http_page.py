"""http.page: one page as a visitor gets it: status, redirects, headers, marks, links, hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
    default_product: str | None  # name of a product whose untouched default page or login this is, else ""
    default_account_notice: bool | None  # the page itself says that a default account is still active
    directory_listing: bool | None
    error_disclosure: str | None  # stack trace or SQL error marks, else ""
    server_version: str | None  # product/version shown by Server or X-Powered-By, else ""
    support_unit: str | None  # "技术支持：…" of the page, else ""
    icp: str | None  # ICP filing number shown, else ""
    text_hash: str | None  # SHA-256 of normalised text
    dom_hash: str | None  # SHA-256 of normalised structure, without times, counters and tokens
    text_size: int | None
    truncated: bool  # the body was larger than the cap; hashes, links and marks are then None
    links: list[Link] | None
    resources: list[Resource] | None


@dataclass(frozen=True, slots=True)
class PageFacts:
    page: Page
