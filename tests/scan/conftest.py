"""The sample city in the session's database, for tests that work inside this process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.desk import Desk

if TYPE_CHECKING:
    from tlsec.scan.runs import Ground


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's files without a database, as a workspace folder."""
    from tlsec.inventory import sample

    root = tmp_path_factory.mktemp("sample")
    sample.write(root, datetime.now(UTC).date())
    text = "city: 岚泽市\nbureau: 岚泽市数据局\npractice_range: true\nsla: practice\n"
    (root / "tlsec.yaml").write_text(text, encoding="utf-8")
    (root / "data").mkdir()
    return root


@pytest.fixture
def ground_of(tables: Path) -> Callable[[Path], Ground]:
    """Take a workspace folder's register into the empty tables; what runs stand on."""

    def make(root: Path) -> Ground:
        from tlsec import workspace
        from tlsec.inventory.importer import import_register
        from tlsec.scan import plans, runs

        now = datetime.now(UTC)
        import_register(root / "inventory")
        plans.sync(root / "plans.yaml", now)
        return runs.Ground.of(workspace.read(root), now)

    return make


@pytest.fixture
def ground(ground_of: Callable[[Path], Ground], sample_files: Path) -> Ground:
    """The sample city without its range: nothing answers, so tests bring probes of their own."""
    return ground_of(sample_files)


@pytest.fixture
def live(ground_of: Callable[[Path], Ground], running_city: Desk) -> Ground:
    """The sample city with its range up."""
    return ground_of(running_city.root)


@pytest.fixture
def again(ground: Ground) -> Callable[[], Ground]:
    """The ground as it is after a change of the register."""

    def make() -> Ground:
        from tlsec.scan import runs

        return runs.Ground.of(ground.workspace, datetime.now(UTC))

    return make
