"""Django settings, read from the workspace that TLSEC_WORKSPACE names (the command line sets it)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tlsec import workspace

_root = os.environ.get("TLSEC_WORKSPACE")
_database = workspace.read(Path(_root)).config.database if _root else ""


def _postgresql(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
    }


def _sqlite(root: str | None) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(Path(root) / "data" / "tlsec.sqlite3") if root else ":memory:",
        "OPTIONS": {
            "timeout": 20,
            # take the write lock at the start, or two writers that both read first cannot both go on
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
        },
    }


DATABASES = {"default": _postgresql(_database) if _database else _sqlite(_root)}
INSTALLED_APPS = [
    "tlsec.inventory",
    "tlsec.scan",
    "tlsec.register",
    "tlsec.watch",
    "tlsec.assess",
    "tlsec.incident",
    "tlsec.period",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
SECRET_KEY = "unused: no pages, no sessions yet"  # noqa: S105 - nothing signs with it
