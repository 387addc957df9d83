"""Numbers of a year under load: unique, without gaps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TAKE = """
import os, sys, django
from datetime import UTC, datetime
django.setup()
from django.db import transaction
from tlsec.incident import keeping
for _ in range(20):
    with transaction.atomic():
        print(keeping.number("SJ", datetime(2026, 11, 24, tzinfo=UTC))[1])
"""


def test_numbers_are_unique_and_without_gaps_under_load(tables: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", TAKE], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    numbers = [line for each in processes for line in each.communicate(timeout=60)[0].split()]
    assert sorted(numbers) == [f"SJ-2026-{n:04d}" for n in range(1, 41)]
