"""What commands of warnings and cases share: how a refusal ends them, how a time is typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from tlsec.cli.context import BAD_INPUT, fail, faults_end_here


@contextmanager
def refusals_end_here() -> Iterator[None]:
    """What may not be done ends the command with its sentences and exit code 2."""
    from tlsec.register.refused import Refused

    try:
        with faults_end_here():
            yield
    except Refused as error:
        fail(str(error), BAD_INPUT)


def moment_of(option: str, text: str | None) -> datetime | None:
    """A time as typed, in Asia/Shanghai unless it says otherwise; else exit 2."""
    from tlsec.incident.drafts import time_of

    try:
        found = time_of(text) if text else None
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from error
    assert found is None or isinstance(found, datetime)
    return found
