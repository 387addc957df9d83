"""The tables of the register: one model a table, one row an instance. Pure.

Field order is column order. `from` is a Python word, so the field is `valid_from`, its column `from`.
References are natural keys; whether they exist is the business of rules.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from tlsec.facts import ZoneRole
from tlsec.i18n import _
from tlsec.inventory.choices import (
    AssetKind,
    CloudRole,
    Exit,
    Exposure,
    Extension,
    FlowAction,
    Proto,
    SecretTier,
    Service,
    SystemStatus,
    UnitKind,
    UserClass,
    WaiverKind,
)
from tlsec.inventory.fields import (
    Address,
    Addresses,
    Blocks,
    Cell,
    End,
    Flag,
    Grade,
    Host,
    Hosts,
    Kind,
    Locator,
    Name,
    Pages,
    Place,
    Port,
    Ports,
    QuietHours,
    Start,
    Text,
    Word,
    Words,
    read_choice,
    read_number,
    split_choices,
)
from tlsec.wire.page_marks import secrecy_mark

UnitRef: TypeAlias = Annotated[Word, Cell(Kind.WORD, refers="units")]
PersonRef: TypeAlias = Annotated[Word, Cell(Kind.WORD, refers="people")]
ZoneRef: TypeAlias = Annotated[Word, Cell(Kind.WORD, refers="zones")]
SystemRef: TypeAlias = Annotated[Word, Cell(Kind.WORD, refers="systems")]
AssetRef: TypeAlias = Annotated[Word, Cell(Kind.WORD, refers="assets")]


_STATUS = Annotated[
    SystemStatus, BeforeValidator(read_choice(SystemStatus)), Cell(Kind.CHOICE, choice=SystemStatus)
]
_EXTENSION = Annotated[
    Extension, BeforeValidator(read_choice(Extension)), Cell(Kind.CHOICE, choice=Extension)
]


class Row(BaseModel):
    """A row of any table."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True, frozen=True)

    table: ClassVar[str]
    key_fields: ClassVar[tuple[str, ...]] = ("id",)

    @property
    def key(self) -> str:
        """What names the row in its table and in references."""
        return "|".join(str(getattr(self, name)) for name in self.key_fields)


def _at(column: str, message: str) -> PydanticCustomError:
    """An error of the row as a whole, to be shown at one of its columns."""
    return PydanticCustomError("tlsec", "{message}", {"message": message, "column": column})


def _in_order(row: Any) -> None:
    if row.until is not None and row.until <= row.valid_from:
        raise _at("until", _("截止应晚于开始"))


class Unit(Row):
    """单位: who answers for things; a tree city → county → unit → township, providers beside it."""

    table: ClassVar[str] = "units"
    id: Word
    name: Name
    kind: Annotated[
        UnitKind, BeforeValidator(read_choice(UnitKind)), Cell(Kind.CHOICE, choice=UnitKind)
    ]
    parent: UnitRef | None = None
    county: UnitRef | None = None
    contact: PersonRef | None = None
    phone: Text = ""
    note: Text = ""


class Person(Row):
    table: ClassVar[str] = "people"
    id: Word
    name: Name
    unit: UnitRef
    role: Text = ""
    phone: Text = ""
    mail: Text = ""


class Zone(Row):
    """区域: a network area; its blocks belong to no other zone."""

    table: ClassVar[str] = "zones"
    id: Word
    name: Name
    role: Annotated[
        ZoneRole, BeforeValidator(read_choice(ZoneRole)), Cell(Kind.CHOICE, choice=ZoneRole)
    ]
    blocks: Annotated[Blocks, Field(min_length=1)]
    note: Text = ""


class FlowRule(Row):
    """One line of the flow matrix. No ports: all of them. `any → any forbid` closes the matrix."""

    table: ClassVar[str] = "flows"
    id: Word
    source: Place
    target: Place
    ports: Ports = Field(default_factory=list)
    action: Annotated[
        FlowAction, BeforeValidator(read_choice(FlowAction)), Cell(Kind.CHOICE, choice=FlowAction)
    ]
    note: Text = ""
    approved_by: PersonRef | None = None
    until: End | None = None


class System(Row):
    """定级对象. `filing`: number of the 备案证明. `last_visit`: when a user last came.

    `extensions`: beside the general requirements. `platform`: the cloud platform a customer stands on.
    """

    table: ClassVar[str] = "systems"
    id: Word
    name: Name
    unit: UnitRef
    county: UnitRef
    zone: ZoneRef | None = None
    grade: Grade | None = None
    filing: Text = ""
    operator: UnitRef | None = None
    key_object: Flag = False
    personal_data: Flag = False
    display: Flag = False
    status: _STATUS = SystemStatus.IN_USE
    owner: PersonRef | None = None
    backup: PersonRef | None = None
    last_visit: Start | None = None
    zero_report: Flag = False
    business: Text = ""
    extensions: Annotated[list[_EXTENSION], BeforeValidator(split_choices(Extension))] = Field(
        default_factory=list
    )
    cloud_role: (
        Annotated[
            CloudRole, BeforeValidator(read_choice(CloudRole)), Cell(Kind.CHOICE, choice=CloudRole)
        ]
        | None
    ) = None
    platform: SystemRef | None = None
    note: Text = ""

    @model_validator(mode="after")
    def _check(self) -> System:
        if self.owner is not None and self.owner == self.backup:
            raise _at("backup", _("备岗不能与责任人为同一人"))
        if self.cloud_role is not None and Extension.CLOUD not in self.extensions:
            raise _at("cloud_role", _("写了云上角色，扩展要求里就要有云计算(cloud)"))
        if self.platform is not None and self.cloud_role is not CloudRole.CUSTOMER:
            raise _at("platform", _("只有云服务客户(customer)才填所在云平台"))
        if self.platform == self.id:
            raise _at("platform", _("所在云平台不能是系统自己"))
        return self


class Asset(Row):
    """资产. Empty unit, owner, status, last visit: as its system says, if it has one."""

    table: ClassVar[str] = "assets"
    id: Word
    name: Name
    kind: Annotated[
        AssetKind, BeforeValidator(read_choice(AssetKind)), Cell(Kind.CHOICE, choice=AssetKind)
    ]
    system: SystemRef | None = None
    unit: UnitRef | None = None
    county: UnitRef
    zone: ZoneRef | None = None
    owner: PersonRef | None = None
    addresses: Addresses = Field(default_factory=list)
    hosts: Hosts = Field(default_factory=list)
    status: _STATUS | None = None
    last_visit: Start | None = None
    note: Text = ""


class Endpoint(Row):
    """端点: a port somebody declared. `tls`: encrypted from the first byte; `admin`: for administration."""

    table: ClassVar[str] = "endpoints"
    key_fields: ClassVar[tuple[str, ...]] = ("asset", "address", "port", "proto")
    asset: AssetRef
    address: Address
    port: Port
    proto: Annotated[
        Proto, BeforeValidator(read_choice(Proto)), Cell(Kind.CHOICE, choice=Proto)
    ] = Proto.TCP
    service: Annotated[
        Service, BeforeValidator(read_choice(Service)), Cell(Kind.CHOICE, choice=Service)
    ]
    tls: Flag
    admin: Flag = False
    exposure: Annotated[
        Exposure, BeforeValidator(read_choice(Exposure)), Cell(Kind.CHOICE, choice=Exposure)
    ]
    host: Host | None = None
    pages: Pages = Field(default_factory=list)

    @model_validator(mode="after")
    def _https_is_encrypted(self) -> Endpoint:
        if self.service is Service.HTTPS and not self.tls:
            raise _at("tls", _("服务为 HTTPS 时应为是"))
        if self.service is Service.HTTP and self.tls:
            raise _at("tls", _("服务为 HTTP 时应为否"))
        return self


class Allocation(Row):
    """地址分配: line, address and ports as applied for, reviewed and given out."""

    table: ClassVar[str] = "allocations"
    id: Word
    unit: UnitRef
    county: UnitRef
    user_class: Annotated[
        UserClass, BeforeValidator(read_choice(UserClass)), Cell(Kind.CHOICE, choice=UserClass)
    ]
    line: Text = ""
    blocks: Annotated[Blocks, Field(min_length=1)]
    purpose: Text = ""
    system: SystemRef | None = None
    open_ports: Ports = Field(default_factory=list)
    exit: Annotated[Exit, BeforeValidator(read_choice(Exit)), Cell(Kind.CHOICE, choice=Exit)]
    contact: PersonRef | None = None
    reviewer: PersonRef | None = None
    valid_from: Start = Field(alias="approved")
    until: End | None = None
    status: _STATUS = SystemStatus.IN_USE

    @model_validator(mode="after")
    def _check(self) -> Allocation:
        _in_order(self)
        return self


class Scope(Row):
    """授权范围: written permission to probe. Quiet hours are hours of the day in Asia/Shanghai."""

    table: ClassVar[str] = "scopes"
    id: Word
    title: Text
    document: Text
    blocks: Annotated[Blocks, Field(min_length=1)]
    excluded: Blocks = Field(default_factory=list)
    valid_from: Start = Field(alias="from")
    until: End
    rate: Annotated[
        int,
        BeforeValidator(read_number),
        Field(ge=1, le=1_000_000),
        Cell(Kind.NUMBER, low=1, high=1_000_000),
    ] = 200
    connections: Annotated[
        int, BeforeValidator(read_number), Field(ge=1, le=100), Cell(Kind.NUMBER, low=1, high=100)
    ] = 2
    quiet_hours: QuietHours = Field(default_factory=list)
    approved_by: PersonRef
    approved_on: Start

    @model_validator(mode="after")
    def _check(self) -> Scope:
        _in_order(self)
        return self


class Vantage(Row):
    """探测点: the zone a probe looks from and the address it sends from."""

    table: ClassVar[str] = "vantages"
    id: Word
    title: Text = ""
    zone: ZoneRef
    source: Address


class Resolver(Row):
    table: ClassVar[str] = "resolvers"
    id: Word
    address: Address
    title: Text


class Domain(Row):
    """自有域名: links may point below it."""

    table: ClassVar[str] = "domains"
    id: Host
    note: Text = ""


class Waiver(Row):
    """例外: silences the named clauses of a check at an asset; ends by itself; two people."""

    table: ClassVar[str] = "waivers"
    id: Word
    kind: Annotated[
        WaiverKind, BeforeValidator(read_choice(WaiverKind)), Cell(Kind.CHOICE, choice=WaiverKind)
    ]
    check: Word
    asset: AssetRef
    clauses: Annotated[Words, Field(min_length=1)]
    locator: Locator = Field(default_factory=dict)
    reason: Text
    compensating: Text = ""
    requested_by: PersonRef
    approved_by: PersonRef
    valid_from: Start = Field(alias="from")
    until: End

    @model_validator(mode="after")
    def _check(self) -> Waiver:
        _in_order(self)
        if self.requested_by == self.approved_by:
            raise _at("approved_by", _("批准人不能与申请人为同一人"))
        return self


class SecretSystem(Row):
    """分级保护 system: under which alias, who holds it, its tier and dates. Its blocks are never probed."""

    table: ClassVar[str] = "secret_systems"
    id: Word
    name: Name
    holder: UnitRef
    registered_on: Start
    tier: (
        Annotated[
            SecretTier,
            BeforeValidator(read_choice(SecretTier)),
            Cell(Kind.CHOICE, choice=SecretTier),
        ]
        | None
    ) = None
    approved_on: Start | None = None
    checked_on: Start | None = None
    assessed_on: Start | None = None
    qualified_until: End | None = None
    blocks: Blocks = Field(default_factory=list)

    @model_validator(mode="after")
    def _no_content(self) -> SecretSystem:
        if secrecy_mark(self.name):
            raise _at("name", _("这里只写代号，不得写入带密级标志的内容"))
        return self


TABLES: Mapping[str, type[Row]] = {
    model.table: model
    for model in (
        Unit,
        Person,
        Zone,
        FlowRule,
        System,
        Asset,
        Endpoint,
        Allocation,
        Scope,
        Vantage,
        Resolver,
        Domain,
        Waiver,
        SecretSystem,
    )
}  # in the order in which rows refer back
