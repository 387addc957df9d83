"""Fonts: what is found, what it covers, and what is said when it is not enough."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.report.hostile import EMOJI
from tlsec.marked_yaml import Faulty
from tlsec.report import cmap, fonts
from tlsec.report.errors import MissingPart
from tlsec.report.fonts import Face

pytest.importorskip("typst")
RARE = "喆赟昇堃翀璟鑫淼焱垚囍镕旻珺玥煜韡玹彧镤〇"


def _chinese() -> dict[fonts.Role, fonts.Found]:
    try:
        return fonts.resolve(fonts.load(), fonts.installed())
    except MissingPart as error:
        pytest.skip(str(error))


def test_every_role_is_printed_by_a_simplified_face() -> None:
    for role, found in _chinese().items():
        assert found.role == role
        assert not {"JP", "KR", "TC", "HK"} & {family.split()[-1] for family in found.families}
        assert found.covers("网")


def test_rare_names_are_covered_and_emoji_named() -> None:
    roles = _chinese().values()
    assert fonts.uncovered([RARE], roles) == ()
    missing = fonts.uncovered([EMOJI], roles)
    assert missing[0] == "😀"
    assert "\u200d" not in missing
    assert "😀（U+1F600）" in str(fonts.refusal(missing))
    assert fonts.replace("a😀b", frozenset(missing)) == "a[U+1F600]b"


def test_a_collection_is_read_by_index() -> None:
    faces = [face for face in fonts.installed() if face.path.endswith(".ttc")]
    if not faces:
        pytest.skip("no font collection here")
    coverage = cmap.read(faces[0].path, faces[0].index)
    assert "网" in coverage
    assert "\U0010fffd" not in coverage


def test_no_chinese_font_says_what_to_install() -> None:
    latin = [face for face in fonts.installed() if "DejaVu" in face.family]
    for faces in ([], latin, [Face("Noto Serif CJK SC", 400, "/nowhere.otf", 0)]):
        with pytest.raises(MissingPart, match="apt install fonts-noto-cjk"):
            fonts.resolve(fonts.load(), faces)


def test_official_font_wins_where_it_is_installed() -> None:
    noto = _chinese()["仿宋"].faces[0]
    official = Face("FangSong", 400, noto.path, noto.index)
    found = fonts.resolve(fonts.load(), [*fonts.installed(), official])
    assert found["仿宋"].families[0] == "FangSong"


def test_nonsense_files_cover_nothing(tmp_path: Path) -> None:
    for number, data in enumerate((b"", b"OTTO", b"ttcf" + b"\xff" * 40, b"\0" * 400)):
        path = tmp_path / f"{number}.ttf"
        path.write_bytes(data)
        assert "a" not in cmap.read(str(path))


def test_cmap_format_4(tmp_path: Path) -> None:
    sub = struct.pack(">HHHHHHH", 4, 0, 0, 4, 0, 0, 0)
    sub += struct.pack(">HH", 0x42, 0xFFFF) + b"\0\0" + struct.pack(">HH", 0x41, 0xFFFF)
    table = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + sub
    head = struct.pack(">IHHHH", 0x10000, 1, 0, 0, 0)
    entry = struct.pack(">4sIII", b"cmap", 0, 28, len(table))
    path = tmp_path / "a.ttf"
    path.write_bytes(head + entry + table)
    coverage = cmap.read(str(path))
    assert "A" in coverage and "B" in coverage and "C" not in coverage and "\uffff" not in coverage


def test_overlay_wins_and_faults_have_places(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    file = tmp_path / "reports/fonts.yaml"
    file.write_text("roles:\n  仿宋:\n    docx: [甲]\n    pdf: [{name: 乙}]\n", encoding="utf-8")
    with pytest.raises(Faulty, match="缺少字体用途：楷体"):
        fonts.load(tmp_path)
    file.write_text("roles:\n  仿宋: {docx: 甲, pdf: []}\n", encoding="utf-8")
    with pytest.raises(Faulty, match=r"fonts\.yaml:2:"):
        fonts.load(tmp_path)
