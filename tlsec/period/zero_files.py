"""Zero reports that come as files: receipts in a folder, and the form as a workbook from anybody."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tlsec.i18n import N_, _, in_every_language
from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.marked_yaml import Fault, Faulty
from tlsec.period import periods, zero
from tlsec.period.models import Period
from tlsec.period.models_daily import ZeroReport
from tlsec.period.zero import Came
from tlsec.register.refused import Refused

_MAX_RECEIPT = 64 * 1024
_MAX_ROWS, _MAX_TEXT = 60, 2000
YES, NO = N_("是"), N_("否")

# the boxes of the form: key → label; the first four have to be filled in
BOXES = {
    "unit": N_("单位"),
    "day": N_("报告日期"),
    "event": N_("是否发生网络安全事件"),
    "reporter": N_("报送人"),
    "span": N_("统计时段"),
    "running": N_("系统运行情况"),
    "on_duty": N_("值守在岗情况"),
    "warnings": N_("收到预警数"),
    "handled": N_("已处置预警数"),
    "found": N_("隐患新增数"),
    "mended": N_("隐患整改数"),
    "help": N_("需协调事项"),
    "reviewer": N_("审核人"),
    "sent_at": N_("报送时间"),
}
REQUIRED = ("unit", "day", "event", "reporter")
_NUMBERS = ("warnings", "handled", "found", "mended")


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was read."""

    unit: str
    day: date
    event: bool
    reporter: str
    boxes: dict[str, str]
    sha256: str


def collect(folder: Path, now: datetime, actor: str) -> tuple[int, list[Fault]]:
    """Take in the receipts that are not in yet. A file that is no receipt is a fault and is left."""
    period = periods.current()
    if period is None or not folder.is_dir():
        return 0, []
    profile = periods.profile_of(period)
    days = {d for d in zero.days(period, profile) if d <= now.astimezone(LOCAL).date()}
    known = set(
        ZeroReport.objects.filter(period=period).values_list("system", "day").exclude(system="")
    )
    taken, faults = 0, []
    for duty in zero.duties(period):
        for system in duty.systems:
            for day in sorted(days):
                file = folder / f"{system}-{day.isoformat()}.json"
                if (system, day) in known or not file.is_file():
                    continue
                try:
                    came = receipt(file, system, day, now)
                    if came.unit == duty.unit:
                        zero.receive(period, came, now, actor)
                        taken += 1
                except (Refused, ValueError) as error:
                    faults.append(Fault(str(file), str(error)))
    return taken, faults


def receipt(file: Path, system: str, day: date, now: datetime) -> Came:
    """One receipt. Raises ValueError when it is none; `sent_at` counts unless it lies after now."""
    about = file.stat()
    if file.is_symlink() or about.st_size > _MAX_RECEIPT:
        raise ValueError(_("不是收据：链接或过大"))
    raw = file.read_bytes()
    try:
        data = json.loads(raw)
        fits = isinstance(data, dict) and data["system"] == system
        fits = fits and data["date"] == day.isoformat() and isinstance(data["event"], bool)
        sent = datetime.fromisoformat(data["sent_at"])
        reporter = str(data["reporter"])[:100]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(_("不是收据：内容不完整")) from error
    if not fits or sent.tzinfo is None or sent > now or not reporter:
        raise ValueError(_("不是收据：系统、日期或时间不符"))
    row = inventory.System.objects.filter(id=system).first()
    if row is None:
        raise ValueError(_("台账里没有 {name}").format(name=system))
    sha = hashlib.sha256(raw).hexdigest()
    return Came(
        row.unit_id, day, data["event"], reporter, sent.astimezone(UTC), "file", system,
        origin=file.name, sha256=sha,
    )  # fmt: skip


def take(file: Path, now: datetime, actor: str, version: int | None = None) -> ZeroReport:
    """Keep a workbook that came in, received now. Raises Faulty for what is no form, Refused by rule."""
    period = periods.running()
    form = read_form(file)
    boxes = {key: text for key, text in form.boxes.items() if key not in REQUIRED}
    came = Came(
        form.unit, form.day, form.event, form.reporter, now, "xlsx",
        content=boxes, origin=file.name, sha256=form.sha256,
    )  # fmt: skip
    return zero.receive(period, came, now, actor, version)


def read_form(file: Path) -> Filled:
    """The boxes of a filled form: labels stand left of their values. Raises Faulty with every fault."""
    from tlsec import workbook_guard

    workbook_guard.check(file)
    faults: list[Fault] = []
    found: dict[str, str] = {}
    for place, label, value in _pairs(file, faults):
        key = next((k for k, title in BOXES.items() if label in in_every_language(title)), None)
        if key is None or not value:
            continue
        if found.get(key, value) != value:
            faults.append(Fault(place, _("“{label}”填了两次，且不相同").format(label=label)))
        found[key] = value
    made = _checked(file, found, faults)
    if faults or made is None:
        raise Faulty(faults)
    return made


def _pairs(file: Path, faults: list[Fault]) -> Iterator[tuple[str, str, str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, SyntaxError, OSError) as error:
        raise Faulty([Fault(str(file), _("不是能读的 XLSX 工作簿"))]) from error
    try:
        if not book.worksheets:
            raise Faulty([Fault(str(file), _("工作簿里没有表"))])
        sheet = book.worksheets[0]
        for cells in sheet.iter_rows(max_row=_MAX_ROWS, max_col=8):
            for left, right in pairwise(cells):
                label = str(left.value or "").strip().rstrip("：:*＊ ")
                if not label or right.value is None:
                    continue
                place = f"{file} {right.coordinate}"
                if right.data_type in ("f", "e"):
                    faults.append(Fault(place, _("公式与错误值不予执行，请改为文字")))
                    continue
                yield place, label, _text(right.value)
    except (SyntaxError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise Faulty([Fault(str(file), _("不是能读的 XLSX 工作簿"))]) from error
    finally:
        book.close()


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        bare = value.time() == datetime.min.time()
        return f"{value:%Y-%m-%d}" if bare else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return _(YES) if value else _(NO)
    return str(value).strip()[:_MAX_TEXT]


def _checked(file: Path, found: dict[str, str], faults: list[Fault]) -> Filled | None:
    name = str(file)
    for key in REQUIRED:
        if not found.get(key):
            faults.append(Fault(name, _("“{label}”没有填").format(label=_(BOXES[key]))))
    unit = unit_named(found.get("unit", ""))
    if found.get("unit") and unit is None:
        faults.append(Fault(name, _("台账里没有单位 {name}").format(name=found["unit"][:80])))
    day = _day(found.get("day", ""))
    if found.get("day") and day is None:
        faults.append(Fault(name, _("报告日期应写成 2026-10-16")))
    answer = found.get("event", "")
    if answer and answer not in (*in_every_language(YES), *in_every_language(NO)):
        faults.append(Fault(name, _("“是否发生网络安全事件”只填是或否")))
    for key in _NUMBERS:
        if found.get(key) and not found[key].isdecimal():
            faults.append(Fault(name, _("“{label}”应为数字").format(label=_(BOXES[key]))))
    if faults or unit is None or day is None:
        return None
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    event = answer in in_every_language(YES)
    return Filled(unit, day, event, found["reporter"][:100], found, sha)


def unit_named(name: str) -> str | None:
    """A unit by its id or full name."""
    rows = inventory.Unit.objects
    row = rows.filter(id=name).first() or rows.filter(name=name).first()
    return row.id if row else None


def _day(text: str) -> date | None:
    text = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-")
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=LOCAL).date()
    except ValueError:
        return None


def write_form(period: Period, unit: str, day: date, path: Path, now: datetime) -> None:
    """A form for one unit and day as a workbook: labels left, boxes to fill in right."""
    from tlsec.report.papers import period_zero

    duty = next((each for each in zero.duties(period) if each.unit == unit), None)
    if duty is None:
        raise Refused(_("{unit} 不在零报告单位之列").format(unit=unit))
    cutoff = zero.cutoff(duty, day, periods.profile_of(period))
    labels = [(_(title), key in REQUIRED) for key, title in BOXES.items()]
    values = {_(BOXES["unit"]): duty.name, _(BOXES["day"]): day.isoformat()}
    choices = {_(BOXES["event"]): (_(NO), _(YES))}
    period_zero.write_form(path, period.title, cutoff, labels, values, choices, now)
