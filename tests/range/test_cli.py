import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.range.clients import Town
from tlsec.cli.range_ import range_


@pytest.fixture
def workspace(town: Town, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = town.data.parent
    (root / "tlsec.yaml").write_text("city: 岚泽市\nbureau: 岚泽市数据局\n", encoding="utf-8")
    monkeypatch.setenv("TLSEC_WORKSPACE", str(root))
    return root


def call(*arguments: str) -> Result:
    return CliRunner().invoke(range_, arguments)


@pytest.mark.parametrize("name", range_.commands)
def test_every_command_shows_an_example(name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert f"例：tlsec range {name}" in result.output


@pytest.mark.usefixtures("workspace")
def test_list_and_status_as_data(town: Town) -> None:
    listed = json.loads(call("list", "--json").stdout)["troubles"]
    assert [each["id"] for each in listed[:14]] == list(range(1, 15))
    assert all(each["broken"] is (each["id"] is not None) for each in listed)
    status = json.loads(call("status", "--json").stdout)
    assert status["running"] is True
    assert status["pid"] == town.state.pid
    assert status["memory"] < 150 * 2**20
    assert "zombie-stats" in call("list").stdout
    assert str(town.state.pid) in call("status").stdout


@pytest.mark.usefixtures("workspace")
def test_mend_and_break_by_number_and_name() -> None:
    mended = call("mend", "12", "--json")
    assert json.loads(mended.stdout)["name"] == "new-mongo"
    assert json.loads(mended.stdout)["broken"] is False
    broken = call("break", "new-mongo")
    assert broken.exit_code == 0
    assert "27017" in broken.stdout


@pytest.mark.usefixtures("workspace")
def test_wrong_use_has_its_code() -> None:
    unknown = call("break", "nonsense")
    assert unknown.exit_code == 2
    assert "tlsec range list" in unknown.stderr
    again = call("up")
    assert again.exit_code == 3
    assert "已在运行" in again.stderr


def test_without_a_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tlsec.yaml").write_text("city: 岚泽市\nbureau: 岚泽市数据局\n", encoding="utf-8")
    monkeypatch.setenv("TLSEC_WORKSPACE", str(tmp_path))
    assert json.loads(call("status", "--json").stdout) == {"running": False}
    assert call("mend", "1").exit_code == 3
    assert json.loads(call("down", "--json").stdout) == {"ended": False}
    assert {each["broken"] for each in json.loads(call("list", "--json").stdout)["troubles"]} == {
        None
    }
    monkeypatch.setenv("TLSEC_WORKSPACE", str(tmp_path / "nowhere"))
    assert call("status").exit_code == 2
