"""A watch over the running city, inside this process; troubles are mended again after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.desk import Desk

if TYPE_CHECKING:
    from tlsec.watch.service import Content

UPLINKS = """
uplinks:
  - vantage: z6
    canaries:
      - {kind: dns, address: 192.0.2.180, name: 主解析}
      - {kind: port, address: 192.0.2.166, port: 443, name: 运维网关}
"""


@dataclass
class Post:
    """Looks at the city by a monitors.yaml of the test's own."""

    root: Path
    city: Path  # data folder of the running range
    broken: list[str] = field(default_factory=list)

    def monitors(self, text: str, uplinks: str = UPLINKS) -> None:
        from tlsec.watch.sample import FILE

        (self.root / FILE).write_text(f"{uplinks}\nmonitors:\n{text}", encoding="utf-8")

    def content(self) -> Content:
        from tlsec.watch.service import Content

        return Content.read(self.root, datetime.now(UTC))

    def round(self, times: int = 1) -> None:
        """Look at every spot once, so many times, each time as a process that starts anew."""
        from tlsec.watch.service import Watch

        for _n in range(times):
            found = self.content()
            Watch(self.root).once(found, found.spots)

    def break_(self, name: str) -> None:
        from tlsec.range import control

        control.switch(self.city, name, True)
        self.broken.append(name)

    def mend(self, name: str) -> None:
        from tlsec.range import control

        control.switch(self.city, name, False)

    def alerts(self, condition: str = "") -> list[tuple[str, str]]:
        """(check, subject) of the open alerts."""
        from tlsec.register.models import Alert

        rows = Alert.objects.filter(open=True)
        if condition:
            rows = rows.filter(condition=condition)
        return sorted(rows.values_list("check_id", "subject"))

    def standing(self, **of: Any) -> Any:
        from tlsec.watch.models import Standing

        return Standing.objects.get(**of)


@pytest.fixture
def post(tables: Path, running_city: Desk, tmp_path: Path) -> Iterator[Post]:
    """The sample city's register in the empty tables; nothing is watched yet."""
    from tlsec.inventory.importer import import_register
    from tlsec.scan import plans
    from tlsec.watch.sample import FILE

    root = running_city.copy(tmp_path / "workspace").root
    (root / FILE).unlink(missing_ok=True)
    import_register(root / "inventory")
    plans.sync(root / "plans.yaml", datetime.now(UTC))
    made = Post(root, running_city.root / "data")
    try:
        yield made
    finally:
        for name in made.broken:
            made.mend(name)


Rounds = Callable[[int], None]
