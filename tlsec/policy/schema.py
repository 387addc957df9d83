"""The shapes of facts, so that a misspelt name is found when a check loads and not when it judges."""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum as PyEnum
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from tlsec.i18n import _


@dataclass(frozen=True, slots=True)
class Scalar:
    """bool, int, float, string or time."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Choice:
    """A string out of a closed set."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"enum({', '.join(self.values)})"


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Type

    def __str__(self) -> str:
        return f"list<{self.item}>"


@dataclass(frozen=True, slots=True)
class Record:
    fields: Mapping[str, Type]

    def __str__(self) -> str:
        return "record"

    def __hash__(self) -> int:
        return hash(tuple(self.fields))


Type: TypeAlias = Scalar | Choice | ListOf | Record

BOOL, INT, FLOAT, STRING, TIME = (Scalar(n) for n in ("bool", "int", "float", "string", "time"))
_PYTHON = {bool: BOOL, int: INT, float: FLOAT, str: STRING, datetime: TIME}


def of(python: Any) -> Type:
    """The schema of a Python annotation: scalars, Literal, StrEnum, list, dataclass, each or None."""
    if python in _PYTHON:
        return _PYTHON[python]
    origin = get_origin(python)
    if origin is Literal:
        return Choice(tuple(get_args(python)))
    if origin is list:
        return ListOf(of(get_args(python)[0]))
    if origin in (Union, types.UnionType):
        inner = [a for a in get_args(python) if a is not type(None)]
        if len(inner) == 1:
            return of(inner[0])
    if isinstance(python, type) and issubclass(python, PyEnum):
        return Choice(tuple(str(member.value) for member in python))
    if dataclasses.is_dataclass(python):
        hints = get_type_hints(python)
        return Record({f.name: of(hints[f.name]) for f in dataclasses.fields(python)})
    raise TypeError(f"no schema for {python!r}")


_NAMES = {"bool": BOOL, "int": INT, "float": FLOAT, "string": STRING, "time": TIME}


def named(text: str) -> Type:
    """The schema of a parameter's type as written in a check: int, list<string>…"""
    if text in _NAMES:
        return _NAMES[text]
    match = re.fullmatch(r"list<(\w+)>", text)
    if match and match[1] in _NAMES:
        return ListOf(_NAMES[match[1]])
    raise ValueError(_("未知类型 {text}").format(text=text))


def materialise(kind: Type, value: Any) -> Any:
    """Plain stored facts as the evaluator needs them: times become datetime, null disappears.

    Raises ValueError with the path of the first part that does not fit.
    """
    return _materialise(kind, value, "")


_MISSING = object()


def _materialise(kind: Type, value: Any, path: str) -> Any:
    if isinstance(kind, Record):
        if not isinstance(value, Mapping):
            raise _misfit(path, kind, value)
        unknown = [key for key in value if key not in kind.fields]
        if unknown:
            raise ValueError(
                _("{path} 里没有 {name} 这一项").format(path=path or _("事实"), name=unknown[0])
            )
        # a null must vanish: to CEL `null != "x"` is true, and absence may never decide anything
        return {
            key: _materialise(kind.fields[key], part, f"{path}.{key}".lstrip("."))
            for key, part in value.items()
            if part is not None
        }
    if isinstance(kind, ListOf):
        if not isinstance(value, list | tuple):
            raise _misfit(path, kind, value)
        return [_materialise(kind.item, part, f"{path}[{i}]") for i, part in enumerate(value)]
    return _scalar(kind, value, path)


_FITS: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "string": (str,),
}


def _scalar(kind: Scalar | Choice, value: Any, path: str) -> Any:
    if isinstance(kind, Choice):
        if value not in kind.values:
            raise _misfit(path, kind, value)
        return str(value)
    if kind is TIME:
        return _time(value, path)
    if not isinstance(value, _FITS[kind.name]) or (isinstance(value, bool) and kind is not BOOL):
        raise _misfit(path, kind, value)
    return value


def _time(value: Any, path: str) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _misfit(path, TIME, value) from None
    if moment.tzinfo is None:
        raise ValueError(_("{path} 的时间缺少时区").format(path=path))
    return moment


def _misfit(path: str, kind: Type, value: Any) -> ValueError:
    return ValueError(
        _("{path} 应为 {kind}（现为 {value}）").format(path=path, kind=kind, value=str(value)[:60])
    )


def plain(value: Any) -> Any:
    """Facts (a dataclass) as JSON-able values; times in ISO form. The inverse of materialise."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, PyEnum):
        return str(value.value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def paths(value: Any, prefix: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path into a plain value, parts before their wholes' siblings; used by mutation tests."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield (*prefix, key)
            yield from paths(part, (*prefix, key))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from paths(part, (*prefix, i))
