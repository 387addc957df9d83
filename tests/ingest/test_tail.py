"""Following a file: whole lines only, through rotation and truncation, going on where it was left."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tlsec.ingest.tail import Mark, Tail


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)


def lines(tail: Tail, most: int = 1000) -> list[bytes]:
    return [line for line, _mark in tail.read(most)]


def test_a_line_comes_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    tail = Tail(path, 100, grace=0)
    assert lines(tail) == []
    append(path, b"one\ntw")
    assert lines(tail) == [b"one"]
    append(path, b"o\nthree\n")
    assert lines(tail) == [b"two", b"three"] and lines(tail) == []


def test_a_rotated_file_is_read_to_its_end_first(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    append(path, b"1\n")
    tail = Tail(path, 100, grace=0)
    assert lines(tail) == [b"1"]
    append(path, b"2\n")
    path.rename(tmp_path / "eve.json.1")
    append(tmp_path / "eve.json.1", b"3\n")
    assert lines(tail) == [b"2", b"3"]
    append(path, b"4\n")
    assert lines(tail) == [b"4"]


def test_the_writer_of_a_rotated_file_has_time_to_notice(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    append(path, b"1\n")
    tail = Tail(path, 100, grace=2)
    assert lines(tail) == [b"1"]
    path.rename(tmp_path / "eve.json.1")
    append(path, b"3\n")
    assert lines(tail) == []
    append(tmp_path / "eve.json.1", b"2\n")
    assert lines(tail) == [b"2"] and lines(tail) == [] and lines(tail) == [b"3"]


def test_a_file_emptied_in_place_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    append(path, b"a long first line\nsecond\n")
    tail = Tail(path, 100, grace=0)
    assert len(lines(tail)) == 2
    path.write_bytes(b"new\n")
    assert lines(tail) == [b"new"]
    path.write_bytes(b"newer, and longer than what was read before\n")
    assert lines(tail) == [b"newer, and longer than what was read before"]


def test_going_on_from_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    append(path, b"1\n2\n3\n")
    (_one, mark), *_rest = Tail(path, 100, grace=0).read(10)
    assert lines(Tail(path, 100, mark, grace=0)) == [b"2", b"3"]
    # rotated while nobody looked: the old file first, then the new one
    path.rename(tmp_path / "eve.json-20261124")
    append(path, b"4\n")
    assert lines(Tail(path, 100, mark, grace=0)) == [b"2", b"3", b"4"]
    # another file in its place
    (tmp_path / "eve.json-20261124").unlink()
    assert lines(Tail(path, 100, mark, grace=0)) == [b"4"]


def test_a_line_without_end_is_given_once_cut(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    tail = Tail(path, 10)
    append(path, b"x" * 3_000_000)
    assert lines(tail) == [b"x" * 11]
    append(path, b"y" * 50)
    assert lines(tail) == []
    append(path, b"\nnext\n")
    assert lines(tail) == [b"next"]


def test_any_pieces_and_any_stops_give_every_line_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    path, written, found = tmp_path / "eve.json", 0, []
    mark: Mark | None = None
    tail = Tail(path, 100, grace=0)
    for step in range(400):
        data = b"".join(b"line %d\n" % n for n in range(written, written + chance.randrange(5)))
        written += data.count(b"\n")
        append(path, data)
        if chance.random() < 0.05:
            rotated = path.rename(tmp_path / f"eve.json.{step}")
            os.utime(
                rotated, (step + 1, step + 1)
            )  # a kernel's clock may be too coarse for this test
        for line, at in tail.read(chance.randrange(1, 8)):
            found.append(line)
            mark = at
        if chance.random() < 0.1:  # killed; what was read is on record with its mark
            tail.close()
            tail = Tail(path, 100, mark, grace=0)
    append(path, b"")
    while more := lines(tail, 100):
        found += more
    assert found == [b"line %d" % n for n in range(written)]
