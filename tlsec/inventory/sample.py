"""What a new workspace starts with: the sample city 岚泽市, which does not exist, or empty tables.

The sample's dates are written as "{today-300d}" and are set when the files are written out.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from tlsec.inventory.columns import tables
from tlsec.inventory.yaml_io import write_table

FOLDER = Path(__file__).parent / "sample"
PLANS = FOLDER / "plans.yaml"
_RELATIVE = re.compile(r'"\{today(?:([+-]\d+)d)?\}"')


def write(root: Path, today: date) -> None:
    """Write the sample into a workspace: inventory/*.yaml and plans.yaml, comments kept."""
    folder = root / "inventory"
    folder.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.glob("*.yaml"):
        target = root / file.name if file == PLANS else folder / file.name
        target.write_text(dated(file.read_text(encoding="utf-8"), today), encoding="utf-8")


def write_empty(root: Path, today: date) -> None:
    """Write every table with its explaining comment and no rows, and a plans.yaml without plans."""
    del today  # nothing to count from; the two writers are called alike
    folder = root / "inventory"
    folder.mkdir(parents=True, exist_ok=True)
    for each in tables().values():
        with (folder / f"{each.name}.yaml").open("w", encoding="utf-8") as stream:
            write_table(stream, each, ())
    explained = PLANS.read_text(encoding="utf-8").partition("\nplans:")[0]
    (root / "plans.yaml").write_text(f"{explained}\nplans: []\n", encoding="utf-8")


def dated(text: str, today: date) -> str:
    """Every "{today-300d}" of a text as the date it means."""
    return _RELATIVE.sub(
        lambda match: (today + timedelta(days=int(match.group(1) or 0))).isoformat(), text
    )
