"""Evidence files, kept by their content: data/evidence/<aa>/<sha256>, copied whole, never changed again."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from django.db import transaction

from tlsec import workspace
from tlsec.i18n import N_, _, listed
from tlsec.register.refused import Refused

if TYPE_CHECKING:  # the store itself needs no database
    from tlsec.register.call import Call
    from tlsec.register.models import RiskItem
    from tlsec.register.models_handling import EvidenceFile

MAX_BYTES = 200 * 2**20
_CHUNK = 2**20
_READ_ONLY = stat.S_IRUSR | stat.S_IRGRP


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the store."""

    sha256: str
    size: int


KINDS = {
    "screenshot": N_("截图"),
    "document": N_("文件"),
    "log": N_("日志"),
    "retest": N_("复测记录"),
    "other": N_("其他"),
}


@dataclass(frozen=True, slots=True)
class Damage:
    """A stored file that is not what was handed in. `no`: the item it belongs to."""

    sha256: str
    name: str
    no: str
    what: Literal["missing", "altered"]

    def __str__(self) -> str:
        said = _("已丢失") if self.what == "missing" else _("已被改动")
        return _("证据“{name}”（{sha}）{said}，属于 {no}").format(
            name=self.name, sha=self.sha256[:12], said=said, no=self.no
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
            return self._keep(stream, source)

    def keep_bytes(self, data: bytes, name: str) -> Kept:
        """Keep what was made here, as a record of a retest. Raises Refused."""
        return self._keep(BytesIO(data), Path(name))

    def _keep(self, stream: BinaryIO, source: Path) -> Kept:
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

    def state(self, sha256: str) -> Literal["missing", "altered"] | None:
        """What is wrong with a stored file; None when nothing is."""
        if not os.path.lexists(self.path(sha256)):
            return "missing"
        return None if self.intact(sha256) else "altered"


def store() -> Store:
    """The store of the workspace that is open (TLSEC_WORKSPACE)."""
    return Store(workspace.find() / "data" / "evidence")


def verify(kept: Store) -> Iterator[Damage]:
    """Every file of every item that is missing or altered, each file read once."""
    from tlsec.register.models_handling import EvidenceFile

    state: dict[str, Literal["missing", "altered"] | None] = {}
    rows = EvidenceFile.objects.select_related("item").order_by("id")
    for row in rows.iterator(chunk_size=500):
        if row.sha256 not in state:
            state[row.sha256] = kept.state(row.sha256)
        if what := state[row.sha256]:
            yield Damage(row.sha256, row.name, row.item.no, what)


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


def attached(item: RiskItem, call: Call) -> EvidenceFile:
    """Keep the file of an `attach` and its row. Raises Refused for a file that cannot be taken."""
    source = Path(call.params["file"])
    kind = str(call.params.get("kind") or "other")
    if kind not in KINDS or (kind == "retest" and not call.machine):
        known = listed(key for key in KINDS if key != "retest")
        raise Refused(_("没有证据种类 {name}，可用：{known}").format(name=kind, known=known))
    return _row(item, store().keep(source), source.name, kind, call)


def proved(
    item: RiskItem, record: Mapping[str, Any], passes: int, actor: str, now: datetime
) -> EvidenceFile:
    """Keep the record of a retest by machine that passed `passes` times in a row, and say so in the journal."""
    from tlsec.register import journal
    from tlsec.register.call import Call

    text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    name = f"{item.no}-retest.json"
    call = Call("attach", actor, now, machine=True)
    with transaction.atomic():
        kept = store().keep_bytes(text.encode(), name)
        row = _row(item, kept, name, "retest", call, passes)
        after = {"item": item.no, "rows": [journal.tracked(row)]}
        journal.append(now, actor, "item.attach", item.no, after)
    return row


def _row(
    item: RiskItem, kept: Kept, name: str, kind: str, call: Call, passes: int = 0
) -> EvidenceFile:
    from tlsec.register.models_handling import EvidenceFile

    return EvidenceFile.objects.create(
        item=item, at=call.now, by=call.actor, kind=kind, name=name[:200], sha256=kept.sha256,
        size=kept.size, passes=passes, note=str(call.params.get("note", ""))[:300],
    )  # fmt: skip
