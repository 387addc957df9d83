"""The wheel carries everything that the program reads."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
CONTENT = ("policies", "drills", "reports")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the checkout is left as it was."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in (*CONTENT, "tlsec"):
        if (HERE / name).is_dir():
            shutil.copytree(HERE / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        if (HERE / name).is_file():
            shutil.copy(HERE / name, copy)
    script = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=copy, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return next((copy / "dist").glob("*.whl"))


def test_the_wheel_carries_every_file_of_the_checkout(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        (Path("tlsec/_shipped") if top in CONTENT else Path()).joinpath(file.relative_to(HERE))
        for top in (*CONTENT, "tlsec")
        for file in (HERE / top).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    assert wanted
    assert not {str(path) for path in wanted} - names
    assert not [name for name in names if name.startswith(("tests/", "policies/", "reports/"))]


def test_the_program_finds_its_content_inside_a_wheel(wheel: Path, tmp_path: Path) -> None:
    """Unpacked and run away from the checkout: 45 checks and their fixtures come from the wheel."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from tlsec import shipped, cli;"
        "print(shipped.ROOT, file=sys.stderr); cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, str(tmp_path / "site"), "policy", "lint"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == str(tmp_path / "site" / "tlsec" / "_shipped")
