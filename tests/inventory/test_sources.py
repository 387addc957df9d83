"""What is wrong with a file: everything at once, each in its place, in the user's words."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from tlsec.inventory import xlsx_read
from tlsec.inventory.checking import lint
from tlsec.inventory.columns import tables
from tlsec.inventory.sources import open_source
from tlsec.marked_yaml import Faulty

BAD_ZONES = """\
# 说明
- {id: Z1, name: 一区, role: dmz, blocks: [203.0.113.0/26]}
- {id: Z 2, name: 二区, role: 内网, blocks: [203.0.113.70/28, 300.1.1.1]}
- id: Z3
  role: 互联网出口
  blocks: []
  colour: red
"""
BAD_SYSTEMS = """\
- {id: S01, name: 门户, unit: 政府办, county: 某市, grade: S2A3G2, zone: Z9, key_object: maybe}
- {id: S01, name: 门户二, unit: 数据局, county: 数据局, last_visit: 昨天}
"""
UNITS = """\
- {id: 某市, name: 某市, kind: city}
- {id: 数据局, name: 数据局, kind: unit, county: 某市}
"""


def faults(path: Path) -> list[str]:
    _rows, found = lint(path)
    return [str(fault).removeprefix(f"{path}/") for fault in found]


def at(text: str, needle: str, name: str) -> str:
    """`name.yaml:line:column` of what follows the `|` in a piece of the text."""
    before, after = needle.split("|")
    assert text.count(before + after) == 1, needle
    start = text.index(before + after) + len(before)
    line = text.count("\n", 0, start) + 1
    return f"{name}.yaml:{line}:{start - text.rfind(chr(10), 0, start)}: "


def test_yaml_names_every_fault_with_line_and_column(folder: Callable[..., Path]) -> None:
    found = faults(folder(zones=BAD_ZONES, systems=BAD_SYSTEMS, units=UNITS))
    expected = [
        (BAD_ZONES, "zones", "|Z 2", "编号：编号应为"),
        (
            BAD_ZONES,
            "zones",
            "|内网",
            "作用：不在可选范围内（现为“内网”）。允许：互联网发布区(dmz)",
        ),
        (
            BAD_ZONES,
            "zones",
            "|203.0.113.70/28",
            "网段：网段的主机位不为零，是否应为 203.0.113.64/28",
        ),
        (BAD_ZONES, "zones", "|300.1", "网段：不是有效的网段（现为“300.1.1.1”）"),
        (BAD_ZONES, "zones", "|colour", "没有“colour”这一列，只有 id、name、role、blocks、note"),
        (BAD_SYSTEMS, "systems", "|S2A3G2", "定级：G 应为 S 与 A 中较高者，此处应为 G3（现为"),
        (BAD_SYSTEMS, "systems", "|maybe", "重点对象：只能是 是/否 或 true/false（现为“maybe”）"),
        (BAD_SYSTEMS, "systems", "|昨天", "最近访问：应为日期"),
    ]
    for text, name, needle, said in expected:
        assert any(each.startswith(at(text, needle, name) + said) for each in found), (
            needle,
            found,
        )
    assert any("zones.yaml:4:3: 名称：必填，不能为空" in text for text in found)
    assert any("zones.yaml:6:11: 网段：必填" in text for text in found)
    assert len(found) == 10


def test_rules_between_tables_are_told_with_places(folder: Callable[..., Path]) -> None:
    systems = """\
- {id: S01, name: 门户, unit: 政府办, county: 数据局, operator: 数据局}
- {id: S01, name: 门户二, unit: 数据局, county: 某市}
"""
    assets = """\
- id: A1
  name: 门户
  kind: site
  system: S01
  county: 某市
  zone: Z1
  addresses: [203.0.113.10, 203.0.113.80, 192.0.2.250]
  hosts: [www.some.test]
"""
    endpoints = """\
- {asset: A1, address: 203.0.113.11, port: 443, service: https, tls: true, exposure: internet}
- {asset: A1, address: 203.0.113.10, port: 443, service: https, tls: true, exposure: internet, host: x.test}
- {asset: A2, address: 203.0.113.10, port: 80, service: http, tls: false, exposure: internet}
"""
    zones = """\
- {id: Z1, name: 一, role: dmz, blocks: [203.0.113.0/26, 192.0.2.0/24]}
- {id: Z2, name: 二, role: exit, blocks: [198.51.100.0/28, 203.0.113.32/28]}
"""
    secret = "- {id: M1, name: 某系统, holder: 数据局, registered_on: 2023-01-01, blocks: [192.0.2.240/28]}\n"
    flows = "- {id: F1, source: Z7, target: 203.0.113.0/26, action: allow}\n"
    found = faults(
        folder(
            units=UNITS,
            zones=zones,
            systems=systems,
            assets=assets,
            endpoints=endpoints,
            secret_systems=secret,
            flows=flows,
        )
    )
    for text, name, needle, said in (
        (systems, "systems", "|政府办", "主管单位：“政府办”不在「单位」表中"),
        (systems, "systems", "county: |数据局", "属地：“数据局”不是市或县区"),
        (systems, "systems", "operator: |数据局", "运维单位：“数据局”不是服务商"),
        (systems, "systems", "|S01, name: 门户二", "编号：“S01”重复，前面已有一行"),
        (zones, "zones", "|[198.51", "网段：网段 203.0.113.32/28 与区域 Z1 的 203.0.113.0/26 重叠"),
        (assets, "assets", "|203.0.113.80", "地址：203.0.113.80 不在区域 Z1 的网段"),
        (assets, "assets", "|192.0.2.250", "地址：192.0.2.250 属于分级保护系统"),
        (endpoints, "endpoints", "|203.0.113.11", "地址：203.0.113.11 不是资产 A1 的地址"),
        (
            endpoints,
            "endpoints",
            "|x.test",
            "域名：x.test 不是资产 A1 的域名（登记的是 www.some.test）",
        ),
        (endpoints, "endpoints", "|A2", "资产：“A2”不在「资产」表中"),
        (flows, "flows", "|Z7", "来源：“Z7”不在「区域」表中"),
    ):
        assert any(each.startswith(at(text, needle, name) + said) for each in found), (
            needle,
            found,
        )
    assert len(found) == 11


def test_a_row_that_does_not_read_is_the_only_one_to_blame(folder: Callable[..., Path]) -> None:
    units = UNITS.replace("kind: unit", "kind: 局")
    people = "- {id: 甲, name: 甲, unit: 数据局}\n"
    (only,) = faults(folder(units=units, people=people))
    assert only.startswith("units.yaml:2:")


def test_rows_that_contradict_themselves(folder: Callable[..., Path]) -> None:
    people = "- {id: 甲, name: 甲, unit: 数据局}\n"
    waivers = """\
- id: W1
  kind: change
  check: web.page-change
  asset: A1
  clauses: [text]
  reason: 改版
  requested_by: 甲
  approved_by: 甲
  from: 2026-11-01
  until: 2026-11-08
- id: W2
  kind: 例外
  check: web.page-change
  asset: A1
  clauses: [text]
  locator: {port: 70000, colour: red}
  reason: 改版
  requested_by: 甲
  approved_by: 乙
  from: 2026-11-08 10:00
  until: 2026-11-08 09:00
"""
    found = faults(folder(units=UNITS, people=people, waivers=waivers))
    assert "waivers.yaml:8:16: 批准人：批准人不能与申请人为同一人" in found[0]
    assert any("waivers.yaml:16:12: 位置：没有 colour 这一项" in text for text in found)
    assert len(found) == 2  # a row that does not read is not judged further


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("- &a {id: 甲}\n", "1:3", "锚点"),
        ("- !!python/object:os.system {id: 甲}\n", "1:3", "类型标签"),
        ("- {id: 甲, id: 乙}\n", "1:11", "重复"),
        ("id: 甲\n", "1:1", "应是一个列表"),
        ("- 甲\n", "1:3", "列名: 值"),
        ("- {id: [[[[[[甲]]]]]]}\n", "1:13", "嵌套过深"),
        ("- {id: 甲\n", "2:1", "语法错误"),
        ("- {id: 甲}\n---\n- {id: 乙}\n", "2:1", "一个文件只能有一个文档"),
    ],
)
def test_yaml_refuses_what_is_no_plain_list(
    folder: Callable[..., Path], text: str, where: str, said: str
) -> None:
    found = faults(folder(units=text))
    assert any(fault.startswith(f"units.yaml:{where}: ") and said in fault for fault in found), (
        found
    )


def test_yaml_keeps_text_as_written(folder: Callable[..., Path]) -> None:
    path = folder(units="- {id: 0012, name: no, kind: 单位, note: 2026-10-12, phone: ~}\n")
    (raw,) = open_source(path).rows("units", [])
    assert raw.values["id"] == "0012"
    assert raw.values["name"] == "no"
    assert raw.values["note"] == "2026-10-12"
    assert raw.values["phone"] is None


def test_unknown_files_and_forms_are_refused(tmp_path: Path) -> None:
    (tmp_path / "assest.yaml").write_text("[]")
    with pytest.raises(Faulty, match="文件名不是台账中的表"):
        open_source(tmp_path)
    with pytest.raises(Faulty, match="不存在"):
        open_source(tmp_path / "none.yaml")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(Faulty, match="只接受"):
        open_source(tmp_path / "old.xls")
    (tmp_path / "torn.xlsx").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(Faulty, match="不是能读的 XLSX"):
        open_source(tmp_path / "torn.xlsx")


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_xlsx_names_every_fault_with_sheet_and_cell(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "台账.xlsx",
        {
            "单位": [["编号*", "名称*", "类别*"], ["某市", "某市", "市"], ["局 一", "局", "局级"]],
            "定级对象": [
                ["编号", "名称", "主管单位", "属地", "定级", "备注", "颜色"],
            ],
            "人员": [
                ["编号", "姓名", "单位"],
                ["※说明", "※", "※"],
                [None, None, None],
                ["甲", "甲", "乙局"],
                ["乙", "=1+1", "某市"],
                ["丙", 12.0, "某市"],
            ],
        },
    )
    found = [str(fault).removeprefix(f"{path} ") for fault in lint(path)[1]]
    for part in (
        "单位!A3: 编号：编号应为",
        "单位!C3: 类别：不在可选范围内（现为“局级”）。允许：市(city)、县区(county)",
        "定级对象!G1: 没有“颜色”这一列",
        "人员!B5: 公式与错误值不予执行",
        "人员!C4: 单位：“乙局”不在「单位」表中",
    ):
        assert any(text.startswith(part) for text in found), (part, found)
    # an unread formula also leaves its required cell empty
    assert sorted(found)[1].startswith("人员!B5: 姓名：必填") or len(found) == 6
    assert len(found) == 6


def test_xlsx_dates_and_numbers_become_text(tmp_path: Path) -> None:
    from datetime import date, datetime

    path = workbook(
        tmp_path / "a.xlsx",
        {
            "systems": [
                ["id", "name", "unit", "county", "filing", "last_visit"],
                ["S1", "甲", "局", "市", 20240012, date(2026, 10, 12)],
                ["S2", "乙", "局", "市", 0.5, datetime(2026, 10, 12, 8, 30)],
            ]
        },
    )
    first, second = open_source(path).rows("systems", [])
    assert (first.values["filing"], first.values["last_visit"]) == ("20240012", "2026-10-12")
    assert (second.values["filing"], second.values["last_visit"]) == ("0.5", "2026-10-12 08:30")


def test_xlsx_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (xlsx_read.MAX_UNPACKED + 1))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(Faulty, match="解压后超过 50 MB"):
        open_source(bomb)
    laughs = tmp_path / "laughs.xlsx"
    with zipfile.ZipFile(laughs, "w") as archive:
        archive.writestr(
            "xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'
        )
    with pytest.raises(Faulty, match="文档类型"):
        open_source(laughs)


def test_xlsx_rows_far_down_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_read, "MAX_ROWS", 50)
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("单位")
    sheet.write_row(0, 0, ["编号", "名称", "类别"])
    sheet.write_row(1_000_000, 0, ["某市", "某市", "市"])
    book.close()
    _rows, found = lint(path)
    assert [str(fault) for fault in found] == [f"{path} 单位: 行数或错误过多，不再往下读"]


def test_every_column_is_explained() -> None:
    for table in tables().values():
        assert table.title and table.note
        for column in table.columns:
            assert column.title and column.explanation and column.allowed


def test_who_stands_on_which_cloud(folder: Callable[..., Path]) -> None:
    systems = """\
- {id: C1, name: 平台, unit: 数据局, county: 某市, extensions: [cloud], cloud_role: provider}
- {id: C2, name: 租户, unit: 数据局, county: 某市, extensions: cloud 物联网, cloud_role: customer, platform: C1}
- {id: C3, name: 无角色, unit: 数据局, county: 某市, platform: C1}
- {id: C4, name: 无扩展, unit: 数据局, county: 某市, cloud_role: 云服务商}
- {id: C5, name: 自己, unit: 数据局, county: 某市, extensions: [cloud], cloud_role: customer, platform: C5}
- {id: C6, name: 错平台, unit: 数据局, county: 某市, extensions: [cloud], cloud_role: customer, platform: C2}
- {id: C7, name: 错扩展, unit: 数据局, county: 某市, extensions: [云, cloud]}
"""
    found = faults(folder(units=UNITS, systems=systems))
    for needle, said in (
        ("county: 某市, platform: |C1", "所在云平台：只有云服务客户(customer)才填所在云平台"),
        ("cloud_role: |云服务商", "云上角色：写了云上角色，扩展要求里就要有云计算(cloud)"),
        ("platform: |C5", "所在云平台：所在云平台不能是系统自己"),
        ("platform: |C2", "所在云平台：“C2”不是云平台"),
        ("[|云, cloud]", "扩展要求：不在可选范围内（现为“云”）。允许：云计算(cloud)、移动互联"),
    ):
        assert any(each.startswith(at(systems, needle, "systems") + said) for each in found), (
            needle,
            found,
        )
    assert len(found) == 5


def test_words_of_a_list_may_hold_spaces_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from tlsec.inventory import choices
    from tlsec.inventory.choices import Extension
    from tlsec.inventory.fields import split_choices

    read = split_choices(Extension)
    assert read("云计算、移动互联") == read("云计算 移动互联") == ["云计算", "移动互联"]
    spaced = {"cloud": "cloud computing", "ics": "industrial control"}
    monkeypatch.setitem(choices._WORDS, Extension, spaced)
    assert read("cloud computing, industrial control") == list(spaced.values())
