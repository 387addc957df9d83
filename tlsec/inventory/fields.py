"""The kinds of values a column may hold: how a text becomes a value and a value a text.

Every file format hands over text (or lists and mappings of text); pydantic calls the readers here, so a
value means the same in YAML, in a sheet and in a test. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from tlsec.i18n import N_, _, in_every_language, listed
from tlsec.inventory.choices import code_of

LOCAL = ZoneInfo("Asia/Shanghai")
SEPARATORS = re.compile(r"[\s,，;；、]+")
_COMMAS = re.compile(r"[,，;；、\n]+")
MAX_TEXT = 4000
# what XML or YAML cannot carry: controls, lone surrogates, non-characters
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_WORD = re.compile(r"[^\s,，;；、|'\"`#{}\[\]<>=]{1,64}")
_GRADE = re.compile(r"S([1-5])A([1-5])G([1-5])")
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
_PATH = re.compile(r"/[^\s]{0,500}")
_MOMENT = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::00)?)?")
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class Kind(StrEnum):
    """How a column is shown, split and explained."""

    WORD = "word"
    TEXT = "text"
    CHOICE = "choice"
    FLAG = "flag"
    NUMBER = "number"
    START = "start"
    END = "end"
    GRADE = "grade"
    ADDRESS = "address"
    BLOCK = "block"
    HOST = "host"
    PORT = "port"
    PLACE = "place"
    QUIET = "quiet"
    PAGES = "pages"
    LOCATOR = "locator"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a column holds. `many`: a list of it. `refers`: the table whose key it names."""

    kind: Kind
    many: bool = False
    refers: str = ""
    choice: type[StrEnum] | None = None
    low: int = 0
    high: int = 0


def wrong(message: str) -> PydanticCustomError:
    """The error a reader raises: one sentence in the user's words."""
    return PydanticCustomError("tlsec", "{message}", {"message": message})


def _plain(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong(_("应为一段文字"))
    return value.strip()


def read_text(value: Any) -> str:
    """Text without control characters, trimmed, line ends as \\n."""
    text = _plain(value).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_TEXT:
        raise wrong(_("过长，上限 {n} 字").format(n=MAX_TEXT))
    if match := _UNPRINTABLE.search(text):
        raise wrong(_("含有不可见的控制字符 U+{code:04X}").format(code=ord(match.group())))
    return text


def read_word(value: Any) -> str:
    """A key: one word, no spaces, commas, quotes or brackets."""
    text = read_text(value)
    if not _WORD.fullmatch(text):
        raise wrong(_("编号应为 1–64 个字，不含空格、逗号、引号、括号"))
    return text


def read_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = _plain(value).casefold()
    if word in ("true", *in_every_language(N_("是"))):
        return True
    if word in ("false", *in_every_language(N_("否"))):
        return False
    raise wrong(_("只能是 是/否 或 true/false"))


def read_number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = _plain(value)
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise wrong(_("应为整数"))
    return int(text)


def read_port(value: Any) -> int:
    number = read_number(value)
    if not 1 <= number <= 65535:
        raise wrong(_("端口应在 1–65535 之间"))
    return number


def read_grade(value: Any) -> str:
    """`SxAyGz` of GB/T 22240-2020: the system's level G is the higher of S and A."""
    text = _plain(value).upper()
    match = _GRADE.fullmatch(text)
    if not match:
        raise wrong(_("定级写法应如 S3A2G3"))
    s, a, g = map(int, match.groups())
    if g != max(s, a):
        raise wrong(_("G 应为 S 与 A 中较高者，此处应为 G{level}").format(level=max(s, a)))
    return text


def read_address(value: Any) -> str:
    """An IPv4 or IPv6 address in canonical text."""
    try:
        address = ip_address(_plain(value))
    except ValueError:
        raise wrong(_("不是有效的 IP 地址")) from None
    if getattr(address, "scope_id", None) or getattr(address, "ipv4_mapped", None):
        raise wrong(_("不接受带接口号或映射形式的 IPv6 地址"))
    return str(address)


def read_block(value: Any) -> str:
    """A network in canonical text; a single address becomes /32 or /128."""
    text = _plain(value)
    try:
        loose = ip_network(text, strict=False)
    except ValueError:
        raise wrong(_("不是有效的网段")) from None
    try:
        return str(ip_network(text))
    except ValueError:
        message = _("网段的主机位不为零，是否应为 {block}").format(block=loose)
        raise wrong(message) from None


def read_host(value: Any) -> str:
    text = _plain(value).lower().rstrip(".")
    if not _HOST.fullmatch(text):
        raise wrong(_("不是有效的域名（中文域名请写 xn-- 形式）"))
    return text


def read_place(value: Any) -> str:
    """An end of a flow: `any`, a zone's key, an address or a network."""
    text = _plain(value)
    if text.casefold() == "any" or text == "任意":
        return "any"
    if re.fullmatch(r"[0-9.]+(/\d+)?|[0-9a-fA-F]*:[0-9a-fA-F:.]*(/\d+)?", text):
        return read_block(text) if "/" in text else read_address(text)
    return read_word(text)


def read_path(value: Any) -> str:
    text = _plain(value)
    if not _PATH.fullmatch(text):
        raise wrong(_("路径应以 / 开头，不含空格"))
    return text


def _moment(value: Any) -> tuple[datetime, bool]:
    """Local time and whether only a date was written."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=LOCAL)).astimezone(LOCAL), False
    if isinstance(value, date):
        return datetime.combine(value, time(), LOCAL), True
    match = _MOMENT.fullmatch(_plain(value))
    try:
        if not match:
            raise ValueError
        year, month, day, hour, minute = match.groups()
        midnight = datetime(int(year), int(month), int(day), tzinfo=LOCAL)
        if year < "1990" or int(hour or 0) > 24 or int(minute or 0) > 59:
            raise ValueError
        if hour == "24" and minute != "00":
            raise ValueError
    except ValueError:
        raise wrong(_("应为日期或日期时间，如 2026-10-12 或 2026-10-12 08:00")) from None
    return midnight + timedelta(hours=int(hour or 0), minutes=int(minute or 0)), hour is None


def read_start(value: Any) -> datetime:
    """A moment in UTC; a bare date is its first instant in Asia/Shanghai."""
    return _moment(value)[0].astimezone(UTC)


def read_end(value: Any) -> datetime:
    """The first instant no longer meant, in UTC; a bare date counts to its end in Asia/Shanghai."""
    moment, bare = _moment(value)
    return (moment + timedelta(days=1) if bare else moment).astimezone(UTC)


def write_moment(moment: datetime, end: bool = False) -> str:
    """The text that read_start (or read_end) reads back to the same instant."""
    local = moment.astimezone(LOCAL)
    if local.time() == time():
        return f"{local - timedelta(days=1) if end else local:%Y-%m-%d}"
    return f"{local:%Y-%m-%d %H:%M}"


def read_quiet(value: Any) -> str:
    """Hours of the day in Asia/Shanghai, `22:00-06:00`."""
    text = _plain(value).replace("：", ":").replace("–", "-")
    if not _QUIET.fullmatch(text) or text[:5] == text[6:]:
        raise wrong(_("静默时段写法应如 22:00-06:00"))
    return text


def read_choice(choice: type[StrEnum]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        code = code_of(choice, _plain(value))
        if code is None:
            raise wrong(_("不在可选范围内"))
        return choice(code)

    return read


def split_choices(choice: type[StrEnum]) -> Callable[[Any], Any]:
    """Like split, but a word of the closed list may hold spaces of its own (in another language)."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return split(value)
        parts: list[str] = []
        for part in filter(None, map(str.strip, _COMMAS.split(value))):
            parts += [part] if code_of(choice, part) else part.split()
        return split(parts)

    return read


def split(value: Any) -> Any:
    """A list as it is, or a text cut at spaces, commas, semicolons; repeats are refused."""
    parts = [part for part in SEPARATORS.split(value) if part] if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise wrong(_("应为一个或多个值"))
    seen = set()
    for part in parts:
        if str(part) in seen:
            raise wrong(_("{value} 重复").format(value=part))
        seen.add(str(part))
    return parts


Word: TypeAlias = Annotated[str, BeforeValidator(read_word), Cell(Kind.WORD)]
Text: TypeAlias = Annotated[str, BeforeValidator(read_text), Cell(Kind.TEXT)]
Name: TypeAlias = Annotated[Text, Field(max_length=100)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(read_flag), Cell(Kind.FLAG)]
Grade: TypeAlias = Annotated[str, BeforeValidator(read_grade), Cell(Kind.GRADE)]
Address: TypeAlias = Annotated[str, BeforeValidator(read_address), Cell(Kind.ADDRESS)]
Block: TypeAlias = Annotated[str, BeforeValidator(read_block), Cell(Kind.BLOCK)]
Host: TypeAlias = Annotated[str, BeforeValidator(read_host), Cell(Kind.HOST)]
Port: TypeAlias = Annotated[int, BeforeValidator(read_port), Cell(Kind.PORT, low=1, high=65535)]
Place: TypeAlias = Annotated[str, BeforeValidator(read_place), Cell(Kind.PLACE)]
Start: TypeAlias = Annotated[datetime, BeforeValidator(read_start), Cell(Kind.START)]
End: TypeAlias = Annotated[datetime, BeforeValidator(read_end), Cell(Kind.END)]
Quiet: TypeAlias = Annotated[str, BeforeValidator(read_quiet), Cell(Kind.QUIET)]

Addresses: TypeAlias = Annotated[list[Address], BeforeValidator(split)]
Blocks: TypeAlias = Annotated[list[Block], BeforeValidator(split)]
Hosts: TypeAlias = Annotated[list[Host], BeforeValidator(split)]
Ports: TypeAlias = Annotated[list[Port], BeforeValidator(split)]
QuietHours: TypeAlias = Annotated[list[Quiet], BeforeValidator(split)]
Words: TypeAlias = Annotated[list[Word], BeforeValidator(split)]


class Page(BaseModel):
    """A page of an endpoint that somebody has to know about; `internal`: for staff only."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    path: Annotated[str, BeforeValidator(read_path)]
    internal: Flag = False


def read_pages(value: Any) -> Any:
    """A list of pages, or one text with a page a line: `/admin/ 内部`."""
    if not isinstance(value, str):
        return value
    pages = []
    for line in value.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) > 2 or (len(words) == 2 and words[1] not in in_every_language(N_("内部"))):
            raise wrong(_("每行一个页面，写法如 /admin/ 内部"))
        pages.append({"path": words[0], "internal": len(words) == 2})
    return pages


_LOCATOR: Mapping[str, Callable[[Any], Any]] = {
    "address": read_address,
    "port": read_port,
    "host": read_host,
    "name": read_host,
    "path": read_path,
    "vantage": read_text,
}


def read_locator(value: Any) -> dict[str, str | int]:
    """A mapping, or one text `port=443; path=/`."""
    if isinstance(value, str):
        pairs = [part.split("=", 1) for part in value.replace("；", ";").split(";") if part.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise wrong(_("写法应如 port=443; path=/"))
        value = {key.strip(): text.strip() for key, text in pairs}
    if not isinstance(value, dict):
        raise wrong(_("写法应如 port=443; path=/"))
    for key in value:
        if key not in _LOCATOR:
            message = _("没有 {key} 这一项，只有 {names}")
            raise wrong(message.format(key=key, names=listed(_LOCATOR)))
    return {key: _LOCATOR[key](value[key]) for key in _LOCATOR if key in value}


Pages: TypeAlias = Annotated[list[Page], BeforeValidator(read_pages), Cell(Kind.PAGES)]
Locator: TypeAlias = Annotated[
    dict[str, str | int], BeforeValidator(read_locator), Cell(Kind.LOCATOR)
]
