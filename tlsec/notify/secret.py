"""Secrets of channels: from the environment or from a file that only its owner may read. Never printed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tlsec.i18n import _
from tlsec.notify.redact import MASK

MOST_BYTES = 4096


class Unready(Exception):
    """A secret cannot be had; the text says why and never what."""


class SecretRef(BaseModel):
    """Where a secret lies: `{env: NAME}` or `{file: PATH}`, the path relative to the workspace."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    env: str = Field(default="", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")
    file: str = ""

    @model_validator(mode="before")
    @classmethod
    def _never_here(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(
                _("密钥不得写在配置里，应写 {env} 或 {file}").format(
                    env="{env: 环境变量名}", file="{file: 文件}"
                )
            )
        return value

    @model_validator(mode="after")
    def _one(self) -> SecretRef:
        if bool(self.env) == bool(self.file):
            raise ValueError(_("env 与 file 写且只写一个"))
        return self

    def read(self, root: Path) -> Secret:
        """The secret. Raises Unready."""
        if self.env:
            found = os.environ.get(self.env, "").strip()
            if not found:
                raise Unready(_("环境变量 {name} 没有设置").format(name=self.env))
            return Secret(found)
        return Secret(_of_file(root / self.file, self.file))


def _of_file(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise Unready(_("密钥文件 {name} 不是普通文件").format(name=name))
            if stat.S_IMODE(about.st_mode) & 0o077:
                raise Unready(_("密钥文件 {name} 别人也能读，应执行 chmod 600").format(name=name))
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unready(_("密钥文件 {name} 读不了").format(name=name)) from error
    try:
        found = raw.decode().strip()
    except UnicodeDecodeError as error:
        raise Unready(_("密钥文件 {name} 不是文本").format(name=name)) from error
    if not found or len(raw) > MOST_BYTES or "\n" in found:
        raise Unready(_("密钥文件 {name} 应只有一行").format(name=name))
    return found


class Secret:
    """A secret that shows itself only when asked by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not stored")
