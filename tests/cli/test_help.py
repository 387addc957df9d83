"""Help answers at once, everywhere, with an example, in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

HEAVY = (
    "aiohttp", "asyncssh", "cryptography", "django", "docx", "openpyxl", "pydantic", "scapy",
    "typst",
)  # fmt: skip
CHINESE = re.compile(r"[\u3001\u3002\u3400-\u9fff\uff01-\uff20]")
SAMPLE_NAMES = re.compile("望川县|澜溪县|市人社局|新开的数据库端口")

# every group and command, in a process of its own because help texts are built once
WALK = """
import json, sys
import click
from tlsec import cli, i18n
i18n.use(sys.argv[1])
from tlsec.cli import click_words
click_words.translate()

def walk(command, context, words):
    yield words, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            yield from walk(sub, click.Context(sub, context, name), [*words, name])

root = cli._build()
with click.Context(root, info_name="tlsec", terminal_width=78) as context:
    print(json.dumps({" ".join(words): text for words, text in walk(root, context, ["tlsec"])}))
"""


def _python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module", params=["zh", "en"])
def helps(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, str]]]:
    import json

    yield request.param, json.loads(_python(WALK, request.param))


def test_help_loads_no_heavy_part() -> None:
    code = f"""
import sys
sys.argv = ["tlsec", "--help"]
from tlsec.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("loaded:", *sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    shown = _python(code)
    assert "tlsec demo" in shown
    assert shown.splitlines()[-1].strip() == "loaded:"


def test_every_command_shows_an_example(helps: tuple[str, dict[str, str]]) -> None:
    language, texts = helps
    assert len(texts) > 30
    word = "例：" if language == "zh" else "Example:"
    assert [name for name, text in texts.items() if word not in text] == []
    assert [name for name, text in texts.items() if "tlsec " not in text.split(word)[1]] == []


def test_english_help_is_english(helps: tuple[str, dict[str, str]]) -> None:
    language, texts = helps
    if language == "zh":
        assert all(text.startswith("用法：") for text in texts.values())
        return
    left = {
        name: text for name, text in texts.items() if CHINESE.search(SAMPLE_NAMES.sub("", text))
    }
    assert left == {}


@pytest.mark.parametrize("group", ["range", "register", "policy"])
def test_help_ends_well(group: str) -> None:
    from click.testing import CliRunner

    from tlsec import cli

    result = CliRunner().invoke(cli._build(), [group, "--help"])
    assert result.exit_code == 0
    assert isinstance(cli._build(), click.Group)


@pytest.mark.parametrize(
    ("setting", "arguments", "environment", "chosen"),
    [
        ("language: en", [], "", "en"),
        ("language: en", ["--lang", "zh"], "", "zh"),
        ("language: en", ["--lang=zh", "demo"], "en", "zh"),
        ('language: "en"', [], "zh", "zh"),
        ("city: 某市", [], "", "zh"),
        ("# language: en", [], "", "zh"),
    ],
)
def test_the_language_is_that_of_flag_environment_workspace(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    arguments: list[str],
    environment: str,
    chosen: str,
) -> None:
    from tlsec import cli

    (tmp_path / "tlsec.yaml").write_text(f"bureau: 局\n{setting}\n", encoding="utf-8")
    (tmp_path / "papers").mkdir()
    monkeypatch.delenv("TLSEC_WORKSPACE", raising=False)
    monkeypatch.setenv("TLSEC_LANG", environment)
    monkeypatch.chdir(tmp_path / "papers")
    assert cli._chosen_language(arguments) == chosen
    monkeypatch.chdir("/")
    assert cli._chosen_language([*arguments, f"--workspace={tmp_path}"]) == chosen
    assert environment or cli._chosen_language([]) == "zh"
