"""`tlsec inventory` as a person and a script meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.inventory.conftest import TODAY


def tlsec(at: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    hidden = ("TLSEC_WORKSPACE", "TLSEC_LANG", "DJANGO_SETTINGS_MODULE")
    return subprocess.run(
        [sys.executable, "-c", "from tlsec.cli import main; main()", "inventory", *arguments],
        cwd=at,
        env={key: value for key, value in os.environ.items() if key not in hidden}
        | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    from tlsec.inventory.sample import write

    write(tmp_path, TODAY)
    (tmp_path / "tlsec.yaml").write_text("city: 岚泽市\nbureau: 岚泽市数据局\n", encoding="utf-8")
    return tmp_path


def test_import_export_list(workspace: Path) -> None:
    done = tlsec(workspace, "import", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"]["systems"] == {
        "created": 33, "changed": 0, "unchanged": 0, "removed": 0,
    }  # fmt: skip
    assert tlsec(workspace, "export", "台账.xlsx").stdout == "台账.xlsx\n"
    again = json.loads(tlsec(workspace, "import", "台账.xlsx", "--prune", "--json").stdout)
    assert {n["unchanged"] for n in again["tables"].values()} != {0}
    assert {n["created"] + n["changed"] + n["removed"] for n in again["tables"].values()} == {0}
    listed = json.loads(tlsec(workspace, "list", "--unit", "市公积金中心", "--json").stdout)
    assert listed["table"] == "assets"
    assert [row["id"] for row in listed["rows"]] == ["A-S14"]
    shown = tlsec(workspace, "list", "systems", "--county", "石渡市").stdout
    assert "石渡市门户" in shown and "S3" in shown and "望川县门户" not in shown
    refused = tlsec(workspace, "list", "flows", "--unit", "市数据局")
    assert (refused.returncode, refused.stdout) == (2, "")


def test_bad_input_ends_with_two_and_every_place(workspace: Path) -> None:
    file = workspace / "inventory" / "systems.yaml"
    file.write_text(
        file.read_text().replace("grade: S2A3G3", "grade: S2A3G2", 1).replace("Z15", "Z16")
    )
    for command in (["lint"], ["import"]):
        done = tlsec(workspace, *command)
        assert (done.returncode, done.stdout) == (2, "")
        said = done.stderr.splitlines()
        assert len(said) == 2
        assert all("inventory/systems.yaml:" in line for line in said)
    judged = tlsec(workspace, "lint", "inventory/systems.yaml", "--json")
    assert judged.returncode == 2
    (fault,) = json.loads(judged.stdout)["faults"]  # zones are not in this file, so not judged
    assert fault["where"].startswith("inventory/systems.yaml:")
    assert tlsec(workspace, "import", "none.xlsx").returncode == 2


def test_lint_needs_no_workspace(workspace: Path) -> None:
    (workspace / "tlsec.yaml").unlink()
    done = tlsec(workspace, "lint", "inventory")
    assert (done.returncode, done.stdout) == (0, "14 张表 345 行，没有错误\n")
    assert tlsec(workspace, "lint").returncode == 2
