"""tlsec policy: exit codes, what is printed, and the stable keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.policy.conftest import CHECK
from tlsec import content
from tlsec.cli import policy as module
from tlsec.cli.policy import policy
from tlsec.policy.fixtures import verdict_of

Write = Callable[..., Path]
SHIPPED = len(list((content.policies()[0] / "checks").rglob("*.yaml")))
CHECK = CHECK.replace("test.thing@1", "net.port@1").replace("thing.count", "port.number").replace(
    "{thing: {count:", "{port: {number:"
).replace("facts: {thing: {}}", "facts: {port: {state: open}}")  # fmt: skip


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No workspace around, and a terminal wide enough not to fold."""
    monkeypatch.delenv("TLSEC_WORKSPACE", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(policy, arguments)


def data(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def workspace(root: Path) -> Path:
    (root / "tlsec.yaml").write_text("city: 岚泽市\nbureau: 市数据局\n", encoding="utf-8")
    return root / "policies"


def test_lint_says_how_much_it_read() -> None:
    result = run("lint")
    assert result.exit_code == 0, result.stderr
    assert f"检查项 {SHIPPED}" in result.stdout


def test_lint_of_one_file(write: Write) -> None:
    assert run("lint", str(write(CHECK))).exit_code == 0
    file = write(
        CHECK.replace("port.number <=", "port.nmuber <=").replace("mms.assets", "mms.asset")
    )
    result = run("lint", str(file))
    assert result.exit_code == 2
    assert f"{file}:9:11" in result.stderr
    assert "nmuber" in result.stderr


def test_lint_of_a_folder_and_of_a_workspace(write: Write, tmp_path: Path) -> None:
    write(CHECK.replace("severity: low", "severity: dire"))
    result = run("lint", str(tmp_path))
    assert (result.exit_code, "dire" in result.stderr) == (2, True)
    own = workspace(tmp_path)
    own.mkdir()
    (tmp_path / "checks").rename(own / "checks")
    result = run("lint")
    assert (result.exit_code, "my.check.yaml:11:" in result.stderr) == (2, True), result.stderr


def test_lint_reads_every_profile(tmp_path: Path) -> None:
    profiles = workspace(tmp_path) / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "loose.yaml").write_text(
        "profile: loose\nversion: 1\nzh: 松\nen: Loose\ncatalog: gbt22239-2019@2\n"
        "params:\n  tls.cert-days: {min_days: 1}\n",
        encoding="utf-8",
    )
    result = run("lint")
    assert (result.exit_code, "loose.yaml:7:" in result.stderr) == (2, True)


def test_test_runs_fixtures_and_ends_1_on_a_surprise(write: Write) -> None:
    result = run("test")
    assert result.exit_code == 0
    assert "与期望不符 0 个" in result.stdout
    file = write(CHECK.replace("<= params.most", "> params.most"))
    result = run("test", str(file), "net.exposure")
    assert result.exit_code == 1
    assert "与期望不符 2 个" in result.stdout
    shown = json.loads(run("test", str(file), "--json").stdout)
    assert (shown["fixtures"], shown["failed"]) == (3, 2)
    assert shown["checks"][0]["failed"][0]["got"] == "fail"


def test_an_unknown_check_is_wrong_use() -> None:
    for command in ("test", "explain"):
        result = run(command, "net.exposrue")
        assert result.exit_code == 2
        assert "net.exposure" in result.stderr


def test_list() -> None:
    checks = {each["id"]: each for each in data("list")["checks"]}
    assert len(checks) == SHIPPED
    exposure = checks["net.exposure"]
    assert (exposure["severity"], exposure["probe"]) == ("high", "net.port@1")
    assert exposure["items"]["3"] == ["8.1.4.4-b", "8.1.3.2-a"]
    shown = run("list").stdout
    assert all(check in shown for check in checks)


def test_explain_a_check() -> None:
    shown = run("explain", "life.zombie").stdout
    for part in (
        "asset.has_owner",
        "cert_days",
        "180",
        "只能调小",
        "8.1.10.2-a",
        "撤域名",
        "三条迹象齐了",
    ):
        assert part in shown


def test_explain_a_fixture() -> None:
    result = run("explain", "net.exposure", "--fixture", "新开的普通端口")
    assert result.exit_code == 0
    for part in (
        "不符合",
        "port.number = 8080",
        "端口 8080 开放，但没有登记（已登记：443）",
        "成立",
    ):
        assert part in result.stdout
    verdict = data("explain", "net.exposure", "--fixture", "没有端口登记表")["verdict"]
    assert verdict["state"] == "unknown"
    assert verdict["clauses"][0]["is"] is None
    assert "asset.declared_ports" in verdict["clauses"][0]["why"]
    assert run("explain", "net.exposure", "--fixture", "没有登记的地址").exit_code == 0


def test_explain_an_unknown_or_unclear_fixture() -> None:
    for name in ("不存在", "端口"):
        result = run("explain", "net.exposure", "--fixture", name)
        assert result.exit_code == 2
        assert "新开的普通端口" in result.stderr


def test_explain_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("explain", "net.exposure", "--target", "192.0.2.11")
    assert run(*asked).exit_code == 2  # no workspace, so no verdicts
    monkeypatch.setattr(module, "newest_verdict", lambda ctx, check, target: None)
    result = run(*asked)
    assert (result.exit_code, "192.0.2.11" in result.stderr) == (3, True)

    def stored(ctx: object, check: str, target: str) -> object:
        from tlsec.policy import bundle

        loaded = bundle.load(content.policies(), content.fact_types()).checks[check]
        fixture = next(t for t in loaded.check.tests if t.expect == "fail")
        return verdict_of(loaded, fixture, fixture.facts)

    monkeypatch.setattr(module, "newest_verdict", stored)
    result = run(*asked)
    assert (result.exit_code, "27017" in result.stdout) == (0, True)


def test_a_named_workspace_must_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLSEC_WORKSPACE", str(tmp_path))
    assert run("list", "--json").exit_code == 0
