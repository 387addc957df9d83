"""封禁清单: what is refused where and until when. It comes in and goes out as CSV for firewalls and WAFs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.db import transaction

from tlsec.i18n import N_, _, in_every_language, listed
from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.marked_yaml import Fault, Faulty
from tlsec.period import periods
from tlsec.period.definition import read
from tlsec.period.models_freeze import Block
from tlsec.period.profile import BlockRule
from tlsec.register import journal
from tlsec.register.refused import Refused

DIRECTIONS = {"in": N_("入向"), "out": N_("出向"), "both": N_("双向")}
COLUMNS = {
    "network": N_("IP/段"),
    "direction": N_("方向"),
    "basis": N_("依据"),
    "point": N_("封禁点"),
    "start": N_("开始"),
    "until": N_("截止"),
    "operator": N_("操作人"),
    "lift_when": N_("解封条件"),
    "lifted": N_("解封时间"),
}
_REQUIRED = ("network", "direction", "basis", "point", "until", "operator", "lift_when")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MAX_BYTES, MAX_ROWS = 8 * 2**20, 50_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A block to be put on. `start`: None for now."""

    network: str
    direction: str
    basis: str
    point: str
    until: datetime
    operator: str
    lift_when: str
    start: datetime | None = None


def add(asked: Asked, now: datetime, actor: str) -> Block:
    """Put a block on record. Raises Refused for our own addresses, too wide a block or no end."""
    with transaction.atomic():
        row = _made(asked, now, _Guard.of(now))
        if Block.objects.filter(
            lifted=None, network=row.network, direction=row.direction, point=row.point
        ).exists():
            text = _("{net} 已在 {point} 封禁").format(net=row.network, point=row.point)
            raise Refused(text)
        row.save()
        _record(row, "block.add", now, actor)
    return row


def lift(id_: int, now: datetime, actor: str, why: str, version: int | None = None) -> Block:
    """Take a block off."""
    with transaction.atomic():
        row = Block.objects.select_for_update().filter(pk=id_).first()
        if row is None:
            raise Refused(_("封禁清单里没有第 {id} 条").format(id=id_))
        if version is not None and version != row.version:
            raise Refused(_("第 {id} 条已被他人更新，请重新查看").format(id=id_))
        if row.lifted is not None:
            raise Refused(_("第 {id} 条已由 {who} 解封").format(id=id_, who=row.lifted_by))
        if not why.strip():
            raise Refused(_("请写明解封理由（--reason）"))
        _lift(row, now, actor, why)
    return row


def _lift(row: Block, now: datetime, actor: str, why: str) -> None:
    row.lifted, row.lifted_by, row.lifted_why = now, actor, why[:300]
    row.version += 1
    row.save()
    _record(row, "block.lift", now, actor, why)


@dataclass(frozen=True, slots=True)
class Merged:
    """What an import did."""

    added: int
    longer: int
    lifted: int
    same: int


@dataclass(frozen=True)
class _Guard:
    """What may be blocked: not our own blocks, not too wide, not for too long."""

    own: tuple[IPv4Network | IPv6Network, ...]
    rule: BlockRule
    period: str | None

    @classmethod
    def of(cls, now: datetime) -> _Guard:
        period = periods.current()
        rule = periods.profile_of(period or periods.found()).blocks
        blocks = [b for zone in inventory.Zone.objects.all() for b in zone.blocks]
        own = tuple(ip_network(block, strict=False) for block in blocks)
        return cls(own, rule, period.id if period else None)

    def network(self, text: str) -> IPv4Network | IPv6Network:
        try:
            net = ip_network(text.strip(), strict=False)
        except ValueError:
            raise Refused(_("{text} 不是地址或地址段").format(text=text[:60])) from None
        if net.prefixlen < (self.rule.widest_v4 if net.version == 4 else self.rule.widest_v6):
            raise Refused(_("{net} 太宽，会误伤；请缩小").format(net=net))
        for own in self.own:
            if own.version == net.version and own.overlaps(net):
                raise Refused(_("{net} 与本市地址段 {own} 重叠，不能封禁").format(net=net, own=own))
        if net.is_loopback or net.is_unspecified or net.is_multicast:
            raise Refused(_("{net} 不是能封禁的地址").format(net=net))
        return net


def _made(asked: Asked, now: datetime, guard: _Guard) -> Block:
    net = guard.network(asked.network)
    start = asked.start or now
    if asked.direction not in DIRECTIONS:
        text = _("方向只有 {known}").format(known=listed(DIRECTIONS))
        raise Refused(text)
    for text, label in (
        (asked.basis, _("依据")), (asked.point, _("封禁点")),
        (asked.operator, _("操作人")), (asked.lift_when, _("解封条件")),
    ):  # fmt: skip
        if not text.strip():
            raise Refused(_("封禁要写明{label}").format(label=label))
    if not start < asked.until <= start + timedelta(days=guard.rule.longest_days):
        raise Refused(_("截止应在开始后 {n} 天内").format(n=guard.rule.longest_days))
    shown = str(net.network_address) if net.prefixlen == net.max_prefixlen else str(net)
    return Block(
        period_id=guard.period, network=shown, direction=asked.direction,
        basis=asked.basis[:200], point=asked.point[:100], start=start, until=asked.until,
        operator=asked.operator[:100], lift_when=asked.lift_when[:300],
    )  # fmt: skip


def import_csv(file: Path, now: datetime, actor: str) -> Merged:
    """Merge a list: new rows are added, later ends taken over, rows with a lift time lifted.

    All or nothing: raises Faulty with every fault. What is on record and not in the file stays.
    """
    faults: list[Fault] = []
    guard = _Guard.of(now)
    added = longer = lifted = same = 0
    with transaction.atomic():
        for line, cells in _lines(file, faults):
            try:
                row, off = _parsed(cells, now, guard)
            except (Refused, ValueError) as error:
                faults.append(Fault(f"{file}:{line}", str(error)))
                continue
            old = Block.objects.filter(
                lifted=None, network=row.network, direction=row.direction, point=row.point
            ).first()
            if old is None and off is None:
                row.save()
                _record(row, "block.add", now, actor, file.name)
                added += 1
            elif old is not None and off is not None:
                _lift(old, min(off, now), actor, file.name)
                lifted += 1
            elif old is not None and row.until > old.until:
                old.until, old.version = row.until, old.version + 1
                old.save()
                _record(old, "block.prolong", now, actor, file.name)
                longer += 1
            else:
                same += 1
        if faults:
            raise Faulty(faults)
    return Merged(added, longer, lifted, same)


def _lines(file: Path, faults: list[Fault]) -> Iterable[tuple[int, dict[str, str]]]:
    if not file.is_file() or file.stat().st_size > MAX_BYTES:
        raise Faulty([Fault(str(file), _("文件过大，上限 {mb} MB").format(mb=MAX_BYTES // 2**20))])
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")  # what Excel writes on a Chinese Windows
        except UnicodeDecodeError:
            raise Faulty([Fault(str(file), _("文件不是 UTF-8 也不是 GB18030 编码"))]) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        head = [cell.strip() for cell in next(reader, [])]
        keys = [
            next((k for k, t in COLUMNS.items() if c in in_every_language(t)), "") for c in head
        ]
        missing = [_(COLUMNS[key]) for key in _REQUIRED if key not in keys]
        if missing:
            raise Faulty(
                [Fault(f"{file}:1", _("缺少必填的列“{name}”").format(name=listed(missing)))]
            )
        made: list[tuple[int, dict[str, str]]] = []
        for cells in reader:
            if len(made) >= MAX_ROWS:
                faults.append(Fault(str(file), _("行数过多，上限 {n}").format(n=MAX_ROWS)))
                break
            if any(cell.strip() for cell in cells):
                found = zip(keys, cells, strict=False)
                row = {key: cell.strip().removeprefix("'") for key, cell in found if key}
                made.append((reader.line_num, row))
    except csv.Error as error:
        raise Faulty(
            [Fault(str(file), _("不是能读的 CSV（{error}）").format(error=error))]
        ) from error
    return made


def _parsed(cells: dict[str, str], now: datetime, guard: _Guard) -> tuple[Block, datetime | None]:
    said = cells.get("direction", "")
    direction = next(
        (key for key, title in DIRECTIONS.items() if said in (key, *in_every_language(title))), said
    )
    try:
        until = read(cells.get("until", ""), end=True)
        start = read(cells["start"]) if cells.get("start") else None
        off = read(cells["lifted"]) if cells.get("lifted") else None
    except ValueError:
        raise Refused(_("时间应写成 2026-10-16 或 2026-10-16 08:00")) from None
    asked = Asked(
        cells.get("network", ""), direction, cells.get("basis", ""), cells.get("point", ""),
        until, cells.get("operator", ""), cells.get("lift_when", ""), start,
    )  # fmt: skip
    return _made(asked, now, guard), off


def export_csv(rows: Iterable[Block]) -> str:
    """The list as text: UTF-8 with titles; a cell that would be a formula is quoted by '."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_(title) for title in COLUMNS.values()])
    for row in rows:
        writer.writerow([_cell(row, key) for key in COLUMNS])
    return out.getvalue()


def _cell(row: Block, key: str) -> str:
    value = getattr(row, key)
    if isinstance(value, datetime):
        return f"{value.astimezone(LOCAL):%Y-%m-%d %H:%M}"
    text = _(DIRECTIONS[value]) if key == "direction" else str(value or "")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _record(row: Block, command: str, now: datetime, actor: str, reason: str = "") -> None:
    after = {
        "id": row.pk, "network": row.network, "direction": row.direction, "basis": row.basis,
        "point": row.point, "start": row.start, "until": row.until, "operator": row.operator,
        "lift_when": row.lift_when, "lifted": row.lifted, "version": row.version,
    }  # fmt: skip
    journal.append(now, actor, command, f"block:{row.pk}", after, reason)
