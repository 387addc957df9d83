"""tlsec assess status|conclude|risks|decide|sample: what is printed, stable keys, exit codes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.assess.bench import SECRECY, Bench
from tlsec.cli.assess import assess


@pytest.fixture(autouse=True)
def wide(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three systems in the session's workspace, seen in a terminal wide enough not to fold."""
    monkeypatch.setenv("COLUMNS", "220")
    monkeypatch.setattr("tlsec.cli.assess.results.datetime", _Clock)
    del bench


class _Clock:
    """The command's clock stands at the bench's moment; dates are still read."""

    @staticmethod
    def now(_zone: object) -> Any:
        from tests.assess.bench import NOW

        return NOW


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(assess, arguments)
    assert result.exit_code == code, (result.output, result.stderr, result.exception)
    return result


def data(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_all_systems_in_one_table() -> None:
    rows = {row["system"]: row for row in data("status")["systems"]}
    assert set(rows) == {"S02", "S17", "S23"}
    assert rows["S17"]["coverage"]["applicable"] == 209
    assert {"number", "conclusion", "conflicts", "suspected", "missing"} <= set(rows["S02"])
    assert "系统 S17" in run("status").stdout


def test_one_system_whole(bench: Bench) -> None:
    bench.verdict("tls.versions", "fail")
    told = data("status", "S02", "--scheme", "2021")
    assert told["scheme"] == "2021@1"
    assert told["number"]["low"] < told["number"]["high"] < 100
    assert told["coverage"]["tested"] == 2
    assert sum(map(len, told["missing"].values())) == told["coverage"]["applicable"] - 2
    assert len(told["items"]) == 257
    text = run("status", "S02").stdout
    assert "CES 安全计算环境" in text and "还缺什么" in text and "下一步" in text


def test_an_item_is_explained_down_to_verdicts_and_answers(bench: Bench) -> None:
    verdict = bench.verdict("tls.versions", "fail")
    told = data("status", "S02", "--explain", SECRECY)
    assert (told["id"], told["state"]) == ("8.1.2.2-b", "not_met")
    (at,) = told["objects"]
    assert [(v["id"], v["check"], v["place"]) for v in at["verdicts"]] == [
        (verdict.pk, "tls.versions", "203.0.113.11:443")
    ]
    assert f"#{verdict.pk}" in run("status", "S02", "--explain", "8.1.2.2-b").stdout


def test_the_number_is_explained_step_by_step() -> None:
    told = data("status", "S17", "--explain", "score")
    assert any("209" in step for step in told["steps"])
    assert "符合率 = 0 ÷ 209" in run("status", "S17", "--explain", "score").stdout
    assert len(data("status", "S17", "--explain", "ces")["items"]) > 20


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "S99"),
        ("status", "S02", "--explain", "nope"),
        ("status", "--explain", "score"),
        ("status", "S02", "--scheme", "2030"),
        ("conclude", "S02", "--date", "tomorrow"),
        ("decide", "S02", "0.0.0.0", "confirmed", "--reason", "x"),
        ("decide", "S02", "6.3.2.1", "lowered", "--reason", "x"),
    ],
)
def test_wrong_use_is_refused_in_one_sentence(arguments: tuple[str, ...]) -> None:
    assert run(*arguments, code=2).stderr.strip()


def test_conclusions_are_compared_with_the_last(bench: Bench) -> None:
    first = data("conclude", "S02")
    assert (first["previous"], first["changes"]) == (None, [])
    bench.verdict("tls.versions", "fail")
    second = data("conclude", "S02", "--date", "2025-03-20")
    assert (second["scheme"], second["previous"]) == ("2021@1", first["id"])
    assert {change["line"] for change in second["changes"]} >= {SECRECY}
    assert "没有定下来" in run("conclude", "S02").stdout


def test_a_person_decides_a_suspected_risk(bench: Bench) -> None:
    bench.verdict("boundary.flow", "fail")
    found = {r["case"]: r for r in data("risks", "S02")["risks"]}
    assert found["6.3.2.1"]["status"] == "suspected"
    assert found["A-11"]["kind"] == "major"
    assert "可问的缓解措施" in run("risks", "S02").stdout
    run("decide", "S02", "A-11", "confirmed", "--reason", "现场核实", "--by", "沈审")
    found = {r["case"]: r for r in data("risks", "S02")["risks"]}
    assert found["A-11"]["decision"]["by"] == "沈审"
    assert data("status", "S02")["risks"]["confirmed"] == 1
    run("decide", "S02", "A-31", "confirmed", "--reason", "演练中取得堡垒机权限")
    assert data("status", "S02")["risks"]["confirmed"] == 2


def test_the_sample_names_assets() -> None:
    (asset,) = data("sample", "S02")["assets"]
    assert (asset["id"], asset["sampled"]) == ("A-S02-1", True)
    assert "A-S02-1" in run("sample", "S02").stdout
