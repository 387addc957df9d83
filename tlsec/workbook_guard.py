"""A workbook that comes back is a file from anybody: it is looked at as bytes before anything reads it."""

from __future__ import annotations

import codecs
import re
import stat
import zipfile
import zlib
from pathlib import Path

from tlsec.i18n import N_, _
from tlsec.marked_yaml import Fault, Faulty

MAX_FILE = 20 * 2**20
MAX_UNPACKED = 50 * 2**20
MAX_PARTS = 1000
_SUFFIXES = (".xlsm", ".xltm", ".xlam", ".xlsb", ".xls")
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"  # a compound file: .xls, or .xlsx behind a password
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)")
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError,
)  # fmt: skip
_MARKUP = (".xml", ".rels", ".vml")
# what a part's name or type begins with → what is wrong with it
_ACTIVE = (
    (re.compile(r"vbaproject|/macrosheets/|/dialogsheets/", re.I), N_("含有宏，拒绝读取")),
    (re.compile(r"/externallinks/", re.I), N_("含有指向其他文件的链接，拒绝读取")),
    (re.compile(r"/embeddings/|/activex/|/ctrlprops/", re.I), N_("含有嵌入的对象或控件，拒绝读取")),
    (re.compile(r"/connections\.xml|/querytables/|/webextensions/", re.I), N_("含有数据连接，拒绝读取")),
)  # fmt: skip


def check(path: Path) -> None:
    """Raises Faulty with everything that is wrong with the file as a whole."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise Faulty([Fault(str(path), _("不是普通文件"))])
    if path.suffix.lower() in _SUFFIXES:
        message = _("不收 {suffix}：请另存为 .xlsx（不带宏）").format(suffix=path.suffix)
        raise Faulty([Fault(str(path), message)])
    if about.st_size > MAX_FILE:
        message = _("文件 {mb} MB，超过 {most} MB，拒绝读取")
        mb = about.st_size // 2**20
        raise Faulty([Fault(str(path), message.format(mb=mb, most=MAX_FILE // 2**20))])
    with path.open("rb") as stream:
        if stream.read(4) == _OLD_OR_LOCKED:
            raise Faulty([Fault(str(path), _("加了密码或是旧的 .xls，请另存为不加密的 .xlsx"))])
    try:
        with zipfile.ZipFile(path) as archive:
            faults = _parts(path, archive)
    except _DAMAGED as error:
        raise Faulty([unreadable(path)]) from error
    if faults:
        raise Faulty(faults)


def unreadable(path: Path) -> Fault:
    return Fault(str(path), _("不是能读的 XLSX 工作簿"))


def _parts(path: Path, archive: zipfile.ZipFile) -> list[Fault]:
    parts = archive.infolist()
    names = [part.filename for part in parts]
    # zipfile never unpacks more of a part than its header declares, so the sum is a bound
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        message = _("解压后超过 {mb} MB，拒绝读取").format(mb=MAX_UNPACKED // 2**20)
        return [Fault(str(path), message)]
    if len(set(names)) != len(names):
        return [Fault(str(path), _("压缩包里有重名的部分，拒绝读取"))]
    found = [text for pattern, text in _ACTIVE if any(pattern.search(f"/{n}") for n in names)]
    for part in parts:
        if not part.filename.lower().endswith(_MARKUP):
            continue
        data = archive.read(part).replace(b"\0", b"")
        if _DECLARATION.search(data) or not _markup(data):
            found.append(N_("含有文档类型声明或不明编码，拒绝读取"))
        if part.filename == "[Content_Types].xml" and b"macroEnabled" in data:
            found.append(_ACTIVE[0][1])
    return [Fault(str(path), _(text)) for text in dict.fromkeys(found)]


def _markup(data: bytes) -> bool:
    """The text begins as XML does in an encoding in which the search above can see."""
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        data = data.removeprefix(mark)
    head = data[:200].lstrip()
    declared = re.search(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']", head.split(b"?>")[0])
    known = declared is None or declared[1].lower() in (b"utf-8", b"utf-16", b"us-ascii", b"ascii")
    return not head or (head.startswith(b"<") and known)
