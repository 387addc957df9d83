"""The register as a folder of YAML files, one a table, read and written row by row.

Read from parser events, so that memory does not grow with the file. No tags, anchors, aliases or
duplicate keys; every scalar is text until its column says what it is, so `0012`, `no` and `2026-10-12`
mean what they look like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import yaml

from tlsec.i18n import _, listed
from tlsec.inventory.cells import Plain, plain_row
from tlsec.inventory.columns import Table, table, table_named, tables
from tlsec.inventory.schema import Row
from tlsec.inventory.sources import MAX_FAULTS, MAX_ROWS, RawRow, Steps
from tlsec.marked_yaml import Fault, Faulty

MAX_BYTES = 64 * 2**20
_MAX_DEPTH = 5  # list of rows, row, list of pages, page, value
_Marks: TypeAlias = dict[Steps, tuple[int, int]]
_NULLS = ("", "~", "null", "Null", "NULL")


class YamlFiles:
    """A folder of `<table>.yaml`, or one such file."""

    def __init__(self, name: str, files: dict[str, Path]) -> None:
        self.name = name
        self._files = files

    @classmethod
    def folder(cls, path: Path) -> YamlFiles:
        """Raises Faulty when a file's name is no table or a table stands in two files."""
        files: dict[str, Path] = {}
        faults = []
        for file in sorted(path.glob("*.y*ml")):
            found = table_named(file.stem)
            if found is None:
                faults.append(_unknown_table(file))
            elif found.name in files:
                faults.append(
                    Fault(
                        str(file), _("与 {other} 是同一张表").format(other=files[found.name].name)
                    )
                )
            else:
                files[found.name] = file
        if not files and not faults:
            faults.append(Fault(str(path), _("目录里没有台账文件（*.yaml）")))
        if faults:
            raise Faulty(faults)
        return cls(str(path), files)

    @classmethod
    def single(cls, path: Path) -> YamlFiles:
        found = table_named(path.stem)
        if found is None:
            raise Faulty([_unknown_table(path)])
        return cls(str(path), {found.name: path})

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(name for name in tables() if name in self._files)

    def rows(self, table: str, faults: list[Fault]) -> Iterator[RawRow]:
        """The rows of a table; faults of syntax end the file, others only their row."""
        file = self._files[table]
        if file.stat().st_size > MAX_BYTES:
            faults.append(
                Fault(str(file), _("文件过大，上限 {mb} MB").format(mb=MAX_BYTES // 2**20))
            )
            return
        with file.open(encoding="utf-8-sig") as stream:
            try:
                yield from _Reader(stream, str(file), table, faults).rows()
            except yaml.YAMLError as error:
                faults.append(_syntax(error, str(file)))
            except UnicodeDecodeError:
                faults.append(Fault(str(file), _("文件不是 UTF-8 编码")))
            except _Unfit as error:
                faults.append(error.fault)


def _unknown_table(file: Path) -> Fault:
    names = listed(f"{name}.yaml" for name in tables())
    return Fault(str(file), _("文件名不是台账中的表，应为 {names}").format(names=names))


def _syntax(error: yaml.YAMLError, name: str) -> Fault:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Fault(where, _("YAML 语法错误：{problem}").format(problem=problem))


class _Unfit(Exception):
    """The file is not a list of rows; reading ends here."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class _Reader:
    """One pass over the events of one file."""

    def __init__(self, stream: TextIO, name: str, of: str, faults: list[Fault]) -> None:
        self._events = iter(yaml.parse(stream, Loader=yaml.CSafeLoader))
        self._name = name
        self._table = table(of)
        self._faults = faults

    def rows(self) -> Iterator[RawRow]:
        for event in self._events:
            if isinstance(event, yaml.SequenceStartEvent):
                self._plain_only(event)
                break
            if isinstance(event, yaml.ScalarEvent) and event.value in _NULLS:
                return
            if isinstance(event, yaml.NodeEvent):
                raise self._unfit(event, _("文件应是一个列表，每行以“- ”开头"))
        for number, event in enumerate(self._events, 1):
            if isinstance(event, yaml.SequenceEndEvent):
                break
            if number > MAX_ROWS or len(self._faults) > MAX_FAULTS:
                raise self._unfit(event, _("行数或错误过多，不再往下读"))
            marks: _Marks = {(): _mark(event)}
            value = self._node(event, (), marks)
            if isinstance(value, dict):
                yield RawRow(number, value, partial(_place, self._name, marks))
            else:
                self._faults.append(self._fault(event, _("每一条应写成“列名: 值”")))
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise self._unfit(event, _("一个文件只能有一个文档（---）"))

    def _node(self, event: yaml.Event, steps: Steps, marks: _Marks) -> Any:
        self._plain_only(event)
        if len(steps) > _MAX_DEPTH:
            raise self._unfit(event, _("嵌套过深"))
        marks[steps] = _mark(event)
        if isinstance(event, yaml.ScalarEvent):
            return None if event.implicit[0] and event.value in _NULLS else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(event, (*steps, len(items)), marks))
            return items
        return self._mapping(steps, marks)

    def _mapping(self, steps: Steps, marks: _Marks) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            self._plain_only(key)
            if not isinstance(key, yaml.ScalarEvent):
                raise self._unfit(key, _("列名应为一个词"))
            name, known = self._column(key.value, steps)
            value = self._node(next(self._events), (*steps, name), marks)
            if not known:
                names = listed(column.name for column in self._table.columns)
                message = _("没有“{name}”这一列，只有 {names}").format(name=key.value, names=names)
                self._faults.append(self._fault(key, message))
            elif name in result:
                self._faults.append(self._fault(key, _("列 {name} 重复").format(name=key.value)))
            else:
                result[name] = value
        return result

    def _column(self, key: str, steps: Steps) -> tuple[str, bool]:
        """The column's name; inside a value any key goes, its model knows better."""
        if steps:
            return key, True
        column = self._table.column(key)
        return (column.name, True) if column else (key, False)

    def _plain_only(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._unfit(event, _("不允许使用锚点或别名（& 与 *）"))
        if getattr(event, "tag", None):
            raise self._unfit(event, _("不允许使用类型标签（!）"))

    def _fault(self, event: yaml.Event, message: str) -> Fault:
        line, column = _mark(event)
        return Fault(f"{self._name}:{line}:{column}", message)

    def _unfit(self, event: yaml.Event, message: str) -> _Unfit:
        return _Unfit(self._fault(event, message))


def _mark(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _place(name: str, marks: _Marks, steps: Steps) -> str:
    while steps and steps not in marks:
        steps = steps[:-1]
    line, column = marks[steps]
    return f"{name}:{line}:{column}"


# --- writing ---

_BARE = re.compile(r"[\w（《“][\w./@+（）《》“”·、，。；：？！ -]*")
_AMBIGUOUS = re.compile(
    r"(?i)[-+.]?[0-9][0-9_.:eE+x-]*|true|false|yes|no|on|off|y|n|null|~|\.inf|\.nan|0o[0-7]+"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?")
_ESCAPED = {
    "\x85": "\\x85",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
    "\ufeff": "\\ufeff",
    "\x7f": "\\x7f",
}


def write_table(stream: TextIO, of: Table, rows: Iterable[Row]) -> None:
    """One file: the explaining comment, then the rows."""
    stream.write(head(of))
    empty = True
    for row in rows:
        empty = False
        values = plain_row(of, row).items()
        if of.wide:
            lines = (f"{name}: {flow(value)}" for name, value in values)
            stream.write("\n- " + "\n  ".join(lines) + "\n")
        else:
            stream.write(
                "- {" + ", ".join(f"{name}: {flow(value)}" for name, value in values) + "}\n"
            )
    if empty:
        stream.write("[]\n")


def head(of: Table) -> str:
    """The comment at the head of a file: what the table is for, its columns, what they allow."""
    title = _("# {title}（{name}.yaml）：{note}").format(title=of.title, name=of.name, note=of.note)
    lines = [title, _("# 带 * 的列必填，其余没有就不写。")]
    for column in of.columns:
        name = column.name + ("*" if column.required else "")
        words = _("{name}：{value}").format(name=column.title, value=column.explanation)
        lines.append(f"#   {name:<16}{words}")
    return "\n".join(lines) + "\n"


def flow(value: Plain) -> str:
    """A value in YAML's flow style, as bare as is safe."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if _DATE.fullmatch(value) or (
        _BARE.fullmatch(value)
        and not _AMBIGUOUS.fullmatch(value)
        and not value.endswith(" ")
        and "\n" not in value
    ):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(_ESCAPED.get(character, character) for character in quoted)
