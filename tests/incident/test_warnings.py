"""Warnings: proposed by the table, confirmed and signed by people, up- and downgraded by linked editions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.incident.conftest import NOW, Drafted
from tlsec.register.refused import Refused

STATES = ("watching", "judging", "to_sign", "signed", "issued", "adjusted", "lifted", "dropped")


def put_into(row: Any, state: str) -> None:
    """Bring a fresh draft into a state by the commands alone."""
    from tlsec.incident import issuing

    if state == "dropped":
        issuing.drop(row.no, "吴景和", NOW, "不必")
        return
    steps = {
        "judging": (), "to_sign": ("conclude",), "signed": ("conclude", "sign"),
        "issued": ("conclude", "sign", "issue"), "lifted": ("conclude", "sign", "issue", "lift"),
        "adjusted": ("conclude", "sign", "issue", "adjust"),
    }.get(state, ())  # fmt: skip
    for step in steps:
        do(step, row.no)
    if state == "adjusted":
        new = row.replaced_by
        issuing.sign(new.no, "吴景和", NOW)
        issuing.issue(new.no, ["市人社局"], "吴景和", NOW)


def do(command: str, no: str) -> Any:
    """A command as it would be given rightly."""
    from tlsec.incident import drafts, issuing

    give = {
        "edit": lambda: issuing.edit(
            no, drafts.read({"title": "改", "category": "漏洞利用", "damage": "grave"}), "王怀瑾", NOW
        ),
        "conclude": lambda: issuing.conclude(no, "黄", "王怀瑾", NOW, "研判"),
        "return": lambda: issuing.give_back(no, "吴景和", NOW, "再写"),
        "sign": lambda: issuing.sign(no, "吴景和", NOW),
        "issue": lambda: issuing.issue(no, ["市人社局"], "吴景和", NOW),
        "drop": lambda: issuing.drop(no, "吴景和", NOW, "不必"),
        "match": lambda: issuing.match(no, "王怀瑾", NOW),
        "adjust": lambda: issuing.adjust(no, "橙", "王怀瑾", NOW, "在野利用"),
        "lift": lambda: issuing.lift(no, "王怀瑾", NOW, "已修复", "吴景和"),
    }  # fmt: skip
    return give[command]()


@pytest.mark.parametrize("state", STATES)
def test_every_command_in_every_state(drafted: Drafted, state: str) -> None:
    from tlsec.incident.models import Warning
    from tlsec.incident.states import WARNING, WarningState

    for command, rule in WARNING.items():
        if rule.machine or command == "judge":
            continue
        row = drafted(damage="" if state == "watching" else "serious")
        put_into(row, state)
        row.refresh_from_db()
        assert row.state == state
        if WarningState(state) in rule.moves:
            do(command, row.no)
            row.refresh_from_db()
            # editing gave a damage, so that what was only watched is judged now
            moved = "judging" if command == "edit" else rule.moves[WarningState(state)]
            assert row.state == moved, (state, command)
        else:
            before = Warning.objects.filter(pk=row.pk).values().get()
            with pytest.raises(Refused, match="现为“"):
                do(command, row.no)
            assert Warning.objects.filter(pk=row.pk).values().get() == before


def test_the_machine_s_command_is_open_to_no_person(django: Path) -> None:
    from tlsec.incident.states import WARNING, allowed

    assert WARNING["replace"].machine
    assert "replace" not in [c.name for c in allowed(WARNING, "issued")]


@pytest.mark.parametrize("command", ["return", "drop", "adjust", "lift"])
def test_what_needs_a_reason(drafted: Drafted, command: str) -> None:
    from tlsec.incident import issuing

    row = drafted()
    put_into(row, "issued" if command in ("adjust", "lift") else "to_sign")
    give: dict[str, Any] = {
        "return": lambda: issuing.give_back(row.no, "吴景和", NOW, " "),
        "drop": lambda: issuing.drop(row.no, "吴景和", NOW, ""),
        "adjust": lambda: issuing.adjust(row.no, "橙", "王怀瑾", NOW, ""),
        "lift": lambda: issuing.lift(row.no, "王怀瑾", NOW, "", "吴景和"),
    }
    with pytest.raises(Refused, match="需要说明"):
        give[command]()


@pytest.mark.parametrize(
    "name", ["王怀瑾", " 王 怀瑾 ", "王怀瑾\u200b", "王　怀瑾", "", "  ", "tlsec", "TLSEC "]
)
def test_nobody_signs_what_they_drafted_and_no_machine_does(drafted: Drafted, name: str) -> None:
    from tlsec.incident import issuing

    row = drafted()
    put_into(row, "to_sign")
    with pytest.raises(Refused):
        issuing.sign(row.no, name, NOW)
    assert issuing.sign(row.no, "吴景和", NOW).signed_by == "吴景和"


def test_lifting_needs_another_person(issued: Drafted) -> None:
    from tlsec.incident import issuing

    row = issued()
    with pytest.raises(Refused, match="另一人"):
        issuing.lift(row.no, "吴景和", NOW, "已修复", "吴 景和")
    assert issuing.lift(row.no, "王怀瑾", NOW, "已修复", "吴景和").ended_by == "吴景和"


def test_the_colour_is_proposed_with_its_rule_and_another_needs_a_reason(drafted: Drafted) -> None:
    from tlsec.incident import issuing

    row = drafted(importance="important")
    assert (row.colour_proposed, row.colour) == ("yellow", "")
    assert "重要" in row.rule and any("待核" in mark for mark in row.marks)
    with pytest.raises(Refused, match="建议为黄，定为红需要说明"):
        issuing.conclude(row.no, "红", "王怀瑾", NOW)
    assert issuing.conclude(row.no, "", "王怀瑾", NOW).colour == "yellow"


def test_below_blue_is_not_issued(drafted: Drafted) -> None:
    from tlsec.incident import issuing

    row = drafted(damage="none")
    assert row.colour_proposed == "none"
    with pytest.raises(Refused, match="不发布"):
        issuing.conclude(row.no, "", "王怀瑾", NOW)
    with pytest.raises(Refused, match="没有预警级别"):
        issuing.conclude(row.no, "紫", "王怀瑾", NOW, "x")
    assert issuing.drop(row.no, "王怀瑾", NOW, "低于蓝色").ended_why == "低于蓝色"


def test_all_required_times_are_kept(issued: Drafted) -> None:
    row = issued(discovered=NOW - timedelta(hours=2))
    assert row.discovered == NOW - timedelta(hours=2)
    assert [row.concluded, row.signed, row.issued] == [NOW] * 3
    assert row.number == "2026-黄-001"


def test_an_upgrade_is_a_linked_edition_that_takes_over_when_it_is_issued(issued: Drafted) -> None:
    from tlsec.incident import issuing, receipts

    old = issued()
    receipts.command(old.no, "市人社局", "sign", "秦北辰", NOW)
    receipts.command(
        old.no, "市人社局", "done", "秦北辰", NOW, receipts.Answer("none"), reason="没有使用"
    )
    new = issuing.adjust(old.no, "橙", "王怀瑾", NOW, "已出现在野利用")
    assert (new.replaces_id, new.edition, new.state, new.colour) == (old.pk, 2, "to_sign", "orange")
    old.refresh_from_db()
    assert old.state == "issued"  # in force until the new one is
    with pytest.raises(Refused, match="调整稿"):
        issuing.adjust(old.no, "红", "王怀瑾", NOW, "再升")
    with pytest.raises(Refused, match="调整稿"):
        issuing.lift(old.no, "王怀瑾", NOW, "x", "吴景和")
    with pytest.raises(Refused, match="另一人签发"):
        issuing.sign(new.no, "王怀瑾", NOW)
    issuing.sign(new.no, "吴景和", NOW)
    new = issuing.issue(new.no, ["市公积金中心"], "吴景和", NOW)
    old.refresh_from_db()
    assert (old.state, old.ended) == ("adjusted", NOW)
    assert new.number in old.ended_why
    states = dict(old.receipts.values_list("unit", "state"))
    assert sorted(states.values()) == ["done", "replaced", "replaced"]
    # whoever had the old one gets the new one too
    assert set(states) < set(new.receipts.values_list("unit", flat=True))


def test_a_dropped_adjustment_leaves_the_old_one_in_force_and_another_can_follow(
    issued: Drafted,
) -> None:
    from tlsec.incident import issuing

    old = issued()
    first = issuing.adjust(old.no, "蓝", "王怀瑾", NOW, "威胁下降")
    issuing.drop(first.no, "吴景和", NOW, "尚早")
    second = issuing.adjust(old.no, "橙", "王怀瑾", NOW, "反而上升")
    old.refresh_from_db()
    assert old.state == "issued"
    assert old.replaced_by == second
    with pytest.raises(Refused, match="级别没有变"):
        issuing.adjust(second.no, "橙", "王怀瑾", NOW, "x") if put_on(second.no) else None


def put_on(no: str) -> bool:
    from tlsec.incident import issuing

    issuing.sign(no, "吴景和", NOW)
    issuing.issue(no, ["市人社局"], "吴景和", NOW)
    return True


def test_a_stale_version_is_refused(drafted: Drafted) -> None:
    from tlsec.incident import issuing

    row = drafted()
    issuing.match(row.no, "别人", NOW)
    with pytest.raises(Refused, match="已被他人更新"):
        issuing.conclude(row.no, "", "王怀瑾", NOW, version=row.version)


def test_numbers_go_on_over_colours_and_begin_anew_with_the_year(issued: Drafted) -> None:
    from datetime import UTC, datetime

    from tlsec.incident import keeping

    assert [issued().number, issued().number] == ["2026-黄-001", "2026-黄-002"]
    late = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # 2027 in Asia/Shanghai
    assert keeping.number("YB", late)[1] == "YB-2027-0001"


def test_a_drill_has_its_own_numbers(issued: Drafted) -> None:
    real, drill = issued(), issued(drill=True)
    assert (drill.no, drill.number) == ("演YB-2026-0001", "演2026-黄-001")
    assert real.no == "YB-2026-0001"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"category": "高危"}, "没有事件类别"),
        ({"damage": "huge"}, "没有损害程度"),
        ({"products": ["<1.0"]}, "产品名"),
        ({"zones": ["Z99"]}, "没有区域"),
        ({"until": "2026-11-01"}, "有效期"),
        ({"discovered": "2027-01-01"}, "还没有到"),
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"source": "朋友圈"}, "source"),
        ({"threat": "a\x00b"}, "NUL"),
        ({"attachments": ["/no/such/file"]}, "没有这个文件"),
        ({"attachments": ["/dev/zero"]}, "普通文件"),
    ],
)
def test_faulty_drafts_leave_nothing(drafted: Drafted, values: dict[str, Any], said: str) -> None:
    from tlsec.incident.models import Warning
    from tlsec.register.models import Journal

    with pytest.raises(Refused, match=said):
        drafted(**values)
    assert not Warning.objects.exists()
    assert not Journal.objects.filter(command__startswith="warning.").exists()


def test_hostile_text_stays_text(issued: Drafted) -> None:
    hostile = "=cmd|'/c calc'!A1 {title} %s \u202e倒 <script>alert(1)</script> \x07'; DROP TABLE"
    row = issued(title=hostile[:150], threat=hostile, measures=hostile, feedback=hostile)
    row.refresh_from_db()
    assert row.threat == hostile


def test_an_edited_row_is_found(issued: Drafted) -> None:
    from tlsec.incident.models import Warning
    from tlsec.register import journal

    row = issued()
    Warning.objects.filter(pk=row.pk).update(colour="blue")
    assert any("warning:" in each.what for each in journal.verify())
    Warning.objects.filter(pk=row.pk).update(colour="yellow")
