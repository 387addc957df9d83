"""The city as data: what stands at which paper address. `city.yaml` is the healthy city."""

from __future__ import annotations

import ipaddress
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.range.mapping import translate, translate_block

Kind: TypeAlias = Literal[
    "site", "redirect", "led", "exchange", "ssh", "dns", "redis", "mysql", "rdp", "mongodb",
    "memcached", "telnet", "backup", "proxy",
]  # fmt: skip
TlsVersion: TypeAlias = Literal["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
WEB_KINDS = frozenset({"site", "redirect", "led", "exchange"})
INTERNET, ANY = "INET", "any"  # ends of flows that are no zone's blocks
FILE = Path(__file__).with_name("city.yaml")


def _paper_address(address: str) -> str:
    translate(address, 0)
    return address


def _network(value: object) -> object:
    return IPv4Network(value) if isinstance(value, str) else value


def _paper_block(block: IPv4Network) -> IPv4Network:
    translate_block(block)
    return block


Address: TypeAlias = Annotated[str, AfterValidator(_paper_address)]
Block: TypeAlias = Annotated[IPv4Network, BeforeValidator(_network), AfterValidator(_paper_block)]
Port: TypeAlias = Annotated[int, Field(ge=1, le=30000)]


class Strict(BaseModel):
    """No unknown keys, no guessing of types, no change after loading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Tls(Strict):
    """How a service speaks TLS and which certificate it shows."""

    minimum: TlsVersion = "TLSv1.2"
    maximum: TlsVersion = "TLSv1.3"
    days: int = 300  # until the certificate ends; negative: it ended that many days ago
    age: int = Field(default=60, ge=0)  # days since it began
    names: list[str] = []  # instead of the host's own name and address
    self_signed: bool = False


class Page(Strict):
    """What a web service shows. Templates lie in pages/, named <template>.html."""

    template: str = "services"
    title: str
    unit: str
    colour: str = "#1f5fa8"
    intro: str = ""
    topics: list[str] = []  # tiles, menu entries or table rows, as the template likes
    news: str = ""  # name of a list in `news:` of the city
    operator: str = ""  # shown in the footer as 技术支持
    icp: str = ""
    visits: int = 100000  # where the visit counter begins
    token: str = ""  # exchange: what a node's partner presents; "" for nobody
    headers: bool = True  # security headers
    csp: str = "default-src 'self'; frame-ancestors 'self'; base-uri 'self'; form-action 'self'"
    server: str = "lanze-web"
    cookie: Literal["strict", "loose", "none"] = "strict"
    hidden_link: str = ""  # a link no visitor sees
    foreign_script: str = ""
    admin: Literal["absent", "forbidden", "default_login"] = "absent"
    error: bool = False  # the front page fails and shows why
    notice: str = ""  # led: line under the player's status
    content: str = ""  # led: what is on the screen
    stale: int = Field(
        default=0, ge=0
    )  # led: seconds since the player last reported to its control
    words: str = ""  # a line that somebody else put on the page
    script: str = ""  # the address of a further script


class Service(Strict):
    """One port of a host."""

    port: Port
    kind: Kind
    tls: Tls | None = None
    page: Page | None = None
    delay: float = Field(default=0.0, ge=0, le=60)  # seconds before a web answer
    records: dict[str, Address] = {}  # dns: answers that differ from the city's own

    @model_validator(mode="after")
    def _whole(self) -> Service:
        if self.kind in WEB_KINDS - {"redirect"} and self.page is None:
            raise ValueError(_("网页类服务缺少 page"))
        return self


class Host(Strict):
    """A machine: one paper address, a name (or none), some services."""

    id: str
    name: str = ""  # without the city's domain; "" for a machine without a name
    address: Address
    address6: str = ""  # only ever said by DNS; nothing answers there
    system: str = ""  # what runs there, for people
    services: list[Service] = []

    def service(self, port: int) -> Service | None:
        return next((each for each in self.services if each.port == port), None)


class Zone(Strict):
    id: str
    name: str
    blocks: list[Block]


class FlowRule(Strict):
    """An allowed way. `source`, `target`: a zone's id, a block, one address or any; no ports: any."""

    source: str
    target: str
    ports: list[Port] = []


class News(Strict):
    date: str
    title: str


class City(Strict):
    """The whole city. Reports, resolvers and the firewall are computed from it."""

    domain: str
    scanner: Address  # may reach everything, by permit
    zones: list[Zone]
    flows: list[FlowRule]
    reporters: dict[str, str]  # system → unit that sends a 零报告 every day
    cut: list[Address] = []  # whoever looks from here reaches nothing: their own line is cut
    withheld: list[str] = []  # systems that did not send yesterday's
    news: dict[str, list[News]] = {}
    hosts: list[Host]

    @model_validator(mode="after")
    def _consistent(self) -> City:
        lists: list[tuple[str, list[Any]]] = [
            (_("主机编号"), [host.id for host in self.hosts]),
            (_("主机地址"), [host.address for host in self.hosts]),
            (_("区域编号"), [zone.id for zone in self.zones]),
            *((host.id, [each.port for each in host.services]) for host in self.hosts),
        ]
        for what, values in lists:
            if len(set(values)) != len(values):
                raise ValueError(_("{what} 有重复").format(what=what))
        for flow in self.flows:
            for end in (flow.source, flow.target):
                self.blocks(end)
        return self

    def host(self, id: str) -> Host:
        """Raises KeyError for an id the city does not have."""
        for each in self.hosts:
            if each.id == id:
                return each
        raise KeyError(id)

    def full_name(self, host: Host) -> str:
        return f"{host.name}.{self.domain}" if host.name else ""

    def zone_of(self, address: str) -> Zone | None:
        ip = ipaddress.IPv4Address(address)
        return next((z for z in self.zones if any(ip in block for block in z.blocks)), None)

    def blocks(self, end: str) -> list[IPv4Network]:
        """The blocks one end of a flow stands for; "any" is none. Raises ValueError for nonsense."""
        if end == ANY:
            return []
        for zone in self.zones:
            if zone.id == end:
                return list(zone.blocks)
        return [_paper_block(IPv4Network(end))]


@cache
def load(path: Path = FILE) -> City:
    """The healthy city. Raises marked_yaml.Faulty with file:line:column for every fault."""
    return marked_yaml.parse(City, marked_yaml.load(path, path.name))
