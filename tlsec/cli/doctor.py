"""tlsec doctor: what this machine has, what is missing, and how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec

import click

from tlsec.cli import show
from tlsec.cli.context import print_json
from tlsec.i18n import _, listed

FONT_PACKAGE = "fonts-noto-cjk"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: `good` False means that something cannot be done without it; `advice` says what helps."""

    part: str
    good: bool
    what: str
    advice: str = ""


@click.command(
    help=_("检查本机缺什么：字体、PDF、靶场、数据库、时钟。") + "\n\n" + _("例：tlsec doctor")
)
@click.option("--get-fonts", is_flag=True, help=_("没有中文字体时用系统软件包安装（需要 root）"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
def doctor(get_fonts: bool, as_json: bool) -> None:
    if get_fonts:
        _get_fonts()
        return
    findings = [check() for check in CHECKS]
    if as_json:
        print_json({"parts": [asdict(finding) for finding in findings]})
        return
    table = show.table("", _("部件"), _("现状"), _("办法"), flexible=[2, 3])
    for finding in findings:
        mark = "[green]✓[/]" if finding.good else "[yellow]—[/]"
        table.add_row(mark, finding.part, show.cell(finding.what), show.cell(finding.advice))
    show.console().print(table)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Finding("Python", good, version, "" if good else _("需要 3.11 或更新"))


def _typst() -> Finding:
    good = find_spec("typst") is not None
    advice = "" if good else _("pip install 'tlsec[pdf]'；没有也能出 Word")
    return Finding(_("typst（PDF）"), good, _("已安装") if good else _("未安装"), advice)


def _asyncssh() -> Finding:
    good = find_spec("asyncssh") is not None
    advice = "" if good else _("pip install 'tlsec[range]'；只影响靶场")
    return Finding(_("asyncssh（靶场）"), good, _("已安装") if good else _("未安装"), advice)


def _fonts() -> Finding:
    from tlsec.report import fonts
    from tlsec.report.errors import PaperError

    try:
        found = fonts.resolve(fonts.load(), fonts.installed())
    except PaperError as error:
        return Finding(_("中文字体"), False, str(error), f"apt install {FONT_PACKAGE}")
    names = listed((f"{role} {use.families[0]}" for role, use in found.items()), "，")
    return Finding(_("中文字体"), True, names)


def _ports() -> Finding:
    from pathlib import Path

    file = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    floor = int(file.read_text()) if file.is_file() else 1024
    good = os.geteuid() == 0 or floor <= 22
    what = _("可用 1024 以下端口") if good else _("不可用 1024 以下端口")
    return Finding(_("靶场端口"), True, what, "" if good else _("靶场自动把端口抬高，不影响使用"))


def _disk() -> Finding:
    free = shutil.disk_usage(".").free // 2**20
    return Finding(
        _("磁盘"), free > 500, _("剩余 {mb} MB").format(mb=free), "" if free > 500 else _("请清理")
    )


CHECKS: tuple[Callable[[], Finding], ...] = (_python, _typst, _asyncssh, _fonts, _ports, _disk)


def _get_fonts() -> None:
    """Install the distribution's font package where none is found and we may; else say so in one line."""
    if _fonts().good or find_spec("typst") is None:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        click.echo(_("安装中文字体 {package}（只做一次）").format(package=FONT_PACKAGE))
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", FONT_PACKAGE],
        ):
            subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603
        from tlsec.report import fonts

        fonts.installed.cache_clear()
        if _fonts().good:
            return
    click.echo(
        _("未找到中文字体，通知书只出 Word 不出 PDF；安装字体：apt install {package}").format(
            package=FONT_PACKAGE
        )
    )
