"""What of a page changes by itself is learnt away; what somebody changed is not."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.scan import noise
from tlsec.scan.noise import Learnt, Limits
from tlsec.wire.page import read_page

LIMITS = Limits(visits=6, turns=2, share=0.3, growth=3.0)
ROTATING = [
    "防汛提示：请远离河道",
    "招标公告：绿化养护",
    "办事提示：社保补缴",
    "旅游推介：湖滨步道",
]


def page(turn: int, notice: str = "", extra: str = "", head: str = "") -> dict[str, Any]:
    """A portal with a greeting by time of day, a rotating notice, a news list and fixed blocks."""
    rest = "".join(
        f"<section id=s{i}><h2>栏目{i}</h2><p>固定内容{i}</p></section>" for i in range(12)
    )
    html = f"""<html><head><title>岩泽市门户</title>{head}</head><body>
      <p class="greeting">{["早上好", "中午好", "晚上好"][turn % 3]}</p>
      <div id="rotate"><a href="/n/{turn}">{notice or ROTATING[turn % len(ROTATING)]}</a></div>
      <ul class="news"><li>要闻甲</li><li>要闻乙</li></ul>{rest}{extra}</body></html>"""
    found = read_page(html, "https://www.lanze.test/", ("lanze.test",))
    names = ("url", "host", "text", "hidden", "foreign")
    return {
        "page": {
            "status": 200, "title": found.title, "text_hash": found.text_hash,
            "dom_hash": found.dom_hash, "parts": [str(p) for p in found.parts],
            "scripts": found.scripts, "resources": [],
            "links": [dict(zip(names, link, strict=True)) for link in found.links],
        }
    }  # fmt: skip


@pytest.fixture
def learnt() -> Learnt:
    made = Learnt()
    for turn in range(1, LIMITS.visits + 1):
        assert noise.learn(made, page(0), page(turn), LIMITS)
    return made


def same(learnt: Learnt, facts: dict[str, Any]) -> bool:
    return noise.only_noise(learnt, page(0), facts, LIMITS)


def test_greeting_and_rotating_notice_are_learnt(learnt: Learnt) -> None:
    assert learnt.seen == {} and len(learnt.noise) == 2
    for turn in range(20, 40):
        assert same(learnt, page(turn)) or page(turn)["page"]["parts"] == page(0)["page"]["parts"]


@pytest.mark.parametrize(
    "changed",
    [
        page(3, extra="<p>本站已被接管</p>"),
        page(3, head="<script src=/stat.js></script>"),
        page(3, head="<script>document.write(unescape('%3C'))</script>"),
        page(3, notice="很长的替换文字" * 40),
        page(3, notice="<b>好</b></a><a href='http://evil.test/'>开奖"),
    ],
    ids=["line", "script", "inline", "grown", "stranger"],
)
def test_what_somebody_changed_is_never_noise(learnt: Learnt, changed: dict[str, Any]) -> None:
    assert not same(learnt, changed)


def test_a_change_that_stays_is_no_noise() -> None:
    made = Learnt()
    for turn in range(1, LIMITS.visits + 1):
        extra = "<p id=new>新增一段</p>" if turn > 2 else ""
        noise.learn(made, page(0), page(turn, extra=extra), LIMITS)
    assert not same(made, page(9, extra="<p id=new>新增一段</p>"))
    assert same(made, page(9))


def test_a_list_whose_length_changes_is_learnt_with_its_items() -> None:
    def listed(n: int) -> dict[str, Any]:
        items = "".join(f"<li>第{chr(0x4E00 + n * 7 + i)}条</li>" for i in range(3 + n % 3))
        return page(0, extra=f"<ol class=latest>{items}</ol>")

    made, first = Learnt(), listed(0)
    for n in range(1, LIMITS.visits + 1):
        assert noise.learn(made, first, listed(n), LIMITS)
    assert noise.only_noise(made, first, listed(40), LIMITS)
    intruder = page(0, extra="<ol class=latest><li>甲</li></ol><p>接管</p>")
    assert not noise.only_noise(made, first, intruder, LIMITS)


def test_a_large_change_while_learning_is_told_at_once() -> None:
    made = Learnt()
    other = {"page": {**page(1)["page"], "title": "Hacked"}}
    assert not noise.learn(made, page(0), other, LIMITS)
    assert made.visits == 0 and not same(made, other)


def test_a_token_in_inline_code_is_the_same_script() -> None:
    one = page(0, head="<script>var t='a1b2', n=17;</script>")["page"]["scripts"]
    two = page(0, head="<script>var t='zz99', n=18;</script>")["page"]["scripts"]
    assert one == two and len(one) == 1


@given(st.integers(0, 10_000))
def test_an_inserted_line_is_seen_wherever_it_stands(seed: int) -> None:
    made = Learnt()
    for turn in range(1, LIMITS.visits + 1):
        noise.learn(made, page(0), page(turn), LIMITS)
    chosen = random.Random(seed).randrange(12)
    facts = page(seed, extra="")
    parts = [
        p.replace(p.split(":")[0], "0" * 12, 1) if p.endswith(f"#s{chosen}/p") else p
        for p in facts["page"]["parts"]
    ]
    facts["page"]["parts"] = parts
    assert not same(made, facts)


def test_a_baseline_learns_over_visits_and_keeps_what_it_learnt(tables: Path) -> None:
    """As the judging asks for it: a row of the table, anew at each visit."""
    from datetime import UTC, datetime

    from tlsec.scan import baselines
    from tlsec.scan.models import Baseline

    Baseline.objects.create(
        probe="http.page", locator_key="x", facts=page(0), taken=datetime.now(UTC)
    )

    def compared(facts: dict[str, Any], limits: Limits | None = LIMITS) -> Any:
        row = Baseline.objects.get()
        return baselines.compared(row, facts, limits, learning=True)["page"]

    for turn in range(1, LIMITS.visits + 1):
        assert compared(page(turn))["text_hash"] == page(turn)["page"]["text_hash"]
    row = Baseline.objects.get()
    assert (row.visits, len(row.noise), row.seen) == (LIMITS.visits, 2, {})
    # a plan or a retest, which do not learn, go by what was learnt
    assert compared(page(30), None)["text_hash"] == page(30)["page"]["text_hash"]
    swapped = page(30, extra="<p>本站已被接管</p>")
    assert compared(swapped, None)["text_hash"] == page(0)["page"]["text_hash"]
