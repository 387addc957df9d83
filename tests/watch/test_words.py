"""Word lists: context rules and white list before any hit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import words
from tlsec.policy.words import Words


@pytest.fixture(scope="module")
def sample() -> Words:
    return Words(words.load(content.policies()))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("欢迎办事", []),
        ("本页含演练甲类违禁词样例。", ["演练甲类违禁词样例"]),
        ("演练 甲类\n违禁\u200b词样例", ["演练甲类违禁词样例"]),
        ("市里印发反对使用演练甲类违禁词样例的通知", []),
        ("反对使用演练甲类违禁词样例的通知，另见演练甲类违禁词样例", ["演练甲类违禁词样例"]),
        ("样例开奖结果公示", []),
        ("样例开奖，点此下载", ["样例开奖"]),
        ("岚择市（曾用名）志", []),
        ("岚择市政务公升", ["岚择市", "政务公升"]),
    ],
)
def test_context_decides(sample: Words, text: str, found: list[str]) -> None:
    assert sorted(hit.word for hit in sample.find(text)) == sorted(found)


def test_hits_are_counted_with_their_context(sample: Words) -> None:
    (hit,) = sample.find("前文前文政务公升后文。政务公升")
    assert (hit.level, hit.count, hit.list) == (2, 2, "wrong")
    assert hit.context.startswith("前文前文政务公升")


def test_a_large_text_is_read_quickly(sample: Words) -> None:
    assert sample.find("政务公开" * 200_000) == []


def test_a_workspace_adds_a_list_and_is_told_of_faults(tmp_path: Path) -> None:
    folder = tmp_path / "policies" / "words"
    folder.mkdir(parents=True)
    own = folder / "own.yaml"
    own.write_text(
        "id: own\nzh: 本地\nen: Own\nsource: 本局\ndate: '2026-11-24'\n"
        "lists: [{id: x, zh: 甲, en: A, level: 1, words: [{word: 甲乙丙}]}]\n",
        encoding="utf-8",
    )
    found = Words(words.load(content.policies(tmp_path)))
    assert [hit.word for hit in found.find("甲乙丙政务公升")] == ["甲乙丙", "政务公升"]
    own.write_text(own.read_text(encoding="utf-8").replace("level: 1", "level: 9"))
    with pytest.raises(Faulty, match=r"own\.yaml"):
        words.load(content.policies(tmp_path))
