"""Write the register out as files that the importer takes back unchanged."""

from __future__ import annotations

from pathlib import Path

from tlsec.i18n import _
from tlsec.inventory import store
from tlsec.inventory.columns import tables
from tlsec.marked_yaml import Fault, Faulty


def export_register(path: Path) -> list[Path]:
    """Write a workbook (`….xlsx`) or a folder of YAML files; the paths written. Raises Faulty."""
    if path.suffix.lower() == ".xlsx":
        from tlsec.inventory.xlsx_write import write_workbook

        path.parent.mkdir(parents=True, exist_ok=True)
        write_workbook(path, store.rows)
        return [path]
    if path.suffix or path.is_file():
        raise Faulty([Fault(str(path), _("导出到 .xlsx 文件，或一个目录（YAML）"))])
    return _folder(path)


def _folder(path: Path) -> list[Path]:
    from tlsec.inventory.yaml_io import write_table

    path.mkdir(parents=True, exist_ok=True)
    written = []
    for each in tables().values():
        file = path / f"{each.name}.yaml"
        partial = file.with_suffix(".part")
        with partial.open("w", encoding="utf-8") as stream:
            write_table(stream, each, store.rows(each.name))
        partial.replace(file)
        written.append(file)
    return written
