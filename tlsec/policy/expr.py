"""The subset of CEL that a clause may use: parsed to a tree with places, and typed against schemas.

Evaluation is the library's (cel.py). This tree exists so that a misspelt fact does not load, and so that
`all` and `exists` can name the elements that decided. Left out on purpose: `has()`, which turns "not
observed" into a decision; `matches()`, which lets content bring slow patterns; `?:` and arithmetic
beyond + and -, because computing belongs in the probe, where it has tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tlsec.i18n import _
from tlsec.policy.schema import BOOL, FLOAT, INT, STRING, TIME, ListOf, Type

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 2000, 400, 40
MACROS = ("all", "exists", "filter", "map")
# functions: argument types and result; methods take the receiver first
FUNCTIONS: Mapping[str, tuple[tuple[Type, ...], Type]] = {
    "daysUntil": ((TIME,), INT),
    "daysSince": ((TIME,), INT),
    "inCidr": ((STRING, ListOf(STRING)), BOOL),
}
METHODS: Mapping[str, tuple[tuple[Type, ...], Type]] = {
    "startsWith": ((STRING, STRING), BOOL),
    "endsWith": ((STRING, STRING), BOOL),
    "contains": ((STRING, STRING), BOOL),
}


class ExprError(ValueError):
    """A clause that cannot be taken; `at` is the offset in its text."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Node:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal_(Node):
    value: object
    type: Type


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Field(Node):
    of: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    of: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    name: str
    arguments: tuple[Expr, ...]
    method: bool


@dataclass(frozen=True, slots=True)
class Macro(Node):
    kind: str
    of: Expr
    variable: str
    body: Expr


@dataclass(frozen=True, slots=True)
class Unary(Node):
    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Items(Node):
    items: tuple[Expr, ...]


Expr: TypeAlias = Literal_ | Name | Field | Index | Call | Macro | Unary | Binary | Items

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>"(?:[^"\\\n]|\\["\\n])*"|'(?:[^'\\\n]|\\['\\n])*')
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<op>\|\||&&|==|!=|<=|>=|[-+!<>().,\[\]]))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def _tokens(source: str) -> Iterator[_Token]:
    at, end = 0, len(source.rstrip())
    while at < end:
        match = _TOKEN.match(source, at)
        if not match or match.end() == at:
            raise ExprError(
                _("无法识别的符号 {text}").format(text=source[at : at + 10].strip()), at
            )
        kind = str(match.lastgroup)
        yield _Token(kind, match[kind], match.start(kind), match.end())
        at = match.end()
    yield _Token("end", "", len(source), len(source))


@dataclass
class _Parser:
    source: str
    tokens: list[_Token]
    at: int = 0
    nodes: int = 0
    depth: int = field(default=0)

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> _Token | None:
        token = self.now
        if token.kind in ("op", "name") and token.text in texts:
            self.at += 1
            return token
        return None

    def need(self, text: str) -> _Token:
        token = self.take(text)
        if token is None:
            raise ExprError(_("此处应为 {text}").format(text=text), self.now.start)
        return token

    def chain(self, level: int) -> Expr:
        """Left-associative operators of one level and all below it."""
        if level == len(_LEVELS):
            return self.unary()
        left = self.chain(level + 1)
        count = 0
        while token := self.take(*_LEVELS[level]):
            count += 1
            if level == 2 and count > 1:
                raise ExprError(_("比较不能连写"), token.start)
            right = self.chain(level + 1)
            left = self.made(Binary(left.start, right.end, token.text, left, right))
        return left

    def made(self, node: Expr) -> Expr:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ExprError(_("表达式过大"), node.start)
        return node

    def expression(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExprError(_("表达式嵌套过深"), self.now.start)
        node = self.chain(0)
        self.depth -= 1
        return node

    def unary(self) -> Expr:
        operators = []
        while token := self.take("!", "-"):
            operators.append(token)
            if len(operators) > 4:
                raise ExprError(_("表达式嵌套过深"), token.start)
        node = self.postfix()
        for token in reversed(operators):
            node = self.made(Unary(token.start, node.end, token.text, node))
        return node

    def postfix(self) -> Expr:
        node = self.primary()
        while True:
            if self.take("."):
                node = self.member(node)
            elif self.take("["):
                index = self.expression()
                node = self.made(Index(node.start, self.need("]").end, node, index))
            else:
                return node

    def member(self, of: Expr) -> Expr:
        token = self.now
        if token.kind != "name":
            raise ExprError(_("点号后应为名称"), token.start)
        self.at += 1
        if not self.take("("):
            return self.made(Field(of.start, token.end, of, token.text))
        if token.text in MACROS:
            variable = self.now
            if variable.kind != "name":
                raise ExprError(_("此处应为变量名"), variable.start)
            self.at += 1
            self.need(",")
            body = self.expression()
            end = self.need(")").end
            return self.made(Macro(of.start, end, token.text, of, variable.text, body))
        if token.text not in METHODS:
            raise ExprError(_("不允许的函数 {name}").format(name=token.text), token.start)
        arguments = self.arguments()
        return self.made(
            Call(of.start, self.tokens[self.at - 1].end, token.text, (of, *arguments), True)
        )

    def arguments(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        if not self.take(")"):
            found.append(self.expression())
            while self.take(","):
                found.append(self.expression())
            self.need(")")
        return tuple(found)

    def primary(self) -> Expr:
        token = self.now
        if self.take("("):
            inner = self.expression()
            end = self.need(")").end
            return _respan(inner, token.start, end)
        if self.take("["):
            items: list[Expr] = []
            if not (close := self.take("]")):
                items.append(self.expression())
                while self.take(","):
                    items.append(self.expression())
                close = self.need("]")
            return self.made(Items(token.start, close.end, tuple(items)))
        self.at += 1
        if token.kind == "number":
            is_float = "." in token.text
            number: object = float(token.text) if is_float else int(token.text)
            return self.made(Literal_(token.start, token.end, number, FLOAT if is_float else INT))
        if token.kind == "string":
            text = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), token.text[1:-1])
            return self.made(Literal_(token.start, token.end, text, STRING))
        if token.kind == "name":
            return self.named(token)
        raise ExprError(_("此处应为值"), token.start)

    def named(self, token: _Token) -> Expr:
        if token.text in ("true", "false"):
            return self.made(Literal_(token.start, token.end, token.text == "true", BOOL))
        if self.take("("):
            if token.text not in FUNCTIONS and token.text != "size":
                raise ExprError(_("不允许的函数 {name}").format(name=token.text), token.start)
            arguments = self.arguments()
            end = self.tokens[self.at - 1].end
            return self.made(Call(token.start, end, token.text, arguments, False))
        return self.made(Name(token.start, token.end, token.text))


_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"))


def _respan(node: Expr, start: int, end: int) -> Expr:
    """The same node with its brackets, so that its text can be cut out whole."""
    values = {name: getattr(node, name) for name in type(node).__dataclass_fields__}
    return type(node)(**{**values, "start": start, "end": end})


def parse(source: str) -> Expr:
    """The tree of a clause. Raises ExprError."""
    if len(source) > MAX_LENGTH:
        raise ExprError(_("表达式过长，上限 {n} 字").format(n=MAX_LENGTH), 0)
    parser = _Parser(source, list(_tokens(source)))
    node = parser.expression()
    if parser.now.kind != "end":
        raise ExprError(_("多余的内容 {text}").format(text=parser.now.text), parser.now.start)
    return node


def reads(node: Expr, bound: frozenset[str] = frozenset()) -> Iterator[tuple[str, ...]]:
    """The dotted paths of free names that an expression reads."""
    if isinstance(node, Name):
        if node.name not in bound:
            yield (node.name,)
    elif isinstance(node, Field):
        path = dotted(node)
        if path is None:
            yield from reads(node.of, bound)
        elif path[0] not in bound:
            yield path
    elif isinstance(node, Macro):
        yield from reads(node.of, bound)
        yield from reads(node.body, bound | {node.variable})
    else:
        for child in children(node):
            yield from reads(child, bound)


def dotted(node: Expr) -> tuple[str, ...] | None:
    """a.b.c as ("a", "b", "c"); None for anything else."""
    if isinstance(node, Name):
        return (node.name,)
    if isinstance(node, Field):
        inner = dotted(node.of)
        return (*inner, node.name) if inner else None
    return None


def children(node: Expr) -> tuple[Expr, ...]:
    if isinstance(node, Index):
        return (node.of, node.index)
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Unary):
        return (node.operand,)
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Items):
        return node.items
    if isinstance(node, Field):
        return (node.of,)
    if isinstance(node, Macro):
        return (node.of, node.body)
    return ()
