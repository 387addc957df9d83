"""Evidence files, kept by their content: data/evidence/<aa>/<sha256>, copied whole, never changed again."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Literal

from tlsec.i18n import _

MAX_BYTES = 200 * 2**20
_CHUNK = 2**20
_READ_ONLY = stat.S_IRUSR | stat.S_IRGRP


class Refused(Exception):
    """What may not be done in an assessment; the sentences are for the user."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = list(sentences)
        super().__init__("\n".join(sentences))


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the store."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A stored file that is not what was handed in. `answer`: row of the answer it belongs to."""

    sha256: str
    name: str
    answer: int
    what: Literal["missing", "altered"]

    def __str__(self) -> str:
        said = _("已丢失") if self.what == "missing" else _("已被改动")
        return _("证据“{name}”（{sha}）{said}，属于第 {answer} 号答复").format(
            name=self.name, sha=self.sha256[:12], said=said, answer=self.answer
        )


class Store:
    """The folder that holds the files; made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def keep(self, source: Path) -> Kept:
        """Copy a regular file in. Raises Refused; what was read is what is hashed and what is kept."""
        with _opened(source) as stream:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".part-", dir=self.folder)
            partial = Path(name)
            try:
                with os.fdopen(handle, "wb") as copy:
                    kept = _copy(stream, copy, source)
                    os.fchmod(copy.fileno(), _READ_ONLY)
                self._settle(partial, kept, source)
            finally:
                partial.unlink(missing_ok=True)
        return kept

    def _settle(self, partial: Path, kept: Kept, source: Path) -> None:
        """Give the copy its final name, or find that the same content is there already."""
        target = self.path(kept.sha256)
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(partial, target)
        except FileExistsError:
            if not self.intact(kept.sha256):
                # putting the right content back would hide that somebody changed it
                message = _("{file}：库中同一份证据已被改动，请先把 {path} 移走查明，再交一次")
                raise Refused(message.format(file=source.name, path=target)) from None
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def intact(self, sha256: str) -> bool:
        """The stored file is there, a regular file, and has the content of its name."""
        try:
            with _opened(self.path(sha256)) as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
        except Refused:
            return False

    def verify(self) -> Iterator[Damage]:
        """Every file of every answer that is missing or altered, each file read once."""
        from tlsec.assess.models import EvidenceFile

        state: dict[str, Literal["missing", "altered"] | None] = {}
        for row in EvidenceFile.objects.order_by("id").iterator(chunk_size=500):
            if row.sha256 not in state:
                found = os.path.lexists(self.path(row.sha256))
                good = found and self.intact(row.sha256)
                state[row.sha256] = None if good else "altered" if found else "missing"
            if what := state[row.sha256]:
                yield Damage(row.sha256, row.name, row.answer_id, what)


def inside(folder: Path, name: str) -> Path:
    """The file a workbook or YAML names, in a folder. Raises Refused for names that lead out of it."""
    parts = name.replace("\\", "/").split("/")
    if not name.strip() or name.startswith(("/", "\\")) or ".." in parts or ":" in name:
        raise Refused(_("{file}：只写证据文件夹里的文件名").format(file=name[:80]))
    path = folder.joinpath(*parts)
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Refused(_("{file}：只写证据文件夹里的文件名").format(file=name[:80]))
    except (OSError, ValueError, RuntimeError) as error:  # loops of links, NUL, too long
        raise Refused(_("{file}：打不开").format(file=name[:80])) from error
    return path


def _opened(path: Path) -> BufferedReader:
    """A regular file opened without following a link and without waiting on a pipe. Raises Refused."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Refused(_("{file}：没有这个文件").format(file=path)) from None
    except (OSError, ValueError) as error:
        if path.is_symlink():
            raise Refused(_("{file}：是符号链接，请交文件本身").format(file=path)) from error
        raise Refused(_("{file}：打不开").format(file=path)) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Refused(_("{file}：不是普通文件").format(file=path))
    return os.fdopen(handle, "rb")


def _copy(stream: BinaryIO, copy: BinaryIO, source: Path) -> Kept:
    """Copy and hash, counting what comes: the size said beforehand may change while reading."""
    digest, size = hashlib.sha256(), 0
    while block := stream.read(_CHUNK):
        size += len(block)
        if size > MAX_BYTES:
            message = _("{file}：超过 {mb} MB，不收")
            raise Refused(message.format(file=source.name, mb=MAX_BYTES // 2**20))
        digest.update(block)
        copy.write(block)
    if not size:
        raise Refused(_("{file}：是空文件，证明不了什么").format(file=source.name))
    copy.flush()
    os.fsync(copy.fileno())
    return Kept(digest.hexdigest(), size)
