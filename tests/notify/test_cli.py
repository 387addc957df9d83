"""tlsec notify as a person types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.notify import robots, servers
from tests.notify.conftest import NOW


@pytest.fixture
def tlsec(tables: Path):
    """The command on the session's workspace, with a notify.yaml."""
    from tlsec.cli import _build

    root = _build()
    file = tables / "notify.yaml"

    def run(*words: str, config: str = "") -> Result:
        file.write_text(config, encoding="utf-8")
        return CliRunner().invoke(
            root, ["--workspace", str(tables), "--as", "王五", "notify", *words]
        )

    yield run
    file.unlink(missing_ok=True)


def ding(url: str) -> str:
    return (
        f"channels:\n  - {{id: room, kind: dingtalk, url: '{url}', cleartext: true,"
        " token: {env: TLSEC_T}, secret: {env: TLSEC_S}}\n"
    )


Run = Callable[..., Result]


def test_test_says_what_came_of_it(tlsec: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    monkeypatch.setenv("TLSEC_T", robots.TOKEN)
    monkeypatch.setenv("TLSEC_S", robots.SECRET)
    with servers.web(robots.DingTalk(lambda: datetime.now(UTC))) as web:
        good = tlsec("test", "room", "--json", config=ding(web.url))
        monkeypatch.setenv("TLSEC_S", "wrong-wrong")
        bad = tlsec("test", "room", config=ding(web.url))
        none = tlsec("test", "raum", config=ding(web.url))
        listed = tlsec("list", "--json", config=ding(web.url))
    assert good.exit_code == 0 and json.loads(good.stdout)["ok"] is True
    assert bad.exit_code == 1 and "310000" in bad.stderr
    assert none.exit_code == 2 and "raum" in none.stderr
    room = json.loads(listed.stdout)["channels"][0]
    assert (room["id"], room["per_minute"], room["last_minute"]) == ("room", 15, 2)
    assert "310000" in room["error"] and room["ok_at"]
    for result in (good, bad, none, listed):
        assert robots.TOKEN not in result.output and "wrong-wrong" not in result.output


def test_tests_count_in_the_limit(tlsec: Run) -> None:
    with servers.web() as web:
        text = (
            f"channels:\n  - {{id: h, kind: webhook, url: '{web.url}', cleartext: true,"
            " per_minute: 2, reserved: 0}\n"
        )
        codes = [tlsec("test", "h", config=text).exit_code for _n in range(3)]
    assert codes == [0, 0, 1] and len(web.got) == 2


def test_queue_log_and_ack(tlsec: Run) -> None:
    from tlsec.register import outbox

    outbox.enqueue(NOW, "YJ-2026-00001", "duty", "一般的", "", "normal")
    outbox.enqueue(NOW, "YJ-2026-00001", "duty", "紧急的", "", "urgent")
    outbox.enqueue(NOW, "YJ-2026-00002", "duty", "别的", "", "normal")
    queue = json.loads(tlsec("queue", "--json").stdout)
    assert queue["total"] == 3
    assert [n["title"] for n in queue["notices"]] == ["紧急的", "一般的", "别的"]
    ack = tlsec("ack", "YJ-2026-00001")
    assert ack.exit_code == 0 and "2 条" in ack.stdout
    assert json.loads(tlsec("queue", "--json").stdout)["total"] == 1
    log = json.loads(tlsec("log", "--key", "YJ-2026-00001", "--json").stdout)["log"]
    assert [row["event"] for row in log] == ["queued", "queued", "cancelled", "cancelled"]
    assert log[-1]["detail"] == "王五 已确认"
    assert "别的" in tlsec("log").stdout and "别的" not in tlsec("log", "--key", "x").stdout
    assert tlsec("ack", "YJ-2026-99999").exit_code == 2


def test_a_fault_in_the_file_ends_with_its_place(tlsec: Run) -> None:
    result = tlsec("list", config="channels:\n  - {id: a, kind: pigeon}\n")
    assert result.exit_code == 2 and "notify.yaml:2:" in result.stderr


def test_list_names_what_is_to_be_confirmed(tlsec: Run) -> None:
    text = "channels:\n  - {id: w, kind: wecom, token: {env: NOT_SET_HERE}}\n"
    result = tlsec("list", config=text)
    assert result.exit_code == 0
    assert "待核" in result.stdout and "NOT_SET_HERE" in result.stdout


def test_the_example_can_be_used_as_it_stands(tlsec: Run) -> None:
    example = tlsec("example")
    assert example.exit_code == 0
    listed = tlsec("list", "--json", config=example.stdout)
    assert listed.exit_code == 0, listed.stderr
    rows = json.loads(listed.stdout)["channels"]
    assert {row["kind"] for row in rows} == {
        "dingtalk", "wecom", "feishu", "smtp", "sms", "syslog", "webhook", "local",
    }  # fmt: skip
