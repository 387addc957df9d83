"""The whole table: every pair of state and command, every guard, and that nothing closes without proof."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.register.working import (
    DAY,
    NOW,
    a_file,
    an_entry,
    an_item,
    breaks,
    give,
    prove,
    taken_to,
    usual,
)
from tlsec.register.transitions import COMMANDS, FINAL, OPEN, STATE_NAMES, State

if TYPE_CHECKING:
    from tlsec.register.models import RiskItem

PAIRS = [(state, name) for state in State for name in COMMANDS]


def test_every_state_has_a_name_and_a_way_out_that_a_person_or_the_machine_can_take() -> None:
    assert set(STATE_NAMES) == set(State) == {*OPEN, *FINAL}
    for state in State:
        assert [c for c in COMMANDS.values() if state in c.source and c.moves[state] != state] or (
            state is State.MERGED  # out by unmerge, to where it was
        )


@pytest.mark.parametrize("state", list(State))
def test_all_pairs_of_state_and_command(tables: Path, state: State) -> None:
    from tlsec.register import items

    for command in COMMANDS.values():
        hand = command.name in ("pass-by-hand", "fail-by-hand")
        if hand and state is State.FIX_CLAIMED:
            continue  # only where there is no check: the test after the next
        item = taken_to(state, an_item(port=1 + list(COMMANDS).index(command.name)))
        if command.name == "retest-passed":
            prove(item)
        if state not in command.source:
            with pytest.raises(items.Refused, match="现为"):
                items.command(
                    item.no, command.name, "甲", NOW, "说明", approver="乙", machine=True,
                    params=usual(item, command.name, NOW),
                )  # fmt: skip
            before = item.version
            item.refresh_from_db()
            assert (item.state, item.version) == (state, before)
            continue
        after = give(item, command.name).state
        expected = State.NEW if command.name == "unmerge" else command.moves[state]
        assert after == expected, command.name
    assert breaks() == []


def test_commands_of_the_machine_are_refused_to_people(tables: Path) -> None:
    from tlsec.register import items

    for n, (state, name) in enumerate(PAIRS):
        command = COMMANDS[name]
        if command.machine and state in command.source:
            item = taken_to(state, an_item(port=n + 1))
            with pytest.raises(items.Refused, match="只能由"):
                items.command(item.no, name, "甲", NOW, "已修好")
            item.refresh_from_db()
            assert item.state == state


@pytest.mark.parametrize("make", [an_item, an_entry])
def test_closing_without_proof_is_impossible_by_any_command(
    tables: Path, make: Callable[..., RiskItem]
) -> None:
    """Every state, every command, by a person and by the machine, with a reason and a second person."""
    from django.db import transaction

    from tlsec.register import items

    for state in State:
        if state is State.CLOSED:
            continue
        item = taken_to(state, make() if make is an_entry else make(check=f"x.{state}"))
        for name in COMMANDS:
            params = usual(item, name, NOW) if name != "attach" else {}
            for machine in (False, True):
                with contextlib.suppress(items.Refused), transaction.atomic():
                    items.command(
                        item.no,
                        name,
                        "丙",
                        NOW,
                        "已修好",
                        approver="丁",
                        machine=machine,
                        params=params,
                    )
                    item.refresh_from_db()
                    assert item.state != State.CLOSED, (state, name, machine)
                    transaction.set_rollback(True)


def test_the_retest_needs_its_record_with_enough_passes_since_the_claim(tables: Path) -> None:
    from tlsec.register import items

    item = an_item()
    prove(item, NOW)  # of an earlier time
    for name in ("confirm", "dispatch", "sign", "claim-fixed", "retest"):
        give(item, name, NOW + DAY)
    prove(item, NOW + DAY, passes=1)
    with pytest.raises(items.Refused, match="连续 2 次"):
        give(item, "retest-passed", NOW + DAY)
    prove(item, NOW + DAY)
    assert give(item, "retest-passed", NOW + DAY).state == State.CLOSED


def test_by_hand_needs_another_person_a_file_and_no_check(tables: Path) -> None:
    from tlsec.register import items

    probed = taken_to(State.FIX_CLAIMED, an_item())
    give(probed, "attach")
    with pytest.raises(items.Refused, match="register close"):
        give(probed, "pass-by-hand", actor="丙")
    item = taken_to(State.FIX_CLAIMED, an_entry())
    assert item.fixer == "甲"
    with pytest.raises(items.Refused, match="没有整改证据"):
        give(item, "pass-by-hand", actor="丙")
    prove(item)  # a machine's record is no file of a person
    with pytest.raises(items.Refused, match="没有整改证据"):
        give(item, "pass-by-hand", actor="丙")
    give(item, "attach")
    for same in ("甲", " 甲 "):
        with pytest.raises(items.Refused, match="另一人复测"):
            give(item, "pass-by-hand", actor=same)
    assert give(item, "fail-by-hand", actor="丙").state == State.FIXING
    give(item, "claim-fixed")
    closed = give(item, "pass-by-hand", actor="丙")
    assert (closed.state, closed.retested_by, closed.closure_reason) == (
        State.CLOSED,
        "丙",
        "fixed",
    )
    assert breaks() == []


def test_reasons_values_and_second_persons_are_asked_for(tables: Path) -> None:
    from tlsec.register import items

    item = taken_to(State.CONFIRMED, an_item())
    for name, command in COMMANDS.items():
        if State.CONFIRMED not in command.source or command.machine:
            continue
        good = usual(item, name, NOW)
        if command.needs_reason:
            with pytest.raises(items.Refused, match="--reason"):
                items.command(item.no, name, "甲", NOW, " ", params=good, approver="乙")
        for value in command.asks:
            without = {key: v for key, v in good.items() if key != value}
            with pytest.raises(items.Refused, match=f"--{value}"):
                items.command(item.no, name, "甲", NOW, "说明", params=without, approver="乙")
        with pytest.raises(items.Refused, match="用不到 --nonsense"):
            items.command(item.no, name, "甲", NOW, "说明", params={**good, "nonsense": 1})
    for name in ("waive", "mitigate", "extend", "lower"):
        good = usual(item, name, NOW)
        with pytest.raises(items.NeedsSecond):
            items.command(item.no, name, "甲", NOW, "说明", params=good)
        with pytest.raises(items.Refused, match="另一人"):
            items.command(item.no, name, "甲", NOW, "说明", params=good, approver=" 甲")
    low = taken_to(State.CONFIRMED, an_item("medium", port=2))
    assert (
        items.command(low.no, "lower", "甲", NOW, "影响小", params={"severity": "low"}).severity
        == "low"
    )


def test_severity_goes_up_by_up_and_down_by_down(tables: Path) -> None:
    from tlsec.register import items

    item = an_item("medium")
    for name, to in (("raise", "low"), ("raise", "medium"), ("lower", "high"), ("lower", "worst")):
        with pytest.raises(items.Refused):
            give(item, name, params={"severity": to})
    after = items.command(item.no, "raise", "甲", NOW, params={"severity": "critical"})
    assert (after.machine_severity, after.severity, after.asset_weight) == ("medium", "critical", 1)


@pytest.mark.parametrize(
    ("name", "severity", "days"),
    [
        ("waive", "high", 30),
        ("waive", "medium", 90),
        ("waive", "low", 180),
        ("mitigate", "high", 30),
    ],
)
def test_an_exception_ends_within_the_days_of_its_severity(
    tables: Path, name: str, severity: str, days: int
) -> None:
    from tlsec.register import items

    item = taken_to(State.CONFIRMED, an_item(severity))
    for wrong in (NOW, NOW - DAY, NOW + days * DAY + timedelta(seconds=1)):
        with pytest.raises(items.Refused):
            give(item, name, params={"until": wrong})
    naive = (NOW + DAY).replace(tzinfo=None)
    with pytest.raises(items.Refused, match="时区"):
        give(item, name, params={"until": naive})
    give(item, name, params={"until": NOW + days * DAY})


def test_a_merge_is_a_link_that_can_be_undone(tables: Path) -> None:
    from tlsec.register import items, merging
    from tlsec.register.models import Alert, RiskItem

    one, two = taken_to(State.FIXING, an_item()), an_item(port=444)
    alerts, rows = Alert.objects.count(), RiskItem.objects.count()
    give(one, "merge", params={"into": two.no})
    one.refresh_from_db()
    assert (one.state, one.merged_into, one.before_merge) == (State.MERGED, two.no, State.FIXING)
    assert (Alert.objects.count(), RiskItem.objects.count()) == (alerts, rows)
    assert merging.heads(two).count() == 2  # both have to pass
    assert merging.survivor(one).no == two.no
    third = an_item(port=445)
    for source, into, why in (
        (two, one, "不能并入"), (two, two, "自己"), (two, third, "已有事项并入"), (third, one, "不能并入"),
    ):  # fmt: skip
        with pytest.raises(items.Refused, match=why):
            give(source, "merge", params={"into": into.no})
    give(one, "unmerge", NOW + DAY)
    one.refresh_from_db()
    assert (one.state, one.merged_into, one.closed) == (State.FIXING, "", None)
    assert breaks() == []


def test_the_one_that_stands_for_others_comes_back_for_them(tables: Path) -> None:
    from tests.register.test_transitions import fire
    from tlsec.register.models import Alert

    one, two = an_item(port=443), an_item(port=444)
    give(one, "merge", params={"into": two.no})
    taken_to(State.CLOSED, two)
    assert not Alert.objects.filter(open=True).exists()
    fire(run=5, now=NOW + DAY, locator={"address": "203.0.113.14", "port": 443})
    two.refresh_from_db()
    assert (two.state, two.reopened) == (State.NEW, 1)


def test_practice_and_reality_do_not_mix(tables: Path) -> None:
    from tlsec.register import items

    real, drill = an_entry(), an_entry(drill=True)
    assert drill.no.startswith("演YJ-") and not real.no.startswith("演")
    with pytest.raises(items.Refused, match="演练"):
        give(drill, "merge", params={"into": real.no})


def test_a_loser_is_told_who_did_what(tables: Path) -> None:
    from tlsec.register import items

    item = an_item("medium")
    items.command(item.no, "confirm", "王五", NOW, version=1)
    items.command(item.no, "raise", "赵六", NOW + timedelta(minutes=5), params={"severity": "high"})
    with pytest.raises(items.Refused) as stale:
        items.command(item.no, "dispatch", "李四", NOW + DAY, version=1)
    said = str(stale.value)
    assert "已被他人更新" in said and "赵六" in said and "2026-11-24 12:05" in said
    assert (
        "调高等级" in said and "新增 → 已确认" in said and "中 → 高" in said and "第 3 版" in said
    )
    with pytest.raises(items.Refused, match="赵六"):
        items.command(item.no, "confirm", "李四", NOW + DAY)
    with pytest.raises(items.Refused, match="没有第 9 版"):
        items.command(item.no, "dispatch", "李四", NOW + DAY, version=9)


def test_words_and_files_are_kept_and_change_nothing_else(tables: Path) -> None:
    from tlsec.register import evidence, items
    from tlsec.register.models_handling import Comment, EvidenceFile

    item = an_item()
    for state in (State.NEW, State.CLOSED):
        taken_to(state, item)
        before = item.version
        give(item, "comment", reason="电话已通知")
        give(item, "attach", params={"file": a_file(f"照片{state}"), "kind": "screenshot"})
        item.refresh_from_db()
        assert (item.state, item.version) == (state, before)
    assert Comment.objects.count() == 2
    kept = EvidenceFile.objects.filter(kind="screenshot")
    assert kept.count() == 2 and all(evidence.store().intact(row.sha256) for row in kept)
    for bad in ({"file": Path("/无此文件")}, {"file": a_file(), "kind": "retest"}):
        with pytest.raises(items.Refused):
            give(item, "attach", params=bad)
    assert list(evidence.verify(evidence.store())) == []
    path = evidence.store().path(kept[0].sha256)
    path.chmod(0o600)
    path.write_text("后来改了", encoding="utf-8")
    assert [d.what for d in evidence.verify(evidence.store())] == ["altered"]
    path.unlink()
    assert [d.what for d in evidence.verify(evidence.store())] == ["missing"]
    assert breaks() == []


EDITS = {
    "Comment": {"text": "改了"},
    "EvidenceFile": {"sha256": "0" * 64},
    "ItemWaiver": {"until": NOW + 300 * DAY},
    "Mitigation": {"approved_by": "戊"},
    "VerdictMemory": {"until": NOW + 3000 * DAY},
    "ClockSegment": {"left": 10**15},
    "RiskItem": {"due": NOW + 300 * DAY},
}


@pytest.mark.parametrize("table", sorted(EDITS))
def test_an_edited_row_beside_the_ledger_is_found(tables: Path, table: str) -> None:
    from django.apps import apps

    one = an_item()
    give(one, "comment")
    give(one, "attach")
    taken_to(State.MITIGATED, one)
    taken_to(State.WAIVED, an_item(port=2))
    taken_to(State.FALSE_POSITIVE, an_item(port=3))
    assert breaks() == []
    model = apps.get_model("register", table)
    first = model._default_manager.order_by("pk").first()
    assert first is not None
    model._default_manager.filter(pk=first.pk).update(**EDITS[table])
    assert len(breaks()) == 1
    if table in ("Comment", "EvidenceFile"):
        key = first.pk
        first.delete()
        first.pk = key
        assert any("已不在库中" in what for what in breaks())
        first.save(force_insert=True)
        assert breaks() == []
        first.pk = None
        first.save(force_insert=True)
        assert any("没有任何记录" in what for what in breaks())
