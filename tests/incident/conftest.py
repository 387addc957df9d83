"""The sample city's register on the session's database, and short ways to what the tests need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tlsec.incident.models import Warning
    from tlsec.register.models import RiskItem

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # noon in Asia/Shanghai


@pytest.fixture(scope="session")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tlsec.inventory.sample import write

    root = tmp_path_factory.mktemp("incident-city")
    write(root, date(2026, 11, 24))
    return root / "inventory"


@pytest.fixture(scope="module")
def sample(django: Path, inventory: Path) -> Iterator[Path]:
    """The register holds the sample for a module; the workspace's folder."""
    from django.core.management import call_command

    from tlsec.inventory.importer import import_register

    import_register(inventory)
    yield django
    call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def city(sample: Path) -> Iterator[Path]:
    """The sample, as it was after each test. Before that, the journal proves every row of the test."""
    from django.db import transaction

    from tlsec.register import journal

    with transaction.atomic():
        yield sample
        broken = [each.what for each in journal.verify()]
        transaction.set_rollback(True)
    assert broken == []


Drafted = Callable[..., "Warning"]


@pytest.fixture
def drafted(city: Path) -> Drafted:
    """A warning drafted by 王怀瑾, serious damage unless said otherwise."""

    def make(**values: Any) -> Warning:
        from tlsec.incident import drafts, issuing

        form = {"title": "某组件漏洞", "category": "漏洞利用", "damage": "serious"}
        now = values.pop("now", NOW)
        return issuing.draft(drafts.read(form | values), "王怀瑾", now)

    return make


@pytest.fixture
def issued(drafted: Drafted) -> Drafted:
    """As drafted, signed by 吴景和 and handed to three units unless said otherwise."""

    def make(**values: Any) -> Warning:
        from tlsec.incident import issuing

        units = values.pop("units", ["市人社局", "市政府办", "望川县政府办"])
        row = drafted(**values)
        issuing.conclude(row.no, "黄", "王怀瑾", NOW, "按上级通报定级")
        issuing.sign(row.no, "吴景和", NOW)
        return issuing.issue(row.no, units, "吴景和", NOW)

    return make


def item_of(
    check: str = "web.page-change",
    subject: str = "A-S27",
    minutes: int = 0,
    drill: bool = False,
    now: datetime = NOW,
) -> RiskItem:
    """A ledger item with its alert, seen first so many minutes before now."""
    from datetime import timedelta

    from tlsec.register import items
    from tlsec.register.models import Alert
    from tlsec.register.rules import in_force

    seen = now - timedelta(minutes=minutes)
    locator = {"address": "198.51.100.129", "port": 443, "path": "/"}
    alert = Alert.objects.create(
        fingerprint=f"f1:{check}-{subject}", check_id=check, subject=subject, locator=locator,
        severity="high", condition="firing", message="首页内容与基线不符", clauses=[],
        first_seen=seen, last_seen=now, run=1, drill=drill,
    )  # fmt: skip
    about = {
        "title": "首页没有变化", "unit": "望川县人民政府办公室", "county": "望川县",
        "system": "望川县政府网站", "system_id": "S27", "address": "198.51.100.129:443",
    }  # fmt: skip
    return items.open_item(alert, about, in_force().base, now, "tlsec")
