"""`tlsec register` as two people use it from their terminals."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.register.working import an_item, breaks, taken_to
from tlsec.register.transitions import State


@pytest.fixture
def run(tables: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Commands in this process, on the session's workspace with its empty tables."""
    from tlsec import cli

    monkeypatch.chdir(tables)
    root = cli._build()

    def call(*words: str, who: str = "王五") -> Result:
        done = CliRunner().invoke(root, ["--as", who, "register", *words], env=dict(os.environ))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return call


def said(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_two_people_on_one_item(run: Any) -> None:
    no = an_item().no
    seen = said(run("list", "--json"))["items"][0]["version"]
    assert run("move", no, "confirm", "--version", str(seen)).exit_code == 0
    late = run("move", no, "false-positive", "--reason", "误报", "--version", str(seen), who="赵六")
    assert late.exit_code == 2
    assert "王五" in late.stderr and "研判确认" in late.stderr and "新增 → 已确认" in late.stderr


def test_a_waiver_is_asked_by_one_and_approved_by_another(run: Any) -> None:
    no = taken_to(State.CONFIRMED, an_item()).no
    asked = said(run("waive", no, "--until", "+20d", "--reason", "下月下线", "--json"))
    assert asked["state"] == "confirmed" and asked["request"]
    number = str(asked["request"])
    assert [r["request"] for r in said(run("requests", "--json"))["requests"]] == [asked["request"]]
    assert run("approve", number).exit_code == 2
    assert run("approve", number, who="周若川").exit_code == 0
    shown = said(run("show", no, "--json"))
    assert shown["state"] == "waived"
    assert {c["state"] for c in shown["clocks"].values()} == {"stopped"}
    assert "周若川" in run("show", no).stdout
    assert run("revoke", no, "--reason", "情况有变").exit_code == 0
    on_paper = run("waive", no, "--until", "+5d", "--reason", "x", "--approved-by", "周若川")
    assert "已接受" in on_paper.stdout and breaks() == []


def test_one_entered_by_hand_is_closed_by_another_with_proof(run: Any, tmp_path: Path) -> None:
    made = said(run("add", "机房未锁", "--severity", "medium", "--unit", "市医保局", "--json"))
    no, proof = made["no"], tmp_path / "照片.txt"
    proof.write_text("锁好了", encoding="utf-8")
    for command in ("confirm", "dispatch", "sign", "claim-fixed"):
        assert run("move", no, command, "--reason", "已上锁").exit_code == 0
    assert "没有整改证据" in run("move", no, "pass-by-hand", "--reason", "看过", who="赵六").stderr
    assert run("attach", no, "--file", str(proof), "--kind", "screenshot").exit_code == 0
    assert run("comment", no, "--reason", "请复查").exit_code == 0
    assert run("move", no, "pass-by-hand", "--reason", "看过").exit_code == 2  # the fixer
    assert run("move", no, "pass-by-hand", "--reason", "看过", who="赵六").exit_code == 0
    shown = said(run("show", no, "--json"))
    assert (shown["state"], shown["evidence"][0]["name"]) == ("closed", "照片.txt")
    assert [c["text"] for c in shown["comments"]] == ["请复查"]


def test_bulk_views_silences_and_merges(run: Any) -> None:
    nos = [an_item(port=n).no for n in (1, 2, 3)]
    assert said(run("bulk", "confirm", "--severity", "high", "--dry-run", "--json"))["items"] == nos
    done = said(run("bulk", "confirm", "--severity", "high", "--json"))
    assert [o["done"] for o in done["outcomes"]] == [True] * 3
    assert {h["batch"] for h in said(run("show", nos[0], "--json"))["history"]} == {
        "",
        done["batch"],
    }
    again = run("bulk", "confirm", nos[0], "--json")
    assert again.exit_code == 1 and not json.loads(again.stdout)["outcomes"][0]["done"]
    assert run("bulk", "confirm").exit_code == 2
    assert run("view", "save", "高", "--severity", "high", "--sort", "priority").exit_code == 0
    listed = said(run("list", "--view", "高", "--json"))["items"]
    assert len(listed) == 3 and all(item["priority"] for item in listed)
    assert run("list", "--view", "无").exit_code == 2
    assert run("merge", nos[1], "--into", nos[0], "--reason", "同一原因").exit_code == 0
    assert said(run("show", nos[0], "--json"))["merged"] == [nos[1]]
    assert run("unmerge", nos[1], "--reason", "原因不同").exit_code == 0
    until = ("--until", "+4h", "--reason", "换证")
    assert run("silence", "add", "check=tls.*", *until).exit_code == 0
    (mute,) = said(run("show", nos[0], "--json"))["muted_by"]
    assert (mute["by"], mute["why"]) == ("silence", "换证")
    assert run("silence", "end", mute["ref"].removeprefix("S")).exit_code == 0
    assert run("silence", "add", "tls", *until).exit_code == 2
    assert run("depend", "add", "zone", "Z7", "--on", "A-GW", "--check", "avail.").exit_code == 0
    (row,) = said(run("depend", "list", "--json"))["dependencies"]
    assert run("depend", "end", str(row["dependency"])).exit_code == 0
    assert breaks() == []


@pytest.mark.parametrize("text", ["明天", "2026-13-01", "+5x", ""])
def test_a_time_that_cannot_be_read_is_said(run: Any, text: str) -> None:
    no = taken_to(State.CONFIRMED, an_item()).no
    done = run("waive", no, "--until", text, "--reason", "x")
    assert done.exit_code == 2 and "看不懂时间" in done.stderr
