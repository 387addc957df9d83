"""What others may know of a running range, where it is written down, and what can go wrong."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tlsec.range.mapping import translate


class RangeError(Exception):
    """Something a person has to know; the text is one sentence for them."""


class AlreadyUp(RangeError):
    """A range of this workspace is running."""


class NotUp(RangeError):
    """No range of this workspace is running."""


class AddressTaken(RangeError):
    """Another program holds an address the city needs."""


class UnknownTrouble(RangeError):
    """No trouble has this name or number."""


@dataclass(frozen=True, slots=True)
class RangeState:
    """A running range. Times are UTC; `memory` is resident bytes; `connections` were served so far."""

    pid: int
    birth: int  # start time of the process in clock ticks, tells a reused pid from the range's
    port_shift: int
    started: datetime
    ca: Path  # PEM file of the range's root certificate
    servers: int = 0
    connections: int = 0
    memory: int = 0
    troubles: dict[str, bool] = field(default_factory=dict)  # name → broken now

    def translate(self, address: str, port: int) -> tuple[str, int]:
        """Paper address and port → what to dial. ValueError outside the documentation ranges."""
        return translate(address, port, self.port_shift)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "started": self.started.isoformat(), "ca": str(self.ca)}


def folder(data_dir: Path) -> Path:
    """Everything the range keeps in a workspace, but for the receipts."""
    return data_dir / "range"


def write(data_dir: Path, state: RangeState) -> None:
    """Replace range.json at once."""
    path = folder(data_dir) / "range.json"
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(state.as_json(), ensure_ascii=False, indent=2), encoding="utf-8")
    draft.replace(path)


def from_json(data: dict[str, Any]) -> RangeState:
    return RangeState(
        **{
            **data,
            "started": datetime.fromisoformat(data["started"]),
            "ca": Path(data["ca"]),
        }
    )


def read(data_dir: Path) -> RangeState | None:
    """What range.json says, if the process it names is alive; else None."""
    try:
        text = (folder(data_dir) / "range.json").read_text(encoding="utf-8")
        state = from_json(json.loads(text))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return state if birth_of(state.pid) == state.birth else None


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    """A descriptor of a folder, e.g. for paths below /proc/self/fd that must be short."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def clear(data_dir: Path) -> None:
    """Remove what a range leaves on disk."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder(data_dir))


def birth_of(pid: int) -> int | None:
    """Start time of a live process in clock ticks since boot (proc(5), stat field 22); None if none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def memory_of_self() -> int:
    """Resident bytes of this process (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
