"""One running city for all tests of the room; each test leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.range.clients import Town
from tlsec.range import control


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    data = tmp_path_factory.mktemp("range") / "data"
    data.mkdir()
    state = control.up(data)
    try:
        yield Town(data, state)
    finally:
        control.down(data)
