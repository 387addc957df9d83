"""What a page gives away: default pages, default accounts, listings, errors, versions, support unit, ICP.

Product signatures and notices are content (`policies/marks/default-pages.yaml`); what is a matter of form,
not of wording, is here. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from tlsec.wire.page import Reading

GAP = "…"
_MAX_GAP = 40  # characters that "…" in a phrase may stand for, on one line


class Kind(StrEnum):
    """What a signature shows."""

    DEFAULT_PRODUCT = "default_product"
    DEFAULT_ACCOUNT_NOTICE = "default_account_notice"


@dataclass(frozen=True, slots=True)
class Signature:
    """Every phrase of every field must be there. "…" in a phrase stands for up to 40 characters.

    `heading` is looked for in the title and first headings, `text` in what a reader sees, `markup` in the
    page's source. `login` asks for a password field too.
    """

    kind: Kind
    name: str
    heading: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    markup: tuple[str, ...] = ()
    login: bool = False

    def fits(self, reading: Reading, heading: str, text: str, markup: str) -> bool:
        """Whether the page bears it; `heading`, `text` and `markup` in lower case."""
        if self.login and not reading.password_field:
            return False
        wanted = ((self.heading, heading), (self.text, text), (self.markup, markup))
        return all(contains(where, phrase) for phrases, where in wanted for phrase in phrases)


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one page; "" and False are observed absences."""

    default_product: str
    default_account_notice: bool
    directory_listing: bool
    error_disclosure: str
    support_unit: str
    icp: str
    secrecy_mark: bool


def marks_of(reading: Reading, markup: str, signatures: Sequence[Signature]) -> Marks:
    """Read all marks. `markup` is the page's source."""
    heading, text = "\n".join(reading.headings).lower(), reading.text.lower()
    source = markup.lower()
    found = [s for s in signatures if s.fits(reading, heading, text, source)]
    products = [s.name for s in found if s.kind is Kind.DEFAULT_PRODUCT]
    return Marks(
        default_product=products[0] if products else "",
        default_account_notice=any(s.kind is Kind.DEFAULT_ACCOUNT_NOTICE for s in found),
        directory_listing=is_listing(reading),
        error_disclosure=error_disclosure(reading.text),
        support_unit=support_unit(reading.text),
        icp=icp(reading.text),
        secrecy_mark=secrecy_mark(reading.text),
    )


def contains(where: str, phrase: str) -> bool:
    """Whether the (lower-case) text holds the phrase, its parts in order and on one line."""
    parts = phrase.lower().split(GAP)
    at = where.find(parts[0])
    for _try in range(1000):
        if at < 0:
            return False
        if _follows(where, at, parts):
            return True
        at = where.find(parts[0], at + 1)
    return False


def _follows(where: str, at: int, parts: Sequence[str]) -> bool:
    end = at
    for before, part in pairwise(parts):
        end += len(before)
        line_end = where.find("\n", end, end + _MAX_GAP + len(part))
        stop = end + _MAX_GAP + len(part) if line_end < 0 else line_end
        end = where.find(part, end, stop)
        if end < 0:
            return False
    return True


# Apache, nginx, lighttpd, aiohttp, Tomcat; Python's http.server; IIS names the host
_LISTING = re.compile(r"(?i)^(?:index of\s|directory listing for\s|目录列表|[\w.:-]{1,100} - /)")
_PARENT = ("[to parent directory]", "[转到父目录]", "[转到父文件夹]")


def is_listing(reading: Reading) -> bool:
    """The server lists the files of a folder: a heading of that kind, and links to what is in it."""
    if not reading.links:
        return False
    if any(mark in reading.text.lower() for mark in _PARENT):
        return True
    return any(
        _LISTING.match(heading)
        and (not heading.endswith(" - /") or "<dir>" in reading.text.lower())
        for heading in reading.headings
    )


_ERRORS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "Java",
        re.compile(
            r"\bat [\w$.]{3,200}\.[\w$<>]{1,100}\((?:[\w$]{1,100}\.java:\d{1,6}|Native Method|Unknown Source)\)"
            r"|Exception in thread \"|java\.lang\.\w{1,60}(?:Exception|Error)\b"
        ),
    ),
    (
        "Python",
        re.compile(
            r"Traceback \(most recent call last\)|have DEBUG ?= ?True in your Django settings"
        ),
    ),
    (
        "PHP",
        re.compile(
            r"(?:Fatal error|Parse error|Warning|Notice)\s?: [^\n]{1,300} in \S{1,200}\.php(?: on line |:)\s?\d"
            r"|#\d{1,3} \S{1,200}\.php\(\d{1,6}\)"
        ),
    ),
    (
        ".NET",
        re.compile(
            r"(?:Server Error in|服务器错误)[^\n]{0,40}(?:Application|应用程序)"
            r"|\[\w{1,60}Exception(?: \(0x[0-9a-fA-F]{1,8}\))?:|\bat System\.(?:Web|Data)\.\w"
        ),
    ),
    ("Node.js", re.compile(r"\bat [\w.<> ]{1,100} \((?:file://)?/[^\s()]{1,200}\.[cm]?js:\d{1,6}:\d{1,6}\)")),
    ("Ruby", re.compile(r"\w\.rb:\d{1,6}:in [`']")),
    ("Go", re.compile(r"goroutine \d{1,9} \[running\]:")),
    (
        "SQL",
        re.compile(
            r"error in your SQL syntax|\bORA-\d{5}\b|SQLSTATE\[\w{5}\]|Unclosed quotation mark"
            r"|syntax error at or near \"|Microsoft OLE DB Provider for|ODBC \w{1,30} Driver\]"
            r"|(?:mysql|pg|sqlsrv|oci)_\w{1,30}\(\)|SQLite3?(?:::|\.)?\w{0,20}(?:Exception|Error)\b"
            r"|DmException|数据库执行(?:出错|错误)"
        ),
    ),
)  # fmt: skip


def error_disclosure(text: str) -> str:
    """Name of the language or "SQL" whose error a page prints, else ""."""
    return next((name for name, pattern in _ERRORS if pattern.search(text)), "")


_VERSION = re.compile(r"[A-Za-z][A-Za-z_.+-]{1,40}[/ ]v?\d{1,4}(?:\.\d{1,8}){0,4}(?![\w])")


def server_version(*headers: str) -> str:
    """First "product/version" of the headers (Server, X-Powered-By), else ""."""
    for header in headers:
        if found := _VERSION.search(header[:500]):
            return found.group()
    return ""


_SUPPORT = re.compile(
    r"(?:技术支持|技术维护|技术保障|运行维护|运维|承建|建设维护|开发)(?:单位|公司|方)?"
    r"[ \t\u3000]{0,5}[:：][\s\u3000]{0,20}([^\s\u3000,，。;；|｜、/&<>()（）:：]{2,60})"
)
_SUPPLIED = re.compile(r"由[ \t]{0,3}([^\s\u3000,，。;；|｜、由]{2,40}?)[ \t]{0,3}提供技术支持")


def support_unit(text: str) -> str:
    """The unit after "技术支持：" and its like, up to the first separator, else ""."""
    for found in _SUPPORT.finditer(text):
        if not re.fullmatch(r"[\d-]+|电话.*|邮箱.*", found.group(1)):
            return found.group(1)
    found_supplied = _SUPPLIED.search(text)
    return found_supplied.group(1) if found_supplied else ""


_ICP = re.compile(r"[\u4e00-\u9fff]\s?ICP\s?[备证]\s?(?:案\s?)?\d{5,14}\s?号?(?:-\d{1,4})?")


def icp(text: str) -> str:
    """First ICP filing number of the page without blanks, else "" (工信部令第 33 号: shown at the foot)."""
    found = _ICP.search(text)
    return re.sub(r"\s", "", found.group()) if found else ""


# the printed form of GB/T 9704-2012, 7.2.2: 密级★保密期限; news and training pages name the words without it
_SECRECY = re.compile(
    r"(?:绝密|机密|秘密)[ \t\u3000]{0,4}[★☆*][ \t\u3000]{0,4}"
    r"(?:长期|启用前|\d{1,2}[ \t]{0,2}(?:年|个?月)|[一二三四五六七八九十]{1,3}(?:年|个?月))"
)


def secrecy_mark(text: str) -> bool:
    """The page prints a mark of secrecy with its term. Only that it does is told, never the line itself."""
    return _SECRECY.search(text) is not None
