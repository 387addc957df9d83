"""Strict YAML with places: every value knows its file:line:column, and all faults of a file come at once.

Stricter than YAML: no tags, anchors, aliases or duplicate keys; only true/false are booleans (`no` and
`on` stay text); dates stay text, pydantic or the caller reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tlsec.i18n import _

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 40

Path_: TypeAlias = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in one place. `where` is "file:line:column" or "file 表!单元格"."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class Faulty(Exception):
    """Input that cannot be taken; carries every fault found, never only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Marked:
    """A plain value and the place of each part of it."""

    name: str
    value: Any
    places: Mapping[Path_, tuple[int, int]]

    def where(self, path: Path_ = ()) -> str:
        """Place of a part, or of the nearest part around it."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return f"{self.name}:{line}:{column}"

    def fault(self, path: Path_, message: str) -> Fault:
        return Fault(self.where(path), message)


def load(source: Path | str, name: str | None = None) -> Marked:
    """One document of a file (Path) or of a text (str). Raises Faulty."""
    if isinstance(source, Path):
        name = name or str(source)
        about = source.stat()
        if not S_ISREG(about.st_mode):  # a pipe would never end
            raise Faulty([Fault(name, _("不是普通文件"))])
        if about.st_size > MAX_BYTES:
            raise Faulty([Fault(name, _("文件过大，上限 {mb} MB").format(mb=MAX_BYTES // 2**20))])
        try:
            text = source.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise Faulty([Fault(name, _("文件不是 UTF-8 编码"))]) from error
    else:
        text, name = source, name or "<text>"
    reader = _Reader(name)
    try:
        value = reader.document(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise Faulty([_syntax_fault(error, name)]) from error
    if reader.faults:
        raise Faulty(reader.faults)
    return Marked(name, value, reader.places)


def _at(event: yaml.Event, name: str) -> str:
    mark = event.start_mark
    return f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name


def _syntax_fault(error: Exception, name: str) -> Fault:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    problem = getattr(error, "problem", None) or str(error)
    return Fault(where, _("YAML 语法错误：{problem}").format(problem=problem))


class _Reader:
    """Takes the events of one document as they come: nothing is built of what is refused.

    Aliases can blow up memory and tags can name types, so neither is taken; nesting is bounded.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[Path_, tuple[int, int]] = {}
        self.faults: list[Fault] = []

    def document(self, events: Iterator[yaml.Event]) -> Any:
        """The value of the only document; None of an empty text."""
        value: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.refused(event, _("只能有一个文档（多了一行 ---）"))
                value = self.value(next(events), (), events, 0)
        return value

    def value(
        self, event: yaml.Event, path: Path_, events: Iterator[yaml.Event], depth: int
    ) -> Any:
        if mark := event.start_mark:
            self.places[path] = (mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self.refused(event, _("不允许使用锚点或别名（& 与 *）"))
        if getattr(event, "tag", None):
            raise self.refused(event, _("不允许使用类型标签（!）"))
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value, plain=event.implicit[0])
        if depth >= MAX_DEPTH:
            raise self.refused(event, _("嵌套过深"))
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path, events, depth + 1)
        return self.mapping(path, events, depth + 1)

    def sequence(self, path: Path_, events: Iterator[yaml.Event], depth: int) -> list[Any]:
        result: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            result.append(self.value(event, (*path, len(result)), events, depth))
        return result

    def mapping(self, path: Path_, events: Iterator[yaml.Event], depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                self.value(event, path, events, depth)  # says what is wrong with a marked one
                raise self.refused(event, _("键只能是文字"))
            key = event.value
            if key in result:
                fault = Fault(_at(event, self.name), _("键 {key} 重复").format(key=key))
                self.faults.append(fault)
            result[key] = self.value(next(events), (*path, key), events, depth)
        return result

    def refused(self, event: yaml.Event, message: str) -> Faulty:
        return Faulty([Fault(_at(event, self.name), message)])


_FLOAT = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]\d+)?")


def _scalar(text: str, *, plain: bool) -> Any:
    """A plain scalar as null, true, false, whole number or decimal; everything else is text."""
    if not plain:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "false"):
        return text == "true"
    digits = text[1:] if text[:1] in ("+", "-") else text
    if digits.isascii() and digits.isdigit() and len(text) < 20:
        # a leading zero is an identifier (phone, code), not octal
        return text if digits.startswith("0") and len(text) > 1 else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def parse(model: type[M], marked: Marked, path: Path_ = ()) -> M:
    """The part at `path` as a pydantic model. Raises Faulty with a place for every fault."""
    value = marked.value
    for step in path:
        value = value[step]
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Faulty(faults_of(error, marked, path)) from error


def faults_of(error: ValidationError, marked: Marked, path: Path_ = ()) -> list[Fault]:
    """pydantic's errors with their places, said in the user's words."""
    faults = []
    for item in error.errors(include_url=False):
        at = path + tuple(item["loc"])
        label = ".".join(str(step) for step in at if not str(step).startswith("function-"))
        text = say(dict(item))
        faults.append(marked.fault(at, f"{label}: {text}" if label else text))
    return faults


def say(item: Mapping[str, Any]) -> str:
    """One pydantic error in plain words: what is wrong and what is allowed."""
    context = item.get("ctx") or {}
    got = str(item.get("input"))[:60]
    kind = item["type"]
    if kind == "missing":
        return _("缺少该项")
    if kind == "extra_forbidden":
        return _("没有这一项（可能拼写有误）")
    if kind in ("enum", "literal_error"):
        return _("只能是 {allowed}（现为 {got}）").format(allowed=context.get("expected"), got=got)
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", item["msg"]))
    words = {
        "string_pattern_mismatch": _("写法不对，应符合 {pattern}").format(
            pattern=context.get("pattern")
        ),
        "too_short": _("至少要有 {n} 项").format(n=context.get("min_length")),
        "string_type": _("应为文字"),
        "int_type": _("应为整数"),
        "int_parsing": _("应为整数"),
        "float_type": _("应为数字"),
        "bool_type": _("应为 true 或 false"),
        "list_type": _("应为列表"),
        "dict_type": _("应为键值表"),
        "model_type": _("应为键值表"),
        "datetime_parsing": _("应为日期时间，如 2026-03-05 08:00"),
        "date_parsing": _("应为日期，如 2026-03-05"),
        "date_from_datetime_parsing": _("应为日期，如 2026-03-05"),
    }
    return _("{what}（现为 {got}）").format(what=words.get(kind, item["msg"]), got=got)
