"""A growing file of lines, followed through rotation and truncation, with a position to go on from.

Only whole lines are given out, each with the position behind it; who stores the line stores the position
in the same transaction, so after a kill every line is taken once.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEAD = 256  # bytes that tell a file from its successor on the same inode
_CHUNK = 2**20
_PACKED = (".gz", ".xz", ".bz2", ".zst")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file was read. `head`: hash of its first `head_size` bytes."""

    path: str
    inode: int
    head: str
    head_size: int
    offset: int


class Tail:
    """Follows one path. `line_bytes`: a longer line is given out cut at one byte more, its rest skipped.

    `grace`: looks at a rotated file that find nothing more before its successor is opened, because its
    writer may not have been told yet. Files rotated in between are read in the order of their last change.
    """

    def __init__(
        self, path: Path, line_bytes: int, mark: Mark | None = None, grace: int = 4
    ) -> None:
        self._path, self._most = path, line_bytes
        self._grace, self._looks = grace, 0
        self._stream: BinaryIO | None = None
        self._offset = 0
        self._held = b""  # a line that has not ended yet
        self._cutting = False
        self._head, self._head_size = "", 0
        self._mark = mark

    def read(self, lines: int) -> list[tuple[bytes, Mark]]:
        """At most so many new lines; none when there is nothing new or no file yet."""
        found: list[tuple[bytes, Mark]] = []
        while len(found) < lines:
            if self._stream is None and not self._open():
                break
            if self._shrunk():
                self._start(self._path.open("rb") if self._path.exists() else None, 0)
                continue
            more = self._more(lines - len(found))
            self._looks = 0 if more else self._looks
            found += more
            if not more and not self._rotated():
                break
        return found

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self) -> bool:
        """The file that the mark means, if it is still there under any name; else the path from its start."""
        mark, self._mark = self._mark, None
        if mark is not None:
            for candidate in self._candidates(mark):
                stream = candidate.open("rb")
                if _matches(stream, mark):
                    self._start(stream, mark.offset)
                    return True
                stream.close()
        try:
            self._start(self._path.open("rb"), 0)
        except OSError:
            return False
        return True

    def _candidates(self, mark: Mark) -> list[Path]:
        try:
            beside = [p for p in self._path.parent.iterdir() if p.name.startswith(self._path.name)]
            return [p for p in sorted(beside) if p.is_file() and p.stat().st_ino == mark.inode]
        except OSError:
            return []

    def _start(self, stream: BinaryIO | None, offset: int) -> None:
        self.close()
        self._stream, self._offset, self._looks = stream, offset, 0
        self._held, self._cutting = b"", False
        self._head, self._head_size = "", 0
        if stream is not None:
            stream.seek(offset)

    def _shrunk(self) -> bool:
        """Emptied and written anew in place (copytruncate)."""
        assert self._stream is not None  # opened by read
        size = os.fstat(self._stream.fileno()).st_size
        return size < self._offset + len(self._held) or (
            self._head_size > 0 and _head(self._stream, self._head_size) != self._head
        )

    def _rotated(self) -> bool:
        """Whether the path is another file by now; then the next one to read is opened."""
        assert self._stream is not None  # opened by read
        ended = os.fstat(self._stream.fileno())
        try:
            if self._path.stat().st_ino == ended.st_ino:
                return False
            if self._looks < self._grace:
                self._looks += 1
                return False
            self._start(self._next(ended).open("rb"), 0)
        except OSError:
            return False  # moved away, its successor not made yet
        return True

    def _next(self, ended: os.stat_result) -> Path:
        """The oldest file that was changed after the one that ended, the path itself at the latest."""
        later = []
        for each in self._path.parent.iterdir():
            if each.name.startswith(self._path.name) and each.suffix not in _PACKED:
                about = each.stat()
                if about.st_mtime_ns > ended.st_mtime_ns and each != self._path:
                    later.append((about.st_mtime_ns, each))
        return min(later)[1] if later else self._path

    def _more(self, lines: int) -> list[tuple[bytes, Mark]]:
        assert self._stream is not None  # opened by read
        found: list[tuple[bytes, Mark]] = []
        at = 0  # where in what is held the next line begins
        while len(found) < lines:
            end = self._held.find(b"\n", at)
            if end < 0:
                self._held, at = self._held[at:], 0
                if len(self._held) > self._most:
                    found += self._cut()
                    continue
                data = self._stream.read(_CHUNK)
                if not data:
                    break
                self._held += data
                continue
            line = self._held[at : min(end, at + self._most + 1)]
            self._offset += end + 1 - at
            at = end + 1
            if self._cutting:
                self._cutting = False
            else:
                found.append((line, self._marked()))
        self._held = self._held[at:]
        return found

    def _cut(self) -> list[tuple[bytes, Mark]]:
        """The beginning of a line without end is given out once; the rest goes by."""
        line, cutting = self._held[: self._most + 1], self._cutting
        self._offset += len(self._held)
        self._held, self._cutting = b"", True
        return [] if cutting else [(line, self._marked())]

    def _marked(self) -> Mark:
        assert self._stream is not None  # opened by read
        if self._head_size < _HEAD:
            self._head_size = min(_HEAD, self._offset)
            self._head = _head(self._stream, self._head_size)
        inode = os.fstat(self._stream.fileno()).st_ino
        return Mark(str(self._path), inode, self._head, self._head_size, self._offset)


def _head(stream: BinaryIO, size: int) -> str:
    return hashlib.sha256(os.pread(stream.fileno(), size, 0)).hexdigest()


def _matches(stream: BinaryIO, mark: Mark) -> bool:
    size = os.fstat(stream.fileno()).st_size
    return size >= mark.offset and _head(stream, mark.head_size) == mark.head
