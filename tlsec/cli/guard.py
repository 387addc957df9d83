"""The last word: whatever goes wrong, a person reads one sentence and a machine gets the right code."""

from __future__ import annotations

import errno
import locale
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from tlsec.cli.context import BAD_INPUT, CANNOT_RUN, show_faults
from tlsec.i18n import N_, _

INTERRUPTED, READER_GONE = 130, 141  # as a shell says of SIGINT and SIGPIPE
DEBUG = "TLSEC_DEBUG"

# what a wrong file name or a wrong place brings; everything else of the system is "could not run"
_OF_THE_USER = {
    errno.ENOENT: N_("没有这个文件或目录"),
    errno.EISDIR: N_("这是目录，不是文件"),
    errno.ENOTDIR: N_("这不是目录"),
    errno.EEXIST: N_("已经存在"),
    errno.EACCES: N_("没有权限"),
    errno.EPERM: N_("没有权限"),
    errno.EROFS: N_("所在的磁盘只读"),
    errno.ENAMETOOLONG: N_("名称过长"),
    errno.ELOOP: N_("符号链接成环"),
}
_OF_THE_SYSTEM = {
    errno.ENOSPC: N_("磁盘已满"),
    errno.EDQUOT: N_("磁盘配额已用完"),
    errno.EMFILE: N_("打开的文件过多"),
}


def run(command: Callable[..., Any]) -> int:
    """Call a click command outside of its standalone mode and give the exit code of its end."""
    stdout = sys.stdout
    try:
        result = command(prog_name="tlsec", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SystemExit as end:
        # the reader has seen enough, as with head: click has put another stdout in, or rich raised
        if sys.stdout is not stdout or isinstance(end.__context__, BrokenPipeError):
            return READER_GONE
        raise
    except (click.Abort, KeyboardInterrupt):
        click.echo(_("已中止。"), err=True)
        return INTERRUPTED
    except Exception as error:
        from tlsec.marked_yaml import Faulty

        if isinstance(error, Faulty):
            show_faults(error)
            return BAD_INPUT
        # every other class ends here on purpose: said in one sentence, shown whole when asked for
        if os.environ.get(DEBUG):
            raise
        text, code = sentence(error)
        click.echo(text, err=True)
        return code
    return result if isinstance(result, int) else 0


def sentence(error: Exception) -> tuple[str, int]:
    """What to say of an exception that no command expected, and the exit code."""
    wrapped = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    if isinstance(wrapped, OSError) and wrapped.errno is not None:
        return _system(wrapped)
    if isinstance(error, UnicodeEncodeError):  # an argument with bytes that are no text
        return _("有一处文字不是 UTF-8 编码"), BAD_INPUT
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    why = " ".join(str(error).split()) or type(error).__name__
    if "tlsec.range.state.UnknownTrouble" in kinds:
        return why, BAD_INPUT
    if kinds & {"tlsec.range.state.RangeError", "tlsec.report.errors.PaperError"}:
        return why, CANNOT_RUN
    if kinds & {"django.db.utils.Error", "sqlite3.Error"}:
        text = _(
            "数据库用不了：{why}。请检查 tlsec.yaml 的 database 项、data/ 目录的权限和磁盘空间"
        )
        return text.format(why=why), CANNOT_RUN
    if "django.core.exceptions.ImproperlyConfigured" in kinds:
        text = _("数据库用不了：{why}；用 PostgreSQL 需安装：pip install 'psycopg[binary]'")
        return text.format(why=why), CANNOT_RUN
    text = _("程序没有料到的错误（{kind}：{why}）。加上 {debug}=1 再运行一次可看到全部经过")
    kind = type(error).__name__
    return text.format(kind=kind, why=why[:300], debug=DEBUG), CANNOT_RUN


def _system(error: OSError) -> tuple[str, int]:
    number = error.errno or 0
    known = _OF_THE_USER.get(number) or _OF_THE_SYSTEM.get(number)
    why = _(known) if known else error.strerror or str(error)
    if error.filename:
        why = _("{name}：{value}").format(name=error.filename, value=why)
    return why, BAD_INPUT if number in _OF_THE_USER else CANNOT_RUN


def speak_utf8() -> None:
    """Text and file names here are Chinese: where the locale is ASCII, start again in UTF-8 mode.

    Where it is another encoding (GBK), a character that it lacks must not end the command.
    """
    ascii_only = locale.getpreferredencoding(False).lower() in (
        "ascii",
        "us-ascii",
        "ansi_x3.4-1968",
    )
    if ascii_only and not sys.flags.utf8_mode:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
