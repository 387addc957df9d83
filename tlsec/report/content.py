"""Where the content of papers lies: templates and wordings in `reports/`, law data in `policies/`.

A workspace's file of the same name wins over the one that travels with the program.
"""

from __future__ import annotations

from pathlib import Path

from tlsec.i18n import _
from tlsec.report.errors import PaperError

_PACKAGE = Path(__file__).resolve().parents[1]
# beside the package in a checkout, inside it in a wheel
ROOTS = (_PACKAGE.parent, _PACKAGE / "content", _PACKAGE)


def find(name: str, overlay: Path | None = None) -> Path:
    """The file `name` (such as "reports/fonts.yaml"), the workspace's first. Raises PaperError."""
    roots: list[Path] = [overlay, *ROOTS] if overlay else [*ROOTS]
    for root in roots:
        path = root / name
        if path.is_file():
            return path
    raise PaperError(_("安装不完整：找不到 {name}。请重新安装 tlsec。").format(name=name))


def read(name: str, overlay: Path | None = None) -> str:
    """The text of the file `name`."""
    return find(name, overlay).read_text(encoding="utf-8")
