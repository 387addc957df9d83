"""From a finished visit to the facts of http.page: headers, cookies, marks. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime

from tlsec.facts import Target
from tlsec.policy.words import Words
from tlsec.probe.http_client import Response, Visit
from tlsec.probe.http_page import Cookie, Headers, Link, Page, Resource, WordHit
from tlsec.wire import page, page_marks, page_text

_HTML = re.compile(r"(?i)^(?:text/html|application/xhtml\+xml|application/xml|text/xml)\b")
_TEXT = re.compile(
    r"(?i)^(?:text/|application/(?:[\w.+-]{0,60}json|javascript|[\w.+-]{1,60}\+xml)\b)"
)
_TAGS = re.compile(rb"(?i)^\s{0,200}<(?:!doctype|html|head|body|meta|title|div|script|!--|\?xml)")


def page_facts(
    visit: Visit,
    target: Target,
    signatures: Sequence[page_marks.Signature],
    words: Words | None = None,
) -> Page:
    """The page a visitor gets."""
    last = visit.last
    headers = read_headers(last)
    whole = last.state == "whole"
    # of a page that is too large the title still is what a visitor sees
    reading, markup = _reading(last, target)
    marks = page_marks.marks_of(reading, markup, signatures) if whole else None
    hushed = marks is not None and marks.secrecy_mark  # nothing of such a page's words is kept
    return Page(
        status=last.status,
        scheme=last.place.scheme,
        final_url=last.place.url,
        redirects=visit.redirects,
        https_only=_https_only(visit, target),
        headers=headers,
        cookies=read_cookies(visit.set_cookies),
        title="" if hushed else reading.title,
        login_form=reading.password_field if whole else None,
        default_product=marks.default_product if marks else None,
        default_account_notice=marks.default_account_notice if marks else None,
        directory_listing=marks.directory_listing if marks else None,
        error_disclosure=marks.error_disclosure if marks else None,
        server_version=page_marks.server_version(headers.server, headers.powered_by),
        support_unit=marks.support_unit if marks else None,
        icp=marks.icp if marks else None,
        secrecy_mark=marks.secrecy_mark if marks else None,
        text_hash=reading.text_hash if whole else None,
        dom_hash=reading.dom_hash if whole else None,
        text_size=reading.text_size if whole else None,
        truncated=last.state == "truncated",
        links=_links(reading, hushed=hushed) if whole else None,
        resources=[Resource(*part) for part in reading.resources] if whole else None,
        scripts=reading.scripts if whole else None,
        words=_words(reading, words) if whole and not hushed else None,
        parts=list(map(str, reading.parts)) if whole else None,
    )


def _words(reading: page.Reading, words: Words | None) -> list[WordHit] | None:
    if words is None:
        return None
    found = words.find(f"{reading.title}\n{reading.text}")
    return [WordHit(hit.word, hit.list, hit.level, hit.count, hit.context) for hit in found]


def _links(reading: page.Reading, *, hushed: bool) -> list[Link]:
    links = [Link(*link) for link in reading.links]
    return [replace(link, text="") for link in links] if hushed else links


def _reading(last: Response, target: Target) -> tuple[page.Reading, str]:
    """The body taken apart as what it is: HTML, other text, or neither."""
    kind = next(iter(last.values("content-type")), "").strip()
    if _HTML.match(kind) or (not kind and _TAGS.match(last.body)):
        markup = page_text.decode(last.body, kind)
        return page.read_page(markup, last.place.url, target.own_domains), markup
    if _TEXT.match(kind) or (not kind and b"\0" not in last.body):
        text = page_text.decode(last.body, kind)
        return page.read_text(text), text
    return page.read_bytes(last.body), ""


def _https_only(visit: Visit, target: Target) -> bool | None:
    if target.tls:
        return None
    if visit.last.place.scheme == "https":
        return True
    # not followed because another name is meant: where it points to is still what counts
    ends = [r.url for r in visit.redirects[-1:] if r.reason == "other_host"]
    return bool(ends) and ends[0].lower().startswith("https://")


def read_headers(response: Response) -> Headers:
    """Security headers. Of HSTS and the like the first header counts, policies of CSP add up."""

    def first(name: str) -> str:
        return next(iter(response.values(name)), "")

    csp = ", ".join(filter(None, response.values("content-security-policy")))
    framing = first("x-frame-options")
    if not framing and re.search(r"(?i)(?:^|[;,])\s{0,20}frame-ancestors\s", csp + " "):
        framing = "csp"
    return Headers(
        hsts_seconds=hsts_seconds(first("strict-transport-security")),
        csp=csp,
        frame_options=framing,
        content_type_options=first("x-content-type-options"),
        referrer_policy=first("referrer-policy"),
        server=first("server"),
        powered_by=first("x-powered-by"),
    )


def hsts_seconds(value: str) -> int:
    """max-age of Strict-Transport-Security (RFC 6797, 6.1); -1 when absent or without a valid max-age."""
    for part in value.split(";"):
        name, _, number = part.partition("=")
        if name.strip().lower() == "max-age":
            digits = number.strip().strip('"')
            return min(int(digits[:18]), 2**53) if digits.isascii() and digits.isdigit() else -1
    return -1


def read_cookies(set_cookies: Sequence[str]) -> list[Cookie]:
    """Cookies a visitor ends up with, in order; those that the site takes back are left out."""
    kept: dict[str, Cookie] = {}
    for text in set_cookies[:200]:
        pair, *attributes = text.split(";")
        name = page_text.one_line(pair.partition("=")[0], 200)
        values = {
            key.strip().lower(): value.strip()
            for key, _, value in (attribute.partition("=") for attribute in attributes[:20])
        }
        if not name or _taken_back(values):
            kept.pop(name, None)
            continue
        kept[name] = Cookie(
            name=name,
            secure="secure" in values,
            http_only="httponly" in values,
            same_site=values.get("samesite", "").lower()[:20],
        )
    return list(kept.values())


def _taken_back(values: dict[str, str]) -> bool:
    if (age := values.get("max-age", "")) and age.lstrip("-").isdigit():
        return age.startswith("-") or age.strip("0") == ""
    try:
        # a date of long ago is how servers delete; nothing here needs to know what time it is
        return parsedate_to_datetime(values["expires"].replace("-", " ")).year < 2000
    except (KeyError, ValueError, TypeError):
        return False
