"""The register's tables in the database: the rows of schema.py, keyed as people key them.

Lists stay lists (JSON); what is looked up by address has a table of its own with the address as fixed-width
hex text, so that ranges compare as text in any database. Rows come and go through importer.py in bulk, so
references are checked by rules.py first and by deferred constraints at commit.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

_KEY = 64
_NAME = 4000


def _key() -> Any:
    return models.CharField(max_length=_KEY, primary_key=True)


def _text() -> Any:
    return models.CharField(max_length=_NAME, blank=True, default="")


def _code() -> Any:
    return models.CharField(max_length=20)


def _ref(to: str, null: bool = True) -> Any:
    return models.ForeignKey(
        to, on_delete=models.DO_NOTHING, null=null, blank=null, related_name="+", db_index=True
    )


def _list() -> Any:
    return models.JSONField(default=list)


class Register(models.Model):
    """A table of the register. `ordinal`: where the row stood in its file, kept for exports."""

    ordinal = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class Unit(Register):
    id = _key()
    name = _text()
    kind = _code()
    parent = _ref("inventory.Unit")
    county = _ref("inventory.Unit")
    contact = _ref("inventory.Person")
    phone = _text()
    note = _text()


class Person(Register):
    id = _key()
    name = _text()
    unit = _ref("inventory.Unit", null=False)
    role = _text()
    phone = _text()
    mail = _text()


class Zone(Register):
    id = _key()
    name = _text()
    role = _code()
    blocks = _list()
    note = _text()


class FlowRule(Register):
    id = _key()
    source = models.CharField(max_length=_KEY)
    target = models.CharField(max_length=_KEY)
    ports = _list()
    action = _code()
    note = _text()
    approved_by = _ref("inventory.Person")
    until = models.DateTimeField(null=True)


class System(Register):
    """`grade_s`, `grade_a`, `level` repeat what `grade` says, for queries."""

    id = _key()
    name = _text()
    unit = _ref("inventory.Unit", null=False)
    county = _ref("inventory.Unit", null=False)
    zone = _ref("inventory.Zone")
    grade = models.CharField(max_length=6, null=True)
    grade_s = models.PositiveSmallIntegerField(null=True)
    grade_a = models.PositiveSmallIntegerField(null=True)
    level = models.PositiveSmallIntegerField(null=True)
    filing = _text()
    operator = _ref("inventory.Unit")
    key_object = models.BooleanField(default=False)
    personal_data = models.BooleanField(default=False)
    display = models.BooleanField(default=False)
    status = _code()
    owner = _ref("inventory.Person")
    backup = _ref("inventory.Person")
    last_visit = models.DateTimeField(null=True)
    zero_report = models.BooleanField(default=False)
    business = _text()
    extensions = _list()
    cloud_role = models.CharField(max_length=20, null=True)
    platform = _ref("inventory.System")
    note = _text()


class Asset(Register):
    id = _key()
    name = _text()
    kind = _code()
    system = _ref("inventory.System")
    unit = _ref("inventory.Unit")
    county = _ref("inventory.Unit", null=False)
    zone = _ref("inventory.Zone")
    owner = _ref("inventory.Person")
    addresses = _list()
    hosts = _list()
    status = models.CharField(max_length=20, null=True)
    last_visit = models.DateTimeField(null=True)
    note = _text()


class AssetAddress(models.Model):
    """An address of an asset, to find the asset by."""

    asset = _ref("inventory.Asset", null=False)
    hex = models.CharField(max_length=32, db_index=True)


class AssetHost(models.Model):
    """A host name of an asset, to find the asset by."""

    asset = _ref("inventory.Asset", null=False)
    host = models.CharField(max_length=253, db_index=True)


class Endpoint(Register):
    """`key` is asset|address|port|proto."""

    key = models.CharField(max_length=160, primary_key=True)
    asset = _ref("inventory.Asset", null=False)
    address = models.CharField(max_length=45)
    hex = models.CharField(max_length=32)
    port = models.PositiveIntegerField()
    proto = _code()
    service = _code()
    tls = models.BooleanField()
    admin = models.BooleanField(default=False)
    exposure = _code()
    host = models.CharField(max_length=253, null=True)
    pages = _list()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["hex", "port"], name="inventory_endpoint_at")]


class Allocation(Register):
    id = _key()
    unit = _ref("inventory.Unit", null=False)
    county = _ref("inventory.Unit", null=False)
    user_class = _code()
    line = _text()
    blocks = _list()
    purpose = _text()
    system = _ref("inventory.System")
    open_ports = _list()
    exit = _code()
    contact = _ref("inventory.Person")
    reviewer = _ref("inventory.Person")
    valid_from = models.DateTimeField()
    until = models.DateTimeField(null=True)
    status = _code()


class AllocationBlock(models.Model):
    """A block of an allocation, first and last address, to find the allocation by."""

    allocation = _ref("inventory.Allocation", null=False)
    low = models.CharField(max_length=32)
    high = models.CharField(max_length=32)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["low", "high"], name="inventory_allocation_at")]


class Scope(Register):
    id = _key()
    title = _text()
    document = _text()
    blocks = _list()
    excluded = _list()
    valid_from = models.DateTimeField()
    until = models.DateTimeField()
    rate = models.PositiveIntegerField()
    connections = models.PositiveIntegerField()
    quiet_hours = _list()
    approved_by = _ref("inventory.Person", null=False)
    approved_on = models.DateTimeField()


class Vantage(Register):
    id = _key()
    title = _text()
    zone = _ref("inventory.Zone", null=False)
    source = models.CharField(max_length=45)


class Resolver(Register):
    id = _key()
    address = models.CharField(max_length=45)
    title = _text()


class Domain(Register):
    id = models.CharField(max_length=253, primary_key=True)
    note = _text()


class Waiver(Register):
    id = _key()
    kind = _code()
    check_id = models.CharField(max_length=_KEY)  # Model.check is Django's own
    asset = _ref("inventory.Asset", null=False)
    clauses = _list()
    locator = models.JSONField(default=dict)
    reason = _text()
    compensating = _text()
    requested_by = _ref("inventory.Person", null=False)
    approved_by = _ref("inventory.Person", null=False)
    valid_from = models.DateTimeField()
    until = models.DateTimeField()


class SecretSystem(Register):
    """Never probed: the blocks are taken out of every scope."""

    id = _key()
    name = _text()
    holder = _ref("inventory.Unit", null=False)
    registered_on = models.DateTimeField()
    tier = models.CharField(max_length=20, null=True)
    approved_on = models.DateTimeField(null=True)
    checked_on = models.DateTimeField(null=True)
    assessed_on = models.DateTimeField(null=True)
    qualified_until = models.DateTimeField(null=True)
    blocks = _list()
