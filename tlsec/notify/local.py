"""For rooms without a way out: a line on the screen with a bell, a line in a file, a sheet to print."""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime
from pathlib import Path

from tlsec.i18n import _
from tlsec.notify import redact
from tlsec.notify.channel_config import LocalConfig
from tlsec.notify.config import Setup
from tlsec.notify.hours import ZONE
from tlsec.notify.message import SOON, Message, Sent

LINES = "notices.log"


class Local:
    """Writes beneath the workspace. The line file is the proof of delivery; screen and sheet come on top."""

    def __init__(self, config: LocalConfig, setup: Setup) -> None:
        self.id = config.id
        self._config = config
        self._folder = setup.root / config.folder

    def send(self, message: Message, now: datetime) -> Sent:
        at = now.astimezone(ZONE)
        said = redact.flat(f"{message.title} {message.text}")
        line = f"{at:%Y-%m-%d %H:%M:%S} {message.urgency} {message.key} {said}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _append(self._folder / LINES, line)
            sheet = self._sheet(message, at)
        except OSError as error:
            return Sent(False, _("本机文件写不了：{why}").format(why=error.strerror), SOON)
        self._show(line, message)
        return Sent(True, sheet)

    def _sheet(self, message: Message, at: datetime) -> str:
        if self._config.sheets == "none" or (
            self._config.sheets == "urgent" and message.urgency != "urgent"
        ):
            return ""
        name = re.sub(r"[^\w.-]+", "_", f"{message.id or message.key}")[:80]
        file = self._folder / f"{at:%Y%m%d-%H%M%S}-{name}.txt"
        rows = [
            _("通 知 单"), "=" * 40,
            _("{name}：{value}").format(name=_("时间"), value=f"{at:%Y-%m-%d %H:%M:%S}"),
            _("{name}：{value}").format(name=_("事由"), value=message.key),
            _("{name}：{value}").format(name=_("标题"), value=redact.flat(message.title)),
            _("{name}：{value}").format(name=_("通知对象"), value=" ".join(message.to) or _("值班室")),
            "-" * 40, message.text, "-" * 40,
            _("接收人：____________  时间：____________  处理：____________"), "",
        ]  # fmt: skip
        file.write_text("\n".join(rows), encoding="utf-8")
        return file.name

    def _show(self, line: str, message: Message) -> None:
        """A screen that is not there takes nothing away: the file has it."""
        bell = "\a" if self._config.bell and message.urgency == "urgent" else ""
        try:
            if self._config.screen == "stderr":
                print(bell + line, file=sys.stderr, flush=True)
            elif self._config.screen:
                flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK
                with os.fdopen(
                    os.open(self._config.screen, flags), "w", encoding="utf-8"
                ) as screen:
                    screen.write(bell + line + "\r\n")
        except (OSError, ValueError):
            return


def _append(file: Path, line: str) -> None:
    """One write, on the disk before it counts as told."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        os.write(handle, (line + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
