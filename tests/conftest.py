"""One Django for the whole session, on a database file of its own; emptied after each test that asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

# machines are shared: how long an example takes says nothing about what it shows
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

if TYPE_CHECKING:
    from tests.desk import Desk


@pytest.fixture(scope="session")
def django(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Django on a workspace folder of the session, with all tables made; the folder."""
    root = tmp_path_factory.mktemp("workspace")
    (root / "tlsec.yaml").write_text("city: 岚泽市\nbureau: 岚泽市数据局\n", encoding="utf-8")
    (root / "data").mkdir()
    os.environ["TLSEC_WORKSPACE"] = str(root)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tlsec.settings"
    import django as package
    from django.core.management import call_command

    package.setup()
    call_command("migrate", verbosity=0, interactive=False)
    return root


@pytest.fixture
def tables(django: Path) -> Iterator[Path]:
    """Empty tables; the workspace's folder."""
    from django.core.management import call_command

    yield django
    call_command("flush", verbosity=0, interactive=False)


@pytest.fixture(scope="session")
def running_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The sample city with its range up, as `tlsec init --sample` left it. Copy it; do not scan in it."""
    from tests import desk
    from tlsec.range import control

    root = tmp_path_factory.mktemp("city")
    made = desk.make(root / "workspace", root / "compiled")
    control.up(made.root / "data")
    try:
        yield made
    finally:
        control.down(made.root / "data")


@pytest.fixture
def desk(running_city: Desk, tmp_path: Path) -> Desk:
    """A workspace of the running city with an empty register of its own."""
    return running_city.copy(tmp_path / "workspace")
