"""The content of papers: templates and wordings in `reports/`, law data in `policies/`.

A workspace's file of the same name wins over the one that travels with the program.
"""

from __future__ import annotations

from pathlib import Path

from tlsec import shipped
from tlsec.i18n import _
from tlsec.report.errors import PaperError


def find(name: str, overlay: Path | None = None) -> Path:
    """The file `name` (such as "reports/fonts.yaml"), the workspace's first. Raises PaperError."""
    for path in ([overlay / name] if overlay else []) + [shipped.path(name)]:
        if path.is_file():
            return path
    raise PaperError(_("安装不完整：找不到 {name}。请重新安装 tlsec。").format(name=name))


def read(name: str, overlay: Path | None = None) -> str:
    """The text of the file `name`."""
    return find(name, overlay).read_text(encoding="utf-8")
