"""What comes in: rows of raw text, each able to say where every part of it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from pydantic import ValidationError

from tlsec.i18n import _
from tlsec.inventory.columns import Column, Table, table
from tlsec.inventory.schema import Row
from tlsec.marked_yaml import Fault, Faulty

Steps: TypeAlias = tuple[str | int, ...]
MAX_ROWS = 200_000
MAX_FAULTS = 10_000  # more than anybody reads; keeps a hopeless file from filling the memory


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row before it is understood. `number` counts from 1 within its table."""

    number: int
    values: dict[str, Any]
    place: Callable[[Steps], str]


class Source(Protocol):
    """A file or folder that holds tables."""

    @property
    def name(self) -> str: ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables present, in the order in which rows refer back."""
        ...

    def rows(self, table: str, faults: list[Fault]) -> Iterator[RawRow]:
        """The rows of a table, streaming. What cannot be read as rows is added to `faults`."""
        ...


def open_source(path: Path) -> Source:
    """A folder of YAML files, one YAML file, or one workbook. Raises Faulty."""
    from tlsec.inventory.xlsx_read import Workbook
    from tlsec.inventory.yaml_io import YamlFiles

    if path.is_dir():
        return YamlFiles.folder(path)
    if not path.is_file():
        raise Faulty([Fault(str(path), _("文件或目录不存在"))])
    if path.suffix.lower() in (".yaml", ".yml"):
        return YamlFiles.single(path)
    if path.suffix.lower() == ".xlsx":
        return Workbook(path)
    raise Faulty([Fault(str(path), _("只接受 .yaml 文件、.xlsx 工作簿或 YAML 文件所在的目录"))])


def understand(of: Table, raw: RawRow, faults: list[Fault]) -> Row | None:
    """The row as its model; None when something is wrong, with a fault for each thing that is."""
    values = {key: value for key, value in raw.values.items() if not _empty(value)}
    try:
        return of.model.model_validate(values)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            context = item.get("ctx") or {}
            steps = tuple(item["loc"]) or (str(context.get("column", "")),)
            column = of.column(str(steps[0]))
            message = _message(item["type"], str(context.get("message", "")), item["input"], column)
            faults.append(Fault(raw.place(steps), message))
        return None


def _empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


_WHAT = {
    "missing": lambda: _("必填，不能为空"),
    "extra_forbidden": lambda: _("没有这一项"),
    "too_short": lambda: _("至少要有一个"),
    "string_too_long": lambda: _("过长，上限 100 字"),
    "greater_than_equal": lambda: _("过小"),
    "less_than_equal": lambda: _("过大"),
}


def _message(kind: str, said: str, given: Any, column: Column | None) -> str:
    what = said or _WHAT.get(kind, lambda: _("写法不对"))()
    if column is None:
        return what
    if kind in ("missing", "too_short") or isinstance(given, (dict, list)):
        phrase = _("{column}：{what}。允许：{allowed}")
        return phrase.format(column=column.title, what=what, allowed=column.allowed)
    phrase = _("{column}：{what}（现为“{given}”）。允许：{allowed}")
    shown = str(given) if len(str(given)) <= 60 else str(given)[:60] + "…"
    return phrase.format(column=column.title, what=what, given=shown, allowed=column.allowed)


def locate(source: Source, findings: dict[tuple[str, int], list[tuple[Steps, str]]]) -> list[Fault]:
    """Faults for what was found of rows already let go: the source is read once more for their places."""
    faults: list[Fault] = []
    for name in sorted({name for name, _number in findings}, key=source.tables.index):
        for raw in source.rows(name, []):
            for steps, message in findings.get((name, raw.number), ()):
                column = table(name).column(str(steps[0])) if steps else None
                text = message
                if column:
                    text = _("{name}：{value}").format(name=column.title, value=message)
                faults.append(Fault(raw.place(steps), text))
    return faults
