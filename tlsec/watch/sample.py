"""The monitors that a new workspace starts with: those of the sample city, or none."""

from __future__ import annotations

from pathlib import Path

FILE = "monitors.yaml"

SAMPLE = Path(__file__).with_name("sample.yaml")


def write(root: Path, sample: bool) -> None:
    """Write monitors.yaml, its explanation kept; without `sample` it watches nothing."""
    text = SAMPLE.read_text(encoding="utf-8")
    if not sample:
        text = text.partition("\nuplinks:\n")[0] + "\nuplinks: []\nmonitors: []\n"
    (root / FILE).write_text(text, encoding="utf-8")
