"""The scan page: honest numbers, nothing from outside, hostile text as text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.report.hostile import HOSTILE
from tests.report.sample import SUMMARY
from tests.report.test_notice import html_page, squeeze
from tlsec import i18n
from tlsec.report import words
from tlsec.report.papers import scan_summary
from tlsec.report.papers.data import ScanSummary, SeverityCount, Trouble, Untested


def text_of(summary: ScanSummary) -> str:
    return squeeze("".join(html_page(scan_summary.render(summary)).parts))


def test_what_leaders_ask(tmp_path: Path) -> None:
    path = tmp_path / "scan.html"
    scan_summary.write(SUMMARY, path)
    text = squeeze("".join(html_page(path.read_text(encoding="utf-8")).parts))
    for part in (
        "岚泽市网络安全扫描情况",
        "每日全量检测",
        "2026-03-0516:12",
        "47秒",
        "覆盖率98.3%",
        "424/431项",
        "发现问题13项，其中新发现10项",
        "另有7项未测，不能视为正常",
        "YJ-2026-00005",
        "web.hidden-link",
        "已逾期",
        "EX-2026-001",
        "tls.handshake",
        "列出4项，共13项",
    ):
        assert part in text, part
    assert not re.search(r"None|\{\{|\bnan\b", text)


def test_gravest_unit_comes_first() -> None:
    text = text_of(SUMMARY)
    assert text.index("市数据局市本级") < text.index("望川县人民政府办公室") < text.index("公积金")


def test_coverage_is_never_rounded_up() -> None:
    assert scan_summary.coverage(replace(SUMMARY, should=10_000, tested=9_999)) == 99.9
    assert scan_summary.coverage(replace(SUMMARY, should=10, tested=10)) == 100.0
    assert scan_summary.coverage(replace(SUMMARY, should=0, tested=0)) == 0.0


def empty(**changes: object) -> ScanSummary:
    values: dict[str, object] = {
        "counts": (),
        "troubles": (),
        "untested": (),
        "waived": (),
        "versions": (),
        "failed": 0,
        "passed": 431,
        "tested": 431,
        "vantages": (),
    }
    return replace(SUMMARY, **{**values, **changes})  # type: ignore[arg-type]  # test values


@pytest.mark.parametrize(
    ("summary", "said", "unsaid"),
    [
        (empty(), "全部应测项均已测，未发现问题。", "不能"),
        (empty(tested=400, passed=400), "不能据此认定正常", "全部应测项均已测"),
        (empty(tested=400, passed=400), "有31项未测，但未给出明细", "应测项全部有有效结果"),
        (empty(should=0, tested=0, passed=0), "不能说明网络安全状况", "未发现问题。"),
        (empty(failed=2, tested=431, passed=429), "有2项未通过，但未给出明细", "均已测"),
        (empty(interrupted=True), "中途停止", "None"),
        (empty(), "未记录探针、检查项和配置版本", "None"),
    ],
)
def test_empty_states_are_honest(summary: ScanSummary, said: str, unsaid: str) -> None:
    text = text_of(summary)
    assert said in text
    assert unsaid not in text


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text(name: str) -> None:
    value = HOSTILE[name]
    summary = replace(
        SUMMARY,
        city=value,
        plan=value,
        counts=(SeverityCount(value, 1, 1),),
        troubles=(Trouble(value, value, value, value, value, value, value, value, value),),
        untested=(Untested(value, value, value, value, value),),
        notes=(value,),
        secrecy=value,
    )
    page = html_page(scan_summary.render(summary))
    assert squeeze(words.clean(value)) in squeeze("".join(page.parts))
    assert not page.tags & {"script", "img", "iframe", "link", "object", "a"}
    assert not any(tag.startswith("on") for tag in page.attributes)


def test_nothing_from_outside_and_no_script() -> None:
    page = scan_summary.render(SUMMARY)
    assert not re.search(r"(?:src|href|action)\s*=|@import|<script", page)
    assert set(re.findall(r"url\(([^)]*)\)", page)) <= {"#again"}
    assert "default-src 'none'" in page


def test_many_untested_are_counted() -> None:
    rows = tuple(Untested(f"对象{i}", "x", "超时") for i in range(300))
    assert "另有100行未列出" in text_of(replace(SUMMARY, untested=rows))


def test_language_of_the_page() -> None:
    assert '<html lang="zh-CN">' in scan_summary.render(SUMMARY)
    i18n.use("en")
    try:
        assert '<html lang="en">' in scan_summary.render(SUMMARY)
    finally:
        i18n.use("zh")
