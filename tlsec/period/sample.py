"""The sample period: period.yaml of a new workspace with the sample city, dates counted from its day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

SOURCE = Path(__file__).parent / "sample.yaml"
_RELATIVE = re.compile(r"\{today(?:([+-]\d+)d)?\}")


def text(today: date) -> str:
    """The file as it is written on a day."""

    def day(found: re.Match[str]) -> str:
        return (today + timedelta(days=int(found[1] or 0))).isoformat()

    return _RELATIVE.sub(day, SOURCE.read_text(encoding="utf-8")).replace("样例", f"{today.year}")


def write(root: Path, today: date) -> Path:
    """Write period.yaml into a workspace."""
    file = root / "period.yaml"
    file.write_text(text(today), encoding="utf-8")
    return file
