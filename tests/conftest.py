"""One Django for the whole session, on a database file of its own; emptied after each test that asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


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
