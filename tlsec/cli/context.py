"""What every command needs: where the workspace is, how to open it, how to end with the right code."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tlsec.i18n import _

if TYPE_CHECKING:  # help must not wait for what reads files
    from tlsec import workspace
    from tlsec.marked_yaml import Faulty

DONE, FINDINGS, BAD_INPUT, CANNOT_RUN = 0, 1, 2, 3
MAX_FAULTS = 200


def workspace_dir(ctx: click.Context) -> Path:
    """Root of the workspace that --workspace, TLSEC_WORKSPACE or the current folder names; else exit 2."""
    from tlsec import workspace

    with faults_end_here():
        return workspace.find(ctx.find_root().params.get("workspace"))


def open_workspace(ctx: click.Context) -> workspace.Workspace:
    """Read the configuration, start Django on its database and bring the tables up to date."""
    return open_root(workspace_dir(ctx))


def open_root(root: Path) -> workspace.Workspace:
    """As open_workspace, for a known root. One workspace a process."""
    from tlsec import workspace

    with faults_end_here():
        opened = workspace.read(root)
    os.environ["TLSEC_WORKSPACE"] = str(root)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tlsec.settings"
    opened.data.mkdir(exist_ok=True)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    return opened


def with_example(what: str, command: str) -> str:
    """Help text of a command: what it does, and one line that can be typed as it stands."""
    return what + "\n\n" + _("例：{command}").format(command=command)


def actor(ctx: click.Context) -> str:
    """Who acts: --as, or the login name of the shell."""
    named = ctx.find_root().params.get("actor")
    try:
        return str(named or getpass.getuser())
    except KeyError:  # a container's user without a name
        return str(os.getuid())


def print_json(data: Any) -> None:
    """One document on stdout."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def fail(message: str, code: int) -> NoReturn:
    """Say one sentence on stderr and end with the code."""
    click.echo(message, err=True)
    sys.exit(code)


@contextmanager
def faults_end_here() -> Iterator[None]:
    """Faulty input ends the command with every fault on stderr and exit code 2."""
    from tlsec.marked_yaml import Faulty

    try:
        yield
    except Faulty as error:
        show_faults(error)
        sys.exit(BAD_INPUT)


def show_faults(error: Faulty) -> None:
    """One line a fault on stderr."""
    for fault in error.faults[:MAX_FAULTS]:
        click.echo(str(fault), err=True)
    if len(error.faults) > MAX_FAULTS:
        click.echo(_("……另有 {n} 处").format(n=len(error.faults) - MAX_FAULTS), err=True)
