"""Where the content that travels with the program lies: `policies/`, `reports/` and their like."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSIDE = _PACKAGE / "_shipped"  # setup.py puts it into a wheel; a checkout has none
ROOT = _INSIDE if _INSIDE.is_dir() else _PACKAGE.parent


def path(name: str) -> Path:
    """A folder or file such as "policies" or "reports/fonts.yaml"; the caller sees whether it is there."""
    return ROOT / name
