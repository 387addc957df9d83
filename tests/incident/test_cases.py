"""Cases: what may be one, who sets its level, which clocks run, when it may be closed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.incident.conftest import NOW, item_of
from tlsec.register.refused import Refused

STATES = ("judging", "handling", "handled", "closed", "dismissed")
LATER = NOW + timedelta(hours=1)


def opened(*names: str, **about: Any) -> Any:
    from tlsec.incident import cases, origins

    about = ({} if names else {"category": "网页篡改"}) | about
    return cases.open_case(origins.find(names), cases.Opening(**about), "王怀瑾", NOW)


def put_into(row: Any, state: str) -> None:
    from tlsec.incident import cases

    if state == "dismissed":
        cases.dismiss(row.no, "王怀瑾", NOW, "是经批准的改版")
    if state in ("handling", "handled", "closed"):
        cases.level(row.no, "一般", "李明澈", NOW, "没有数值线可比")
    if state in ("handled", "closed"):
        cases.handled(row.no, "王怀瑾", NOW)
    if state == "closed":
        cases.close(row.no, "王怀瑾", NOW)


def do(command: str, no: str, tmp_path: Path) -> Any:
    from tlsec.incident import cases, reports, transfers

    file = tmp_path / "a.log"
    file.write_text("x")
    handed = transfers.Handed("网安支队", "非法侵入", "首页被替换", approved_by="吴景和")

    def transfer() -> Any:
        from tlsec.incident.models import CaseEvidence

        if not CaseEvidence.objects.filter(case__no=no).exists():
            cases.attach(no, file, "王怀瑾", NOW, None)
        return transfers.make(no, handed, "王怀瑾", NOW)

    give = {
        "edit": lambda: cases.edit(no, "王怀瑾", NOW, {"home": 5}),
        "link": lambda: cases.link(no, [], "王怀瑾", NOW),
        "classify": lambda: cases.classify(no, "暗链植入", "王怀瑾", NOW, "查明"),
        "level": lambda: cases.level(no, "较大", "李明澈", NOW, "影响大"),
        "attach": lambda: cases.attach(no, file, "王怀瑾", NOW, None),
        "tell": lambda: reports.told(no, ["verbal"], "王怀瑾", NOW),
        "report": lambda: reports.write(no, "first", {}, "王怀瑾", NOW),
        "transfer": transfer,
        "handled": lambda: cases.handled(no, "王怀瑾", NOW),
        "resume": lambda: cases.resume(no, "王怀瑾", NOW, "又被改"),
        "close": lambda: cases.close(no, "王怀瑾", NOW),
        "dismiss": lambda: cases.dismiss(no, "王怀瑾", NOW, "不是"),
    }
    return give[command]()


@pytest.mark.parametrize("state", STATES)
def test_every_command_in_every_state(city: Path, tmp_path: Path, state: str) -> None:
    from tlsec.incident.models import Case
    from tlsec.incident.states import CASE, CaseState

    for command, rule in CASE.items():
        row = opened()
        put_into(row, state)
        row.refresh_from_db()
        assert row.state == state
        if CaseState(state) in rule.moves:
            do(command, row.no, tmp_path)
            row.refresh_from_db()
            assert row.state == rule.moves[CaseState(state)], (state, command)
        else:
            before = Case.objects.filter(pk=row.pk).values().get()
            with pytest.raises(Refused, match="现为“"):
                do(command, row.no, tmp_path)
            assert Case.objects.filter(pk=row.pk).values().get() == before


def test_a_hazard_is_no_incident(city: Path) -> None:
    from tlsec.incident.models import Case

    item = item_of("tls.cert-days", "A-S14")
    with pytest.raises(Refused, match="是隐患，不是事件"):
        opened(item.no)
    with pytest.raises(Refused, match="是隐患，不是事件"):
        opened(item.no, category="安全隐患/网络漏洞", reason="x")
    with pytest.raises(Refused, match="需要说明依据"):
        opened(item.no, category="漏洞利用")
    assert not Case.objects.exists()
    row = opened(item.no, category="漏洞利用", reason="日志中有利用成功的记录")
    assert (row.category, row.category_reason) == ("attack/漏洞利用", "日志中有利用成功的记录")


def test_the_item_stays_and_names_its_case(city: Path) -> None:
    item = item_of(minutes=30)
    row = opened(item.no)
    item.refresh_from_db()
    assert (item.case, item.state) == (row.no, "new")
    assert (row.items, row.unit, row.system_id) == ([item.no], item.unit, "S27")
    assert row.title == "望川县政府网站网页篡改"
    with pytest.raises(Refused, match="已列入事件"):
        opened(item.no)


def test_both_discoveries_are_kept_and_the_clock_runs_from_the_machine_s(city: Path) -> None:
    from tlsec.incident import cases

    row = opened(item_of(minutes=90).no, found=NOW - timedelta(minutes=10))
    assert row.found_machine == NOW - timedelta(minutes=90)
    assert row.found_person == NOW - timedelta(minutes=10)
    province = next(c for c in cases.clocks(row, NOW) if c.id == "province")
    assert province.due == NOW - timedelta(minutes=90) + timedelta(hours=4)
    assert province.due_by_person == NOW - timedelta(minutes=10) + timedelta(hours=4)


@pytest.mark.parametrize(("operator", "hours"), [("cii", {1}), ("central", {2}), ("other", {4})])
@pytest.mark.parametrize("level", ["较大", "重大", "特别重大"])
def test_hours_follow_the_operator_at_every_level(
    city: Path, operator: str, hours: set[int], level: str
) -> None:
    from tlsec.incident import cases

    row = cases.level(opened(operator=operator).no, level, "李明澈", NOW, "研判")
    limits = {
        c.limit.total_seconds() / 3600
        for c in cases.clocks(row, NOW)
        if c.statutory and c.id != "summary" and c.limit
    }
    assert limits == hours


def test_the_level_is_proposed_and_a_named_person_sets_it(city: Path) -> None:
    from tlsec.incident import cases

    row = opened()
    row = cases.edit(row.no, "王怀瑾", NOW, {"home": 45})
    assert (row.level_proposed, row.level) == ("larger", "")
    assert any("征求意见稿" in mark for mark in row.level_marks)
    for name in ("", "tlsec"):
        with pytest.raises(Refused, match="具名"):
            cases.level(row.no, "较大", name, NOW)
    with pytest.raises(Refused, match="建议级别为较大，定为重大需要说明"):
        cases.level(row.no, "重大", "李明澈", NOW)
    row = cases.level(row.no, "较大", "李明澈", NOW, response="Ⅳ")
    assert (row.level, row.level_by, row.level_at, row.response) == ("larger", "李明澈", NOW, "Ⅳ")
    with pytest.raises(Refused, match="需要说明"):
        cases.level(row.no, "一般", "李明澈", NOW)


def spell(since_minutes: int, **about: Any) -> None:
    from tlsec.watch.models import Spell

    place = {"address": "198.51.100.129", "port": 443, "path": "/"}
    since = NOW - timedelta(minutes=since_minutes)
    Spell.objects.create(
        **{
            "kind": "tamper", "monitor": "m", "check_id": "web.page-change", "subject": "A-S27",
            "locator_key": json.dumps(place), "page": "home", "line": "home", "since": since,
            "confirmed": since,
        }
        | about
    )  # fmt: skip


def test_the_watch_s_clock_gives_the_start_and_the_minutes(city: Path) -> None:
    from tlsec.incident import cases

    item = item_of(minutes=30)
    spell(40)
    spell(999, check_id="web.hidden-link")  # of another trouble
    row = opened(item.no)
    assert row.found_machine == NOW - timedelta(minutes=40)
    assert row.values == {"tamper.home": 40.0}
    assert row.level_proposed == "larger"
    later = cases.level(row.no, "重大", "李明澈", NOW + timedelta(minutes=90))
    assert (later.values, later.level_proposed) == ({"tamper.home": 130.0}, "major")


def test_a_smaller_number_does_not_talk_the_watch_s_clock_down(city: Path) -> None:
    from tlsec.incident import cases

    item = item_of(minutes=30)
    spell(40)
    row = opened(item.no)
    assert cases.edit(row.no, "王怀瑾", NOW, {"home": 10}).level_proposed == "larger"
    assert cases.level(row.no, "一般", "李明澈", NOW, "只对内网可见").level == "general"


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 1e15])
def test_numbers_that_are_none(city: Path, value: float) -> None:
    from tlsec.incident import cases

    with pytest.raises(Refused, match="数值"):
        cases.edit(opened().no, "王怀瑾", NOW, {"home": value})


def test_closing_needs_every_report(city: Path) -> None:
    from tlsec.incident import cases, reports

    row = opened()
    cases.level(row.no, "较大", "李明澈", NOW, "x")
    cases.handled(row.no, "王怀瑾", NOW)
    with pytest.raises(Refused, match="省级网信"):
        cases.close(row.no, "王怀瑾", NOW)
    reports.write(row.no, "first", {}, "王怀瑾", NOW, signer="吴景和")
    reports.told(row.no, ["province"], "王怀瑾", LATER)
    with pytest.raises(Refused, match="总结"):
        cases.close(row.no, "王怀瑾", LATER)
    said = {"cause": "弱口令", "measures": "下线", "harm": "首页被改"}
    reports.write(row.no, "summary", said, "王怀瑾", LATER, signer="吴景和")
    reports.told(row.no, ["summary"], "王怀瑾", LATER)
    assert cases.close(row.no, "王怀瑾", LATER).state == "closed"


def test_linking_an_earlier_alarm_moves_the_start_back(city: Path) -> None:
    from tlsec.incident import cases

    row = opened(item_of(minutes=5).no)
    other = item_of("web.hidden-link", "A-S28", minutes=70)
    row = cases.link(row.no, [other.no], "王怀瑾", NOW)
    assert row.found_machine == NOW - timedelta(minutes=70)
    assert len(row.items) == 2
    other.refresh_from_db()
    assert other.case == row.no


def test_a_dismissed_case_lets_its_items_go_on(city: Path) -> None:
    from tlsec.incident import cases

    item = item_of()
    row = opened(item.no)
    cases.dismiss(row.no, "王怀瑾", NOW, "误报")
    assert {c.state.value for c in cases.clocks(cases.find(row.no), NOW)} == {"not_required"}
    assert opened(item.no).no != row.no


def test_a_drill_s_case_is_marked(city: Path) -> None:
    row = opened(item_of(drill=True).no)
    assert row.drill and row.no == "演SJ-2026-0001"


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"operator": "mine"}, "运营者类别"),
        ({"found": NOW + timedelta(days=1)}, "还没有到"),
        ({"occurred": NOW + timedelta(minutes=1)}, "晚于发现"),
        ({"system": "S99"}, "没有系统"),
        ({"category": ""}, "--class"),
        ({"category": "坏事"}, "没有事件类别"),
    ],
)
def test_openings_that_are_refused(city: Path, about: dict[str, Any], said: str) -> None:
    from tlsec.incident.models import Case

    with pytest.raises(Refused, match=said):
        opened(**about)
    assert not Case.objects.exists()


@pytest.mark.parametrize("name", ["YJ-2026-99999", "f1:", "", "f1:web", "nosuchprint"])
def test_origins_that_are_not_there(city: Path, name: str) -> None:
    item_of()
    with pytest.raises(Refused, match="没有台账项或告警"):
        opened(name)


def test_an_alert_by_the_head_of_its_fingerprint(city: Path) -> None:
    item_of(minutes=12)
    row = opened("web.page-change")
    assert row.alerts == ["f1:web.page-change-A-S27"]
    assert row.unit and row.found_machine == NOW - timedelta(minutes=12)
