"""ingest.yaml of a workspace: which systems send to us, and where we listen for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.ingest import mapping
from tlsec.ingest.event import Kind
from tlsec.ingest.mapping import Map
from tlsec.marked_yaml import Fault, Faulty, Marked

FILE = "ingest.yaml"
MAPS = "ingest"
STREAMS = ("syslog", "cef", "eve")
POSTED = ("alertmanager", "webhook")
_SECRET_BYTES = (16, 4096)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SourceSettings(_Strict):
    """One system that sends. `senders`: addresses or blocks it sends from. `heartbeat_minutes`: 0 for one
    that may be silent, null for the usual limit. `secret_file`: key of its HMAC; `token_file`: bearer token."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,38}$")
    title: str = Field(default="", max_length=100)
    parser: Literal["syslog", "cef", "eve", "alertmanager", "webhook", "table"]
    kind: Kind | None = None
    map: str = ""
    timezone: str = "Asia/Shanghai"
    heartbeat_minutes: int | None = Field(default=None, ge=0, le=100_000)
    expected_per_hour: int | None = Field(default=None, ge=1)
    senders: list[str] = Field(default=[], max_length=200)
    secret_file: str = ""
    token_file: str = ""
    tail: str = ""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(_("没有时区 {name}").format(name=value)) from error
        return value

    @field_validator("senders")
    @classmethod
    def _blocks(cls, value: list[str]) -> list[str]:
        for each in value:
            try:
                ip_network(each)
            except ValueError as error:
                raise ValueError(_("{text} 不是地址或网段").format(text=each)) from error
        return value


class Listener(_Strict):
    """One place we listen at. The first of its `sources` whose senders include the peer is meant; one
    without senders takes all others."""

    kind: Literal["syslog-udp", "syslog-tcp", "syslog-tls", "http"]
    address: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    sources: list[str] = Field(min_length=1, max_length=200)
    certificate: str = ""
    key: str = ""
    clients: str = ""  # roots of client certificates; "" asks for none

    @field_validator("address")
    @classmethod
    def _one_address(cls, value: str) -> str:
        try:
            address = ip_address(value)
        except ValueError as error:
            raise ValueError(_("{text} 不是地址").format(text=value)) from error
        if address.is_unspecified or address.is_multicast:
            raise ValueError(_("须写明本机的一个地址，不能监听全部地址"))
        return str(address)

    @property
    def loopback(self) -> bool:
        return ip_address(self.address).is_loopback

    @property
    def name(self) -> str:
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.kind} {shown}:{self.port}"


class _File(_Strict):
    sources: list[SourceSettings] = Field(min_length=1, max_length=1000)
    listeners: list[Listener] = Field(default=[], max_length=100)


@dataclass(frozen=True, slots=True)
class Settings:
    """A read ingest.yaml with its mapping files and secrets."""

    sources: Mapping[str, SourceSettings]
    listeners: tuple[Listener, ...]
    maps: Mapping[str, Map]
    secrets: Mapping[str, bytes]  # of HMAC, by source
    tokens: Mapping[str, bytes]

    def map_of(self, source: str) -> Map | None:
        return self.maps.get(self.sources[source].map)


def read(root: Path, tables: Mapping[str, Any]) -> Settings:
    """Of a workspace. Raises Faulty with every fault of ingest.yaml and of the mapping files."""
    file = root / FILE
    if not file.is_file():
        text = _("没有 {name}：在工作区里写明来源与监听口，写法见 docs/guide/ingest.zh.md")
        raise Faulty([Fault(str(file), text.format(name=FILE))])
    faults: list[Fault] = []
    maps: dict[str, Map] = {}
    try:
        maps = mapping.load_all(root / MAPS, tables)
    except Faulty as error:
        faults += error.faults
    marked = marked_yaml.load(file, FILE)
    try:
        found = marked_yaml.parse(_File, marked)
    except Faulty as error:
        raise Faulty([*faults, *error.faults]) from error
    sources = {source.id: source for source in found.sources}
    faults += _of_sources(found, marked, maps, known_maps=not faults)
    faults += _of_listeners(found, marked, sources)
    secrets = _secrets(found, marked, root, "secret_file", faults)
    tokens = _secrets(found, marked, root, "token_file", faults)
    if faults:
        raise Faulty(faults)
    return Settings(sources, tuple(found.listeners), maps, secrets, tokens)


def _of_sources(
    found: _File, marked: Marked, maps: Mapping[str, Map], known_maps: bool
) -> list[Fault]:
    faults = []
    seen: set[str] = set()
    wanted = {"webhook": "json", "table": "table", "syslog": "syslog"}
    for index, source in enumerate(found.sources):
        path = ("sources", index)
        if source.id in seen:
            faults.append(marked.fault((*path, "id"), _("来源 {id} 重复").format(id=source.id)))
        seen.add(source.id)
        if source.map and source.map not in maps and known_maps:
            text = _("ingest/ 里没有对照 {name}，只有 {known}")
            shown = text.format(name=source.map, known=listed(maps) or _("无"))
            faults.append(marked.fault((*path, "map"), shown))
        elif source.map and known_maps and maps[source.map].format != wanted.get(source.parser):
            text = _("对照 {name} 的格式是 {format}，与解析方式 {parser} 不配")
            shape = maps[source.map].format
            shown = text.format(name=source.map, format=shape, parser=source.parser)
            faults.append(marked.fault((*path, "map"), shown))
        if source.parser in ("webhook", "table") and not source.map:
            faults.append(
                marked.fault(path, _("{parser} 来源须写明 map").format(parser=source.parser))
            )
        if source.tail and source.parser not in STREAMS:
            text = _("只有 {known} 来源可以跟读文件").format(known=listed(STREAMS))
            faults.append(marked.fault((*path, "tail"), text))
    return faults


def _of_listeners(
    found: _File, marked: Marked, sources: Mapping[str, SourceSettings]
) -> list[Fault]:
    faults = []
    for index, listener in enumerate(found.listeners):
        path = ("listeners", index)
        takes = POSTED if listener.kind == "http" else STREAMS
        for at, id in enumerate(listener.sources):
            source = sources.get(id)
            where = (*path, "sources", at)
            if source is None:
                faults.append(marked.fault(where, _("没有来源 {id}").format(id=id)))
            elif source.parser not in takes:
                text = _("{kind} 只收 {known} 来源").format(kind=listener.kind, known=listed(takes))
                faults.append(marked.fault(where, text))
            elif listener.kind == "http":
                faults += _of_trust(source, listener, marked, where)
        if listener.kind == "syslog-tls" and not (listener.certificate and listener.key):
            faults.append(marked.fault(path, _("TLS 监听须写明 certificate 与 key")))
    return faults


def _of_trust(
    source: SourceSettings, listener: Listener, marked: Marked, where: tuple[str | int, ...]
) -> list[Fault]:
    """Who posts has to prove who it is, and a token never crosses a network in the clear."""
    if not (source.secret_file or source.token_file):
        text = _("HTTP 来源 {id} 须有 secret_file（签名）或 token_file（令牌）").format(
            id=source.id
        )
        return [marked.fault(where, text)]
    if source.token_file and not listener.loopback and not listener.certificate:
        text = _("来源 {id} 用令牌，非本机地址须配 certificate 与 key").format(id=source.id)
        return [marked.fault(where, text)]
    return []


def _secrets(
    found: _File, marked: Marked, root: Path, field: str, faults: list[Fault]
) -> dict[str, bytes]:
    held: dict[str, bytes] = {}
    for index, source in enumerate(found.sources):
        name = getattr(source, field)
        if not name:
            continue
        path = root / name
        where = ("sources", index, field)
        least, most = _SECRET_BYTES
        try:
            if path.stat().st_mode & 0o007:
                faults.append(marked.fault(where, _("密钥文件不能让其他用户读（chmod 600）")))
            secret = path.read_bytes()[: most + 1].strip()
        except OSError:
            faults.append(marked.fault(where, _("读不到密钥文件 {name}").format(name=name)))
            continue
        if not least <= len(secret) <= most:
            text = _("密钥须有 {least} 到 {most} 字节").format(least=least, most=most)
            faults.append(marked.fault(where, text))
        held[source.id] = secret
    return held


def source_of(listener: Listener, sources: Mapping[str, SourceSettings], sender: str) -> str | None:
    """The source that a peer is, on a listener; None for a stranger."""
    open_to_all = None
    for id in listener.sources:
        blocks = sources[id].senders
        if not blocks:
            open_to_all = open_to_all or id
        elif any(ip_address(sender) in ip_network(block) for block in blocks):
            return id
    return open_to_all
