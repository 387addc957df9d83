"""Mapping files and what is read through them: JSON posts, sheets, syslog rules; faults with their places."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.ingest.conftest import FOLDERS, NOW
from tlsec.ingest import mapping, settings, severity, syslog, table, webhook
from tlsec.ingest.event import Event, Left, Rejected
from tlsec.ingest.mapping import Map
from tlsec.ingest.reading import Reading
from tlsec.marked_yaml import Faulty

TABLES = severity.load(FOLDERS)
HIDS = """
map: hids
version: 1
format: json
kind: edr
each: data.events
skip: [{at: type, is: [heartbeat]}]
fields:
  check: [rule_id, rule.id]
  title: name
  severity: {at: level}
  address: agent.ip
  time: ts
  event_id: uuid
  actor: peer
  condition: {at: state, clear: [resolved, 已恢复]}
  message: {at: text, after: "detail=", before: ";"}
  locus: {file: path, account: user}
  attributes: {agent: agent.version}
"""
SCANNER = """
map: scanner
version: 2
format: table
kind: vuln
fields:
  check: {at: 漏洞编号, prefix: "scan:"}
  title: 漏洞名称
  severity: {at: CVSS, table: cvss}
  address: 目标
  port: 端口
  time: 发现时间
  locus: {component: 组件}
"""
RULES = """
map: vpn
version: 1
format: syslog
kind: log
rules:
  - app: vpnd
    contains: login failed
    fields:
      check: {is: vpn.login-failed}
      severity: {is: 中危}
      actor: {at: message, after: "from ", before: " "}
      locus: {account: {at: message, after: "user=", before: ","}}
"""


def made(text: str, folder: Path) -> Map:
    file = folder / "map.yaml"
    file.write_text(text, encoding="utf-8")
    return mapping.load(file, TABLES)


def faults(text: str, folder: Path) -> list[str]:
    with pytest.raises(Faulty) as caught:
        made(text, folder)
    return [str(fault) for fault in caught.value.faults]


def test_json_through_a_map(tmp_path: Path, read_with: Callable[..., Reading]) -> None:
    body = {
        "data": {
            "events": [
                {"rule": {"id": "R7"}, "name": "提权", "level": "高危", "agent": {"ip": "198.51.100.20"},
                 "ts": 1795492800000, "uuid": "u1", "peer": "203.0.113.9", "path": "/bin/x", "user": "root",
                 "text": "a detail=b c; d"},
                {"type": "heartbeat"},
                {"rule_id": 5, "state": "已恢复", "agent": {"ip": "https://Www.Lanze.test:8443/x"}},
                {"name": "no rule"},
                "no object",
            ]
        }
    }  # fmt: skip
    reading = read_with(map=made(HIDS, tmp_path))
    first, beat, clear, none, odd = webhook.parse(json.dumps(body).encode(), reading)
    assert isinstance(first, Event) and isinstance(clear, Event)
    assert (first.check, first.severity, first.kind) == ("R7", "high", "edr")
    assert first.locus == {"file": "/bin/x", "account": "root"} and first.message == "b c"
    assert first.event_id == "u1" and first.actors == ("203.0.113.9",)
    assert (clear.check, clear.condition) == ("5", "clear")
    assert (clear.host, clear.port) == ("www.lanze.test", 8443)
    assert isinstance(beat, Left) and isinstance(none, Rejected) and isinstance(odd, Rejected)
    for raw in (b"", b"nothing", b'{"data":{}}', b'{"data":{"events":3}}', b"[" * 100_000):
        (refused,) = webhook.parse(raw, reading)
        assert isinstance(refused, Rejected)


def test_syslog_rules(tmp_path: Path, read_with: Callable[..., Reading]) -> None:
    reading = read_with(map=made(RULES, tmp_path))
    raw = (
        b"<14>Nov 24 11:59:58 vpn01 vpnd[9]: login failed user=li,realm=x from 203.0.113.9 tries 3"
    )
    (event,) = syslog.parse(raw, reading)
    assert isinstance(event, Event) and event.check == "vpn.login-failed"
    assert event.severity == "medium" and event.actors == ("203.0.113.9",)
    assert event.locus == {"account": "li"} and event.host == "vpn01"
    (left,) = syslog.parse(b"<14>Nov 24 11:59:58 vpn01 vpnd: hello", reading)
    assert left == Left("s1", NOW, "no-rule.vpnd")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HIDS.replace("fields:", "felds:"), "map.yaml:9:3: felds"),
        (HIDS.replace("check:", "chek:"), "map.yaml:9:"),
        (HIDS.replace("{at: level}", "{at: level, table: nothing}"), "map.yaml:11:32"),
        (HIDS.replace("file: path", "colour: path"), "map.yaml:18:"),
        (HIDS.replace("format: json", "format: xml"), "map.yaml:4:9"),
        (HIDS.replace("version: 1", "version: one"), "map.yaml:3:10"),
        (HIDS.replace("check: [rule_id, rule.id]", "check: {at: a, is: b}"), "map.yaml:9:"),
        (HIDS.replace("check: [rule_id, rule.id]", "check: {at: a, regex: (a+)+}"), "map.yaml:9:"),
        (HIDS.replace("check: [rule_id, rule.id]", "check: {}"), "map.yaml:9:"),
        (HIDS.replace("kind: edr", "kind: [edr]"), "map.yaml:5:7"),
        (RULES.replace("rules:", "fields: {check: a}\nrules:"), "map.yaml:2:1"),
        ("map: x\nversion: 1\nformat: json\nkind: edr\n", "map.yaml:1:1"),
        ("- 1\n", "map.yaml:1:1"),
        ("", "map.yaml:1:1"),
        ("map: !!python/object:os.system x\n", "map.yaml:1:6"),
        ("a: &a [1]\nb: *a\n", "map.yaml:1:4"),
        ("map: " + "[" * 500, "map.yaml:"),
    ],
)
def test_a_faulty_map_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert any(line.startswith(said) for line in faults(text, tmp_path)), faults(text, tmp_path)


def test_all_faults_of_all_maps_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HIDS.replace("version: 1", "version: 0").replace("edr", "xyz"))
    (tmp_path / "b.yaml").write_text("map: b\n")
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Faulty) as caught:
        mapping.load_all(tmp_path, TABLES)
    files = [fault.where.partition(":")[0] for fault in caught.value.faults]
    assert files.count("a.yaml") == 2 and "b.yaml" in files and "c.yaml" in files


ROWS: list[list[Any]] = [
    ["漏洞编号", "漏洞名称", "CVSS", "目标", "端口", "发现时间", "组件"],
    ["CVE-2026-1", "旧版组件", 9.8, "198.51.100.20", 443, "2026-11-20 08:00", "nginx"],
    ["CVE-2026-2", "弱算法", 5, "https://www.lanze.test:8443/", "", "2026年11月20日 08:00", ""],
    ["CVE-2026-3", "", 3.1, "oa.lanze.test", "-", "", "php"],
]


def xlsx(path: Path, rows: list[list[Any]], sheet: str = "结果") -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet(sheet)
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    return path


def as_csv(path: Path, rows: list[list[Any]], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream).writerows(rows)
    return path


@pytest.fixture
def scanning(tmp_path: Path, read_with: Callable[..., Reading]) -> Reading:
    return read_with(map=made(SCANNER, tmp_path))


@pytest.mark.parametrize("kind", ["xlsx", "csv", "gbk"])
def test_a_report(tmp_path: Path, scanning: Reading, kind: str) -> None:
    if kind == "xlsx":
        path = xlsx(tmp_path / "r.xlsx", ROWS)
    else:
        path = as_csv(tmp_path / "r.csv", ROWS, "utf-8-sig" if kind == "csv" else "gbk")
    first, second, third = table.read(path, scanning)
    assert isinstance(first, Event) and isinstance(second, Event) and isinstance(third, Event)
    assert (first.check, first.severity, first.kind) == ("scan:CVE-2026-1", "critical", "vuln")
    assert (first.address, first.port, first.locus) == (
        "198.51.100.20",
        443,
        {"component": "nginx"},
    )
    assert (second.host, second.port, second.severity) == ("www.lanze.test", 8443, "medium")
    assert second.at == first.at and third.title == "scan:CVE-2026-3" and third.port == 0
    again = [one.event_id for one in table.read(path, scanning) if isinstance(one, Event)]
    assert again == [first.event_id, second.event_id, third.event_id] and len(set(again)) == 3


def test_all_faults_of_a_report_with_row_and_column(tmp_path: Path, scanning: Reading) -> None:
    rows = [
        *ROWS,
        ["", "无编号", 5, "198.51.100.21", 80, "", ""],
        ["CVE-4", "x", 5, "不是 地址", 80, "", ""],
        ["CVE-5", "x", 5, "198.51.100.22", "七十", "昨天", ""],
        ["CVE-6", "=1+1", 5, "198.51.100.22", 1, "", ""],
    ]
    with pytest.raises(Faulty) as caught:
        table.read(xlsx(tmp_path / "r.xlsx", rows), scanning)
    places = [fault.where.rpartition("!")[2] for fault in caught.value.faults]
    assert sorted(places) == ["A5", "B8", "D6", "E7", "F7"]


def test_a_report_with_other_columns(tmp_path: Path, scanning: Reading) -> None:
    with pytest.raises(Faulty) as caught:
        table.read(
            as_csv(tmp_path / "r.csv", [["编号", "编号", "目标"], ["1", "2", "3"]]), scanning
        )
    text = str(caught.value)
    assert "重复" in text and "漏洞编号" in text and "端口" in text


def test_files_that_are_no_reports(tmp_path: Path, scanning: Reading) -> None:
    good = xlsx(tmp_path / "r.xlsx", ROWS)
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 100)
    (tmp_path / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 100)
    (tmp_path / "cut.xlsx").write_bytes(good.read_bytes()[:-200])
    (tmp_path / "text.xlsx").write_text("no zip")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "huge.csv").write_text('"' + "x" * 200_000)
    good.rename(tmp_path / "r.xlsm")
    for path in sorted(tmp_path.iterdir()):
        if path.suffix != ".yaml":
            with pytest.raises(Faulty):
                table.read(path, scanning)


@pytest.mark.parametrize("guide", ["ingest.zh.md", "ingest.en.md"])
def test_the_examples_of_the_guide_load(tmp_path: Path, guide: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "guide" / guide).read_text(encoding="utf-8")
    blocks = [part.partition("```")[0] for part in text.split("```yaml\n")[1:]]
    maps = [block for block in blocks if block.startswith("map:")]
    assert maps and all(made(block, tmp_path) for block in maps)
    (tmp_path / "map.yaml").unlink()
    (tmp_path / "ingest").mkdir()
    for at, block in enumerate((*maps, HIDS)):
        (tmp_path / "ingest" / f"{at}.yaml").write_text(block, encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    for name in ("am.token", "hids.key"):
        (tmp_path / "secrets" / name).write_bytes(b"x" * 32)
        (tmp_path / "secrets" / name).chmod(0o600)
    (config,) = (block for block in blocks if block.startswith("sources:"))
    (tmp_path / "ingest.yaml").write_text(config, encoding="utf-8")
    assert len(settings.read(tmp_path, TABLES).sources) == 6
