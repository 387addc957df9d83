"""The expression subset: what parses, what types, and that nothing but ExprError ever comes out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.conftest import ThingFacts
from tlsec.policy import expr, schema, typing
from tlsec.policy.schema import BOOL, INT, STRING, ListOf, Record

FACTS = schema.of(ThingFacts)
assert isinstance(FACTS, Record)
NAMES = {**FACTS.fields, "params": Record({"most": INT, "words": ListOf(STRING)})}

WORDS = st.sampled_from(
    [
        *("thing", "count", "state", "ok", "names", "parts", "params", "most", "words", "p", "n"),
        *(
            "all",
            "exists",
            "filter",
            "map",
            "size",
            "has",
            "matches",
            "contains",
            "daysSince",
            "inCidr",
        ),
        *(".", "(", ")", "[", "]", ",", "!", "&&", "||", "==", "!=", "<", "<=", "in", "+", "-"),
        *("1", "2.5", '"on"', '"zz"', "'q'", "true", "false", "null"),
        *("?", ":", "{", "}", "\\", "#", "\0", "中"),
    ]
)


@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=30).map(" ".join)))
@settings(max_examples=600, deadline=None)
def test_garbage_raises_only_expr_error(text: str) -> None:
    try:
        typing.check(expr.parse(text), NAMES)
    except expr.ExprError as error:
        assert 0 <= error.at <= len(text)
        assert str(error)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200 + "true" + ")" * 200,
        "!" * 200 + "true",
        "thing.names" + "[0" * 100,
        " && ".join(["true"] * 500),
        "-" * 3000 + "1",
        "[" * 100,
        "thing.names.all(x, " * 60,
    ],
)
def test_size_and_depth_are_capped(text: str) -> None:
    with pytest.raises(expr.ExprError):
        typing.check(expr.parse(text), NAMES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("has(thing.count)", "has"),
        ('thing.label.matches("a+")', "matches"),
        ("thing.cuont > 1", "cuont"),
        ("thang.count > 1", "thang"),
        ('thing.state == "onn"', "on、off"),
        ('thing.state in ["on", "of"]', "on、off"),
        ('thing.count == "1"', "int"),
        ("thing.count + 1", ""),
        ("thing.ok && thing.count", "int"),
        ("thing.names.all(n, n)", "真假"),
        ("thing.parts.all(thing, thing.bad)", "thing"),
        ("thing.parts.all(p, p.worse)", "worse"),
        ("thing.count.all(c, true)", "all"),
        ("thing.parts == thing.parts", "record"),
        ("1 < 2 < 3", "连写"),
        ("true ? false : true", "?"),
        ("thing.count * 2 > 1", "*"),
        ('thing.names[thing.label] == ""', "整数"),
        ("daysSince(thing.label) > 1", "daysSince"),
        ("!thing.count", "!"),
        ("-thing.ok", "-"),
        ("thing.ok == null", "null"),
        ("thing.names == []", "空"),
    ],
)
def test_what_is_left_out_does_not_load(text: str, says: str) -> None:
    with pytest.raises(expr.ExprError) as caught:
        if typing.check(expr.parse(text), NAMES) is not BOOL:
            raise expr.ExprError("", 0)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "thing.ok",
        '!(thing.ok || thing.count > 1 && thing.state == "on")',
        'thing.names.filter(n, n != "").all(n, n.startsWith("a"))',
        "thing.parts.map(p, p.name).exists(n, n in params.words)",
        "size(thing.names) - 1 >= -thing.count",
        "daysSince(thing.since) <= params.most",
        'thing.names[0].contains("\\"")',
        'inCidr(thing.label, ["192.0.2.0/24"])',
        "thing.names.all(n, thing.parts.exists(p, p.name == n))",
    ],
)
def test_what_is_kept_loads(text: str) -> None:
    assert typing.check(expr.parse(text), NAMES) is BOOL


def test_reads_names_the_facts_and_not_the_variables() -> None:
    tree = expr.parse("thing.parts.all(p, p.bad || p.name in params.words) && thing.ok")
    assert list(expr.reads(tree)) == [("thing", "parts"), ("params", "words"), ("thing", "ok")]
