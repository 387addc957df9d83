"""Types of a clause against the schemas of its facts, asset, baseline and parameters."""

from __future__ import annotations

from collections.abc import Mapping

from tlsec.i18n import _, listed
from tlsec.policy.expr import (
    FUNCTIONS,
    METHODS,
    Binary,
    Call,
    Expr,
    ExprError,
    Field,
    Index,
    Items,
    Literal_,
    Macro,
    Name,
    Unary,
)
from tlsec.policy.schema import BOOL, FLOAT, INT, STRING, TIME, Choice, ListOf, Record, Type

_NUMBERS = (INT, FLOAT)


def check(node: Expr, names: Mapping[str, Type]) -> Type:
    """The type of an expression over the names. Raises ExprError at what does not fit."""
    if isinstance(node, Literal_):
        return node.type
    if isinstance(node, Name):
        if node.name not in names:
            raise ExprError(_("没有 {name} 这个名称").format(name=node.name), node.start)
        return names[node.name]
    if isinstance(node, Field):
        return _field(node, names)
    if isinstance(node, Index):
        return _index(node, names)
    if isinstance(node, Items):
        return _items(node, names)
    if isinstance(node, Macro):
        return _macro(node, names)
    if isinstance(node, Call):
        return _call(node, names)
    if isinstance(node, Unary):
        return _unary(node, names)
    return _binary(node, names)


def _field(node: Field, names: Mapping[str, Type]) -> Type:
    of = check(node.of, names)
    if not isinstance(of, Record):
        raise ExprError(_("{kind} 没有下级项").format(kind=of), node.start)
    if node.name not in of.fields:
        known = listed(of.fields)
        message = _("没有 {name} 这一项，可用：{known}").format(name=node.name, known=known)
        raise ExprError(message, node.end - len(node.name))
    return of.fields[node.name]


def _index(node: Index, names: Mapping[str, Type]) -> Type:
    of = check(node.of, names)
    if not isinstance(of, ListOf) or check(node.index, names) is not INT:
        raise ExprError(_("只能用整数取列表的元素"), node.start)
    return of.item


def _items(node: Items, names: Mapping[str, Type]) -> Type:
    kinds = [check(item, names) for item in node.items]
    if not kinds:
        raise ExprError(_("列表不能为空"), node.start)
    for item, kind in zip(node.items, kinds, strict=True):
        if not _alike(kind, kinds[0]):
            raise ExprError(_("列表元素类型不一致"), item.start)
    literal = [i.value for i in node.items if isinstance(i, Literal_)]
    if kinds[0] is STRING and len(literal) == len(kinds):
        return ListOf(Choice(tuple(map(str, literal))))
    return ListOf(kinds[0])


def _macro(node: Macro, names: Mapping[str, Type]) -> Type:
    of = check(node.of, names)
    if not isinstance(of, ListOf):
        raise ExprError(_("{macro} 只能用于列表").format(macro=node.kind), node.start)
    if node.variable in names:
        raise ExprError(_("变量名 {name} 与已有名称相同").format(name=node.variable), node.start)
    body = check(node.body, {**names, node.variable: of.item})
    if node.kind == "map":
        return ListOf(body)
    if body is not BOOL:
        raise ExprError(_("{macro} 里应是真假判断").format(macro=node.kind), node.body.start)
    return of if node.kind == "filter" else BOOL


def _call(node: Call, names: Mapping[str, Type]) -> Type:
    given = [check(argument, names) for argument in node.arguments]
    if node.name == "size" and not node.method:
        if len(given) != 1 or not (isinstance(given[0], ListOf) or _alike(given[0], STRING)):
            raise ExprError(_("size 只用于列表或文字"), node.start)
        return INT
    wanted, result = (METHODS if node.method else FUNCTIONS)[node.name]
    if len(given) != len(wanted) or not all(map(_alike, given, wanted)):
        raise ExprError(_("{name} 的参数不对").format(name=node.name), node.start)
    return result


def _unary(node: Unary, names: Mapping[str, Type]) -> Type:
    kind = check(node.operand, names)
    if (node.operator == "!") != (kind is BOOL) or (node.operator == "-" and kind not in _NUMBERS):
        raise ExprError(_("{op} 不能用于 {kind}").format(op=node.operator, kind=kind), node.start)
    return kind


def _binary(node: Binary, names: Mapping[str, Type]) -> Type:
    left, right = check(node.left, names), check(node.right, names)
    operator = node.operator
    if operator in ("&&", "||"):
        fits = left is BOOL and right is BOOL
    elif operator == "in":
        fits = isinstance(right, ListOf) and _alike(left, right.item)
    elif operator in ("==", "!="):
        fits = _alike(left, right) and not isinstance(left, Record | ListOf)
    elif operator in ("+", "-"):
        fits = left in _NUMBERS and right is left
    else:
        fits = (left in (*_NUMBERS, TIME, STRING)) and left is right
    if not fits:
        message = _("{left} 与 {right} 不能用 {op} 连接").format(
            left=left, right=right, op=operator
        )
        raise ExprError(message, node.left.start)
    if operator in ("==", "!=", "in"):
        _known_choice(node, left, right)
    return left if operator in ("+", "-") else BOOL


def _known_choice(node: Binary, left: Type, right: Type) -> None:
    """A value outside the closed set can never be met, so it is a slip of the pen."""
    other = right.item if isinstance(right, ListOf) else right
    for one, value in ((left, node.right), (other, node.left)):
        if (
            isinstance(one, Choice)
            and isinstance(value, Literal_)
            and value.value not in one.values
        ):
            message = _("取值只能是 {allowed}").format(allowed=listed(one.values))
            raise ExprError(message, value.start)
    if isinstance(left, Choice) and isinstance(other, Choice):
        stray = [v for v in other.values if v not in left.values]
        if stray and isinstance(node.right, Items):
            message = _("取值只能是 {allowed}").format(allowed=listed(left.values))
            raise ExprError(message, node.right.start)


def _alike(a: Type, b: Type) -> bool:
    if isinstance(a, ListOf) and isinstance(b, ListOf):
        return _alike(a.item, b.item)
    return _text(a) == _text(b) if _text(a) is STRING or _text(b) is STRING else a == b


def _text(kind: Type) -> Type:
    return STRING if isinstance(kind, Choice) else kind
