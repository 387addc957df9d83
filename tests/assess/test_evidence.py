"""Evidence is kept as it was handed in, and shows when somebody has touched it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.assess import answering
from tests.assess.answering import NOW


@pytest.fixture
def store(django: Path, tmp_path: Path) -> Any:
    from tlsec.assess.evidence import Store

    return Store(tmp_path / "data" / "evidence")


def refused(store: Any, path: Path) -> str:
    from tlsec.assess.evidence import Refused

    with pytest.raises(Refused) as error:
        store.keep(path)
    left = [p for p in store.folder.rglob("*") if p.is_file()] if store.folder.exists() else []
    assert left == []
    return str(error.value)


def test_a_file_is_kept_by_its_content_and_read_only(store: Any, tmp_path: Path) -> None:
    first, second = answering.file(tmp_path, "一.txt"), tmp_path / "二.txt"
    second.write_bytes(first.read_bytes())
    kept = store.keep(first)
    assert store.keep(second) == kept
    assert kept.size == first.stat().st_size
    files = [p for p in store.folder.rglob("*") if p.is_file()]
    assert files == [store.folder / kept.sha256[:2] / kept.sha256]
    assert files[0].stat().st_mode & 0o777 == 0o440
    first.write_text("后来改了", encoding="utf-8")
    assert store.intact(kept.sha256)


def test_only_regular_files_of_a_sensible_size(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tlsec.register import evidence

    real = answering.file(tmp_path, "真.txt")
    link = tmp_path / "链接.txt"
    link.symlink_to(real)
    assert "符号链接" in refused(store, link)
    pipe = tmp_path / "管道"
    os.mkfifo(pipe)
    assert "不是普通文件" in refused(store, pipe)
    assert "不是普通文件" in refused(store, tmp_path)
    assert "没有这个文件" in refused(store, tmp_path / "无")
    assert "不是普通文件" in refused(store, Path("/dev/zero"))
    empty = tmp_path / "空"
    empty.touch()
    assert "空文件" in refused(store, empty)
    monkeypatch.setattr(evidence, "MAX_BYTES", 2**20)
    big = tmp_path / "大"
    big.write_bytes(bytes(2**20 + 1))
    assert "超过 1 MB" in refused(store, big)


@pytest.mark.parametrize(
    "name", ["../a", "/etc/passwd", "x/../../a", "C:\\a.txt", "\\\\host\\a", "", " ", "a\0b"]
)
def test_names_that_lead_out_of_the_folder(django: Path, tmp_path: Path, name: str) -> None:
    from tlsec.assess.evidence import Refused, inside

    with pytest.raises(Refused):
        inside(tmp_path, name)


def test_a_folder_link_does_not_lead_out(django: Path, tmp_path: Path) -> None:
    from tlsec.assess.evidence import Refused, inside

    inner = tmp_path / "证据"
    inner.mkdir()
    (inner / "外").symlink_to(tmp_path)
    with pytest.raises(Refused):
        inside(inner, "外/secret.txt")
    assert inside(inner, "子/a.txt") == inner / "子" / "a.txt"


def test_altered_and_missing_files_are_found(tables: Path, tmp_path: Path) -> None:
    from tlsec.assess import answers
    from tlsec.assess.evidence import Refused

    answering.register()
    inquiry = answering.inquiry(tmp_path)
    rows = [
        answers.record(
            inquiry, "S05", "ces.identity.unique", "all", "甲", NOW,
            evidence=[("list", answering.file(tmp_path, f"{n}.txt"), date(2026, 11, 20))],
        )
        for n in range(3)
    ]  # fmt: skip
    assert list(inquiry.store.verify()) == []
    paths = [inquiry.store.path(row.evidence.get().sha256) for row in rows]
    paths[0].unlink()
    paths[1].chmod(0o640)
    paths[1].write_text("改过", encoding="utf-8")
    found = [(d.answer, d.what) for d in inquiry.store.verify()]
    assert found == [(rows[0].pk, "missing"), (rows[1].pk, "altered")]
    assert "“1.txt”" in str(list(inquiry.store.verify())[1])
    # handing the same paper in again must not hide that the stored one was changed
    with pytest.raises(Refused, match="已被改动"):
        inquiry.store.keep(tmp_path / "1.txt")
    paths[2].unlink()
    paths[2].symlink_to(tmp_path / "2.txt")
    assert [d.what for d in inquiry.store.verify()] == ["missing", "altered", "altered"]
