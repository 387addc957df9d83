"""A clumsy or hostile user: every mistake is one sentence and the right exit code, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tlsec.cli import guard

# One process loads what every command needs and forks for each: 30 commands in the time of a few.
_FORKS = """
import json, os, sys
import django.core.management.commands.migrate, django.db.backends.sqlite3.base, django.db.models
import apscheduler.triggers.cron, cryptography.x509, rich.table
import tlsec.cli, tlsec.content, tlsec.policy.bundle, tlsec.policy.judge, tlsec.range.control
tlsec.content.fact_types()
for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.chdir(order["cwd"])
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.argv = ["tlsec", *order["argv"]]
        code = 99
        try:
            tlsec.cli.main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
_ENVIRONMENT = {
    key: value
    for key, value in os.environ.items()
    if key not in ("TLSEC_WORKSPACE", "TLSEC_LANG", "DJANGO_SETTINGS_MODULE")
}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """run(folder, *arguments) → exit code, stdout, stderr."""
    folder = tmp_path_factory.mktemp("output")
    with subprocess.Popen(
        [sys.executable, "-c", _FORKS],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_ENVIRONMENT,
    ) as forks:  # fmt: skip
        assert forks.stdin is not None
        assert forks.stdout is not None
        orders, answers = forks.stdin, forks.stdout

        def once(cwd: Path, *argv: str) -> tuple[int, str, str]:
            out, err = folder / "out", folder / "err"
            order = {"cwd": str(cwd), "argv": argv, "out": str(out), "err": str(err)}
            orders.write(json.dumps(order) + "\n")
            orders.flush()
            code = int(answers.readline())
            said = out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
            assert "Traceback" not in said[1], said[1]
            assert "没有料到" not in said[1], said[1]
            return code, *said

        yield once
        orders.close()


@pytest.fixture(scope="module")
def sample(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("city") / "w"
    assert run(root.parent, "init", "w", "--sample")[0] == 0
    return root


@pytest.fixture
def city(sample: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sample, tmp_path / "w")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("inventory import missing.yaml", 2, "missing.yaml"),
        ("inventory import tlsec.yaml", 2, "tlsec.yaml"),
        ("inventory lint /dev/null", 2, "/dev/null"),
        ("inventory list nothing", 2, "nothing"),
        ("inventory export /proc/x.xlsx", 2, "/proc/"),
        ("policy lint missing", 2, "missing"),
        ("policy explain net.exposur", 2, "net.exposure"),
        ("scan nothing", 2, "daily"),
        ("scan resume", 2, "没有可续跑的巡检"),
        ("scan --target=", 2, "--target"),
        ("scan daily --target S14", 2, "--target"),
        ("scan --target nonsense", 2, "nonsense"),
        ("scan --target 192.0.2.241", 3, "不在有效授权范围内"),
        ("register show YJ-1", 2, "YJ-1"),
        ("register move YJ-1 confirm", 2, "YJ-1"),
        ("register move YJ-1 nonsense", 2, "confirm"),
        ("register close YJ-1", 2, "YJ-1"),
        ("report nothing", 2, "ledger"),
        ("report ledger --format pdf", 2, "xlsx"),
        ("report ledger --unit 无此单位", 2, "无此单位"),
        ("plan pause nothing", 2, "nothing"),
        ("range break nothing", 2, "nothing"),
        ("range break 6", 3, "tlsec range up"),
        ("init .", 2, "已经是工作区"),
        ("init /proc/x", 2, "/proc/x"),
        ("demo --dir .", 3, "已经是工作区"),
        ("--workspace /nowhere alert list", 2, "tlsec init"),
        ("--lang fr doctor", 2, "fr"),
        ("nothing", 2, "nothing"),
    ],
)
def test_a_wrong_word_is_said_and_ends_with_its_code(
    run: Run, sample: Path, arguments: str, code: int, words: str
) -> None:
    got, out, err = run(sample, *arguments.split())
    assert (got, out) == (code, "")
    assert words in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "应为键值表"),
        ("city: 1\nbureau: b\n", "tlsec.yaml:1:7: city"),
        ("city: a\nbureau: b\nfoo: 1\n", "tlsec.yaml:3:6: foo"),
        ("city: a\n", "bureau: 缺少该项"),
        ("city: [\n", "tlsec.yaml:2:1"),
        ("city: a\nbureau: b\ndatabase: mysql://x\n", "tlsec.yaml:3:11: database"),
        ("city: a\nbureau: b\nlanguage: fr\n", "tlsec.yaml:3:11: language"),
        ("city: a\nbureau: b\nprofile: nothing\n", "default"),
    ],
)
def test_a_broken_configuration_is_said_with_its_line(
    run: Run, city: Path, text: str, words: str
) -> None:
    (city / "tlsec.yaml").write_text(text, encoding="utf-8")
    code, out, err = run(city, "plan", "list")
    assert (code, out) == (2, "")
    assert words in err


def _write(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")


def _faults(city: Path, run: Run) -> dict[str, str]:
    """What plans.yaml is blamed for: "line:column" → words."""
    code, out, err = run(city, "scan", "--dry-run")
    assert (code, out) == (2, "")
    return dict(re.findall(r"^plans\.yaml:(\d+:\d+): (.*)$", err, re.MULTILINE))


def test_plans_that_name_what_there_is_not_are_said_with_their_lines(run: Run, city: Path) -> None:
    _write(
        city / "plans.yaml",
        ("vantage: z6", "vantage: z99"),
        ("[net.port, net.service", "[net.prot, net.service"),
        ("ports: high-risk", "ports: high-rsik"),
        ("203.0.113.128/26", "203.0.113.128/2"),
        ("zones: [Z4, Z5, Z6, Z15]", "zones: [Z4, Z77]"),
        ("zones: [Z3, Z5, Z15]", "systems: [S99]"),
        ("zones: [Z4, Z5, Z15]", "assets: [S98]"),
    )
    found = _faults(city, run)
    assert {place.split(":")[0]: words.split("，")[0] for place, words in found.items()} == {
        "13": "台账里没有探测点 z99",
        "14": "没有探针 net.prot",
        "16": "203.0.113.128/2 不是地址段",
        "17": "没有端口清单 high-rsik",
        "19": "台账里没有区域 Z77",
        "20": "台账里没有定级对象 S99",
        "21": "台账里没有资产 S98",
    }
    assert "internet" in found["13:18"]  # what would have been right is said too
    assert found["17:16"].endswith("可用：high-risk")


def test_plans_of_the_wrong_shape_are_said_with_their_lines(run: Run, city: Path) -> None:
    _write(
        city / "plans.yaml",
        ('"30 6 * * *"', '"61 6 * * *"'),
        ('"10 * * * *"', '"0 0 31 2 *"'),
        ("discover: true\n        blocks", "discover: yes\n        blocks"),
        ("pages: internal", "pagse: internal"),
    )
    found = _faults(city, run)
    assert "cron" in found["10:14"]
    said = "\n".join(found.values())
    assert "plans.0.steps.0.discover: 应为 true 或 false（现为 yes）" in said
    assert "plans.0.steps.4.pagse: 没有这一项（可能拼写有误）" in said
    assert "plans.1.cadence: 这个周期永远不会到" in said


def test_broken_overlay_files_are_all_named(run: Run, city: Path) -> None:
    folder = city / "policies" / "checks"
    (folder / "folder.yaml").mkdir(parents=True)
    (folder / "text.yaml").write_text("foo")
    (folder / "bytes.yaml").write_bytes(b"\xff\xfe")
    os.mkfifo(folder / "pipe.yaml")
    code, out, err = run(city, "policy", "list")
    assert (code, out) == (2, "")
    assert [line.split(":")[0].rpartition("/")[2] for line in err.splitlines()] == [
        "bytes.yaml", "folder.yaml", "pipe.yaml", "text.yaml",
    ]  # fmt: skip


def test_a_link_to_nowhere_among_the_overlays_is_named(run: Run, city: Path) -> None:
    (city / "policies" / "checks").mkdir(parents=True)
    (city / "policies" / "checks" / "link.yaml").symlink_to("/nowhere")
    code, out, err = run(city, "policy", "list")
    assert (code, out) == (2, "")
    assert "link.yaml" in err


@pytest.mark.parametrize("arguments", ["alert list", "scan --target S14 --json", "audit verify"])
def test_a_spoilt_database_is_said(run: Run, city: Path, arguments: str) -> None:
    for file in (city / "data").glob("tlsec.sqlite3*"):
        file.unlink()
    (city / "data" / "tlsec.sqlite3").write_bytes(os.urandom(5000))
    code, out, err = run(city, *arguments.split())
    assert (code, out) == (3, "")
    assert "file is not a database" in err


def test_a_file_where_a_folder_belongs_is_said(run: Run, city: Path) -> None:
    shutil.rmtree(city / "papers")
    (city / "papers").touch()
    code, _out, err = run(city, "report", "ledger")
    assert (code, "papers" in err) == (2, True)


def test_a_bad_trust_file_is_said_before_anything_is_sent(run: Run, city: Path) -> None:
    (city / "tlsec.yaml").write_text("city: a\nbureau: b\ntrust: [plans.yaml]\n", encoding="utf-8")
    code, out, err = run(city, "scan", "--target", "S14")
    assert (code, "PEM" in err) == (2, True), out


@pytest.mark.parametrize(
    "arguments",
    [
        "alert list", "register list", "plan next", "audit verify", "policy coverage", "doctor",
        "report list", "report ledger", "inventory list", "inventory lint", "range list",
        "range status", "scan --target S14 --dry-run",
    ],
)  # fmt: skip
def test_json_is_one_document_and_nothing_else(run: Run, sample: Path, arguments: str) -> None:
    code, out, _err = run(sample, *arguments.split(), "--json")
    assert code == 0
    assert isinstance(json.loads(out), dict)


def _tlsec(cwd: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tlsec", *arguments],
        cwd=cwd,
        env={**_ENVIRONMENT, "PYTHONPATH": str(Path(guard.__file__).parents[2]), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_a_reader_that_has_seen_enough(sample: Path) -> None:
    """As `tlsec … | head -1`: no traceback, and not the code of a finding."""
    process = _tlsec(sample, "policy", "explain", "net.exposure")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read().decode()
    process.stderr.close()
    assert (process.wait(30), said) == (guard.READER_GONE, "")


def test_chinese_under_an_ascii_locale(sample: Path) -> None:
    process = _tlsec(
        sample, "plan", "list", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", COLUMNS="40"
    )
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert "检" in out.decode()
    assert max(len(line) for line in out.decode().splitlines()) <= 40


def test_ctrl_c_while_the_range_starts_leaves_nothing(tmp_path: Path) -> None:
    process = _tlsec(tmp_path, "demo", "--dir", str(tmp_path / "d"))
    folder = tmp_path / "d" / "data" / "range"
    while not (folder / "range.log").exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    assert process.returncode == guard.INTERRUPTED
    assert err.decode().strip().splitlines()[-1] == "已中止。"
    assert not folder.exists()


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(errno.ENOSPC, "x", "data"), 3, "data"),
        (OSError(errno.ENOENT, "x", "file"), 2, "file"),
        (PermissionError(errno.EACCES, "x", "file"), 2, "没有权限"),
        (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "x"), 2, "UTF-8"),
        (ZeroDivisionError("division by zero"), 3, guard.DEBUG),
    ],
)
def test_what_nobody_expected_is_one_sentence(error: Exception, code: int, words: str) -> None:
    def fails(**_settings: object) -> None:
        raise error

    text, got = guard.sentence(error)
    assert (got, "\n" in text) == (code, False)
    assert words in text
    assert guard.run(fails) == code


def test_the_whole_story_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_settings: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setenv(guard.DEBUG, "1")
    with pytest.raises(ZeroDivisionError):
        guard.run(fails)
