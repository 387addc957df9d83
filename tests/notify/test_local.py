"""The room without a way out: a line, a sheet, a bell; nothing that a screen would obey."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.notify.conftest import NOW
from tlsec.notify import channels, redact
from tlsec.notify.message import Message


def local(configure, **more: str):
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return channels.build(configure(f"channels:\n  - {{id: room, kind: local{extra}}}\n"), "room")


def test_an_urgent_notice_rings_and_leaves_a_line_and_a_sheet(
    configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = redact.clean("县站\x1b[2J首页\n被改")
    sent = local(configure).send(
        Message("YJ-1", "页面变化", text, "urgent", (), "", "tlsec-5"), NOW
    )
    assert sent.ok
    folder = tmp_path / "data" / "notices"
    line = (folder / "notices.log").read_text(encoding="utf-8")
    assert line == "2026-11-24 12:00:00 urgent YJ-1 页面变化 县站[2J首页 被改\n"
    assert stat.S_IMODE((folder / "notices.log").stat().st_mode) == 0o640
    sheet = (folder / sent.detail).read_text(encoding="utf-8")
    assert "通 知 单" in sheet and "接收人：" in sheet and "首页\n被改" in sheet
    assert capsys.readouterr().err == "\a" + line


def test_others_neither_ring_nor_print(
    configure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert local(configure).send(Message("k", "一般", "内容"), NOW).detail == ""
    assert "\a" not in capsys.readouterr().err
    assert [f.name for f in (tmp_path / "data" / "notices").iterdir()] == ["notices.log"]


def test_a_screen_that_is_not_there_takes_nothing_away(configure, tmp_path: Path) -> None:
    channel = local(configure, screen="/nowhere/tty9")
    assert channel.send(Message("k", "标题", "内容"), NOW).ok
    assert (tmp_path / "data" / "notices" / "notices.log").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_a_failed_try(configure, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    sent = local(configure).send(Message("k", "标题", "内容"), NOW)
    assert not sent.ok and sent.retry_after is not None


def test_a_key_never_leads_out_of_the_folder(configure, tmp_path: Path) -> None:
    sent = local(configure).send(Message("../../x/y", "标题", "内容", "urgent"), NOW)
    assert sent.ok and (tmp_path / "data" / "notices" / sent.detail).is_file()
    assert "/" not in sent.detail
