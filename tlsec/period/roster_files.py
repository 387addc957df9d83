"""The roster as files: a sheet (XLSX or CSV) in, an iCalendar out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.db import transaction

from tlsec.i18n import N_, _, in_every_language, listed
from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.marked_yaml import Fault, Faulty
from tlsec.period import roster
from tlsec.period.definition import ShiftSpec
from tlsec.period.models_duty import Shift
from tlsec.period.profile import role_names
from tlsec.register import journal
from tlsec.register.refused import Refused

# columns of a sheet: key → title; one row a person and shift
COLUMNS = {
    "day": N_("日期"),
    "name": N_("班次"),
    "start": N_("起"),
    "until": N_("止"),
    "role": N_("岗位"),
    "person": N_("姓名"),
    "unit": N_("单位"),
    "title": N_("职务"),
    "phone": N_("手机"),
    "mail": N_("邮箱"),
    "place": N_("地点"),
    "note": N_("说明"),
}
_REQUIRED = ("day", "name", "start", "until", "role", "person")
MAX_ROWS, MAX_BYTES = 5000, 4 * 2**20
_ROLE_WORDS = {
    "leader": (N_("带班领导"),),
    "main": (N_("值班员（主）"), N_("值班员"), N_("主班")),
    "backup": (N_("值班员（备）"), N_("备班"), N_("副班")),
    "support": (N_("技术支撑"), N_("驻场")),
}


def take(file: Path, now: datetime, actor: str) -> int:
    """Put the rows of a sheet into the roster; a seat that is filled gets the sheet's person.

    All or nothing. Raises Faulty with every fault: unknown people, clashes, formulas, bad times.
    """
    faults: list[Fault] = []
    made: list[tuple[str, Shift]] = []
    seats: dict[tuple[Any, ...], int] = {}
    for place, cells in _rows(file, faults):
        try:
            shift = _shift(cells)
        except Refused as error:
            faults.append(Fault(place, str(error)))
            continue
        key = (shift.start, shift.name, shift.role)
        seats[key] = shift.seat = seats.get(key, 0) + 1
        made.append((place, shift))
    if not made and not faults:
        faults.append(Fault(str(file), _("表里没有一行排班")))
    if faults:
        raise Faulty(faults)
    with transaction.atomic():
        _clear(shift for _place, shift in made)
        for place, shift in made:
            try:
                roster.place(shift, now, actor, reason=file.name)
            except Refused as error:
                faults.append(Fault(place, str(error)))
        if faults:
            raise Faulty(faults)
        after = {"file": file.name, "rows": len(made)}
        journal.append(now, actor, "roster.import", "roster", after)
    return len(made)


def _clear(shifts: Iterable[Shift]) -> None:
    """The sheet's seats are emptied first, or people who change places in it would clash on the way."""
    for shift in shifts:
        Shift.objects.filter(
            start=shift.start, name=shift.name, role=shift.role, seat=shift.seat
        ).delete()


def _rows(file: Path, faults: list[Fault]) -> Iterator[tuple[str, dict[str, str]]]:
    grid = _csv(file) if file.suffix.lower() == ".csv" else _xlsx(file, faults)
    head: list[str] | None = None
    for place, cells in grid:
        if head is None:
            head = [
                next((k for k, t in COLUMNS.items() if cell in in_every_language(t)), "")
                for cell in cells
            ]
            missing = [_(COLUMNS[key]) for key in _REQUIRED if key not in head]
            if missing:
                text = _("缺少必填的列“{name}”").format(name=listed(missing))
                raise Faulty([Fault(place, text)])
        elif any(cells):
            yield place, {k: c for k, c in zip(head, cells, strict=False) if k}


def _csv(file: Path) -> Iterator[tuple[str, list[str]]]:
    if file.stat().st_size > MAX_BYTES:
        raise Faulty([Fault(str(file), _("文件过大，上限 {mb} MB").format(mb=MAX_BYTES // 2**20))])
    raw = file.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Faulty([Fault(str(file), _("文件不是 UTF-8 也不是 GB18030 编码"))])
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for cells in reader:
            yield f"{file}:{reader.line_num}", [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Faulty(
            [Fault(str(file), _("不是能读的 CSV（{error}）").format(error=error))]
        ) from error


def _xlsx(file: Path, faults: list[Fault]) -> Iterator[tuple[str, list[str]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    from tlsec import workbook_guard

    workbook_guard.check(file)
    unreadable = Faulty([Fault(str(file), _("不是能读的 XLSX 工作簿"))])
    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, SyntaxError, OSError) as error:
        raise unreadable from error
    try:
        if not book.worksheets:
            raise unreadable
        rows = book.worksheets[0].iter_rows(max_row=MAX_ROWS + 1, max_col=len(COLUMNS) + 8)
        for n, cells in enumerate(rows, 1):
            place = f"{file} {n}"
            if any(cell.data_type in ("f", "e") for cell in cells if cell.value is not None):
                faults.append(Fault(place, _("公式与错误值不予执行，请改为文字")))
                continue
            yield place, [_text(cell.value) for cell in cells]
    except (SyntaxError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise unreadable from error
    finally:
        book.close()


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value).strip()[:300]


def _shift(cells: dict[str, str]) -> Shift:
    for key in _REQUIRED:
        if not cells.get(key):
            raise Refused(_("“{label}”没有填").format(label=_(COLUMNS[key])))
    role = _role(cells["role"])
    if role is None:
        known = listed(role_names().values())
        raise Refused(_("没有岗位 {name}，可用：{known}").format(name=cells["role"], known=known))
    try:
        day = date.fromisoformat(cells["day"].replace("/", "-"))
        spec = ShiftSpec.model_validate(
            {"name": cells["name"], "from": cells["start"], "until": cells["until"]}
        )
    except ValueError:
        raise Refused(_("日期应写成 2026-10-16，起止应写成 08:00")) from None
    start, until = roster.times(spec, day)
    person = find_person(cells["person"], cells.get("unit", ""))
    unit = person.unit_id if person else _unit(cells.get("unit", ""))
    return Shift(
        day=day, name=cells["name"][:20], role=role, seat=1, start=start, until=until,
        person=(person.name if person else cells["person"])[:100], unit=unit,
        title=(cells.get("title") or (person.role if person else ""))[:100],
        phone=(cells.get("phone") or (person.phone if person else ""))[:60],
        mail=(cells.get("mail") or (person.mail if person else ""))[:100],
        place=cells.get("place", "")[:100], note=cells.get("note", "")[:300],
    )  # fmt: skip


def _role(word: str) -> str | None:
    for role, words in _ROLE_WORDS.items():
        if word == role or any(word in in_every_language(each) for each in words):
            return role
    return None


def find_person(name: str, unit: str = "") -> inventory.Person | None:
    """Somebody of the register by id, or by a name that only one has (in that unit)."""
    rows = inventory.Person.objects.select_related("unit")
    if (by_id := rows.filter(id=name).first()) is not None:
        return by_id
    named = rows.filter(name=name)
    if unit:
        named = named.filter(unit_id=_unit(unit))
    found = list(named[:2])
    return found[0] if len(found) == 1 else None


def _unit(name: str) -> str:
    rows = inventory.Unit.objects
    row = rows.filter(id=name).first() or rows.filter(name=name).first() if name else None
    return row.id if row else name[:100]


def ical(rows: Iterable[Shift], made: datetime, title: str) -> str:
    """The shifts as an iCalendar (RFC 5545), times in UTC; an event a person and shift."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tlsec//roster//ZH", "CALSCALE:GREGORIAN",
             f"X-WR-CALNAME:{_escaped(title)}"]  # fmt: skip
    for row in rows:
        role = role_names()[row.role]
        about = [f"{_('手机')}: {row.phone}"] if row.phone else []
        about += [row.note] if row.note else []
        lines += [
            "BEGIN:VEVENT",
            f"UID:shift-{row.pk}@tlsec",
            f"DTSTAMP:{_utc(made)}",
            f"SEQUENCE:{row.version}",
            f"DTSTART:{_utc(row.start)}",
            f"DTEND:{_utc(row.until)}",
            f"SUMMARY:{_escaped(f'{row.name} {role} {row.person}')}",
            *([f"LOCATION:{_escaped(row.place)}"] if row.place else []),
            *([f"DESCRIPTION:{_escaped(chr(10).join(about))}"] if about else []),
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _utc(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for mark, code in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(mark, code)
    return "".join(c for c in text if c.isprintable())


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets, no character cut; what goes on begins with a space."""
    part, size = "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > 75:
            yield part
            part, size = " ", 1
        part += char
        size += octets
    yield part


def sheet(rows: Iterable[Shift]) -> list[tuple[str, ...]]:
    """The roster as the cells of the sheet that `take` reads."""
    names = role_names()
    made: list[tuple[str, ...]] = []
    for row in rows:
        made.append(
            (
                row.day.isoformat(), row.name, f"{row.start.astimezone(LOCAL):%H:%M}",
                f"{row.until.astimezone(LOCAL):%H:%M}", names[row.role], row.person, row.unit,
                row.title, row.phone, row.mail, row.place, row.note,
            )
        )  # fmt: skip
    return made
