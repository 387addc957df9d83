"""扫描情况: one scan as one self-contained HTML page that reads on a screen and prints on A4.

Nothing untested is shown as good: coverage is never rounded up, and every empty table says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from tlsec.i18n import _, language, listed
from tlsec.report import html, words
from tlsec.report.papers.data import (
    SEVERITIES,
    ScanSummary,
    Trouble,
    severity_label,
)
from tlsec.report.words import clean

TEMPLATE = "reports/scan_summary.html.j2"
MOST_UNTESTED = 200  # rows listed; more are counted
_BAR = 330.0  # width of a full bar of grades in the drawing
_STRIP = 460.0  # width of the strip of coverage


def write(summary: ScanSummary, path: Path, *, overlay: Path | None = None) -> None:
    """Write the page as one HTML file without script or anything from outside."""
    path.write_text(render(summary, overlay=overlay), encoding="utf-8")


def render(summary: ScanSummary, *, overlay: Path | None = None) -> str:
    """The page as text."""
    return html.page(TEMPLATE, {"s": _view(summary), "t": _labels(summary)}, overlay)


def coverage(summary: ScanSummary) -> float:
    """Percent of the due verdicts that were reached, cut (not rounded) to one decimal."""
    if not summary.should:
        return 0.0
    return int(1000 * summary.tested / summary.should) / 10


def _labels(summary: ScanSummary) -> dict[str, Any]:
    return {
        "lang": "en" if language() == "en" else "zh-CN",
        "title": _("{city}网络安全扫描情况").format(city=clean(summary.city)),
        "interrupted": _("本次扫描中途停止，以下只是已完成部分的结果，不能作为整体结论。"),
        "by_grade": _("问题按等级"),
        "new": _("新发现"),
        "again": _("再次发现"),
        "no_grades": _("没有未通过的检查项。"),
        "coverage_title": _("应测项的去向"),
        "coverage_rule": _("覆盖率＝有有效结果的应测项÷全部应测项；未测不等于正常。"),
        "nothing_due": _("本次没有应测项。"),
        "troubles": _("问题清单"),
        "trouble_heads": (_("等级"), _("问题"), _("位置"), _("检查项"), _("台账项"), _("期限")),
        "overdue": _("已逾期"),
        "untested": _("未测清单"),
        "untested_rule": _("未测不等于正常"),
        "untested_heads": (_("对象"), _("位置"), _("单位"), _("原因"), _("项数")),
        "waived": _("例外"),
        "waived_rule": _("经批准、在期限内不告警"),
        "waived_heads": (_("内容"), _("位置"), _("检查项"), _("例外"), _("截止")),
        "machine": _("以上为机器检测结果，等级为建议值，须经人员研判后确定。时间均为北京时间。"),
        "no_versions": _("未记录探针、检查项和配置版本。"),
        "digest": _("结果哈希（SHA-256）"),
    }


def _view(summary: ScanSummary) -> dict[str, Any]:
    untested = [_cleaned(row) for row in summary.untested[:MOST_UNTESTED]]
    hidden = len(summary.untested) - len(untested)
    return {
        "city": clean(summary.city),
        "bureau": clean(summary.bureau),
        "plan": clean(summary.plan),
        "secrecy": clean(summary.secrecy),
        "interrupted": summary.interrupted,
        "facts": _facts(summary),
        "lead": _lead(summary),
        "cards": _cards(summary),
        "grades": _grades(summary),
        "should": summary.should,
        "parts": _parts(summary),
        "groups": _groups(summary.troubles),
        "trouble_count": _trouble_count(summary),
        "no_troubles": _no_troubles(summary),
        "untested": untested,
        "untested_more": _("另有 {n} 行未列出。").format(n=hidden) if hidden else "",
        "no_untested": _no_untested(summary),
        "waived": [_cleaned(row) for row in summary.waived],
        "notes": [clean(note) for note in summary.notes],
        "versions": [_cleaned(row) for row in summary.versions],
        "digest": clean(summary.digest),
    }


def _cleaned(row: Any) -> dict[str, Any]:
    """A row's fields as printable text; numbers and flags stay."""
    result = {}
    for field in fields(row):
        value = getattr(row, field.name)
        result[field.name] = value if isinstance(value, int) else clean(words.minute(value))
    return result


def _facts(summary: ScanSummary) -> list[tuple[str, str]]:
    return [
        (_("计划"), clean(summary.plan)),
        (_("时间"), _span(summary.started, summary.ended)),
        (_("用时"), _duration((summary.ended - summary.started).total_seconds())),
        (_("运行编号"), clean(summary.run)),
        (_("探测点"), clean(listed(summary.vantages)) or _("未记录")),
    ]


def _span(started: datetime, ended: datetime) -> str:
    first, last = words.local(started), words.local(ended)
    if f"{first:%Y%m%d%H%M}" == f"{last:%Y%m%d%H%M}":
        return f"{first:%Y-%m-%d %H:%M}"
    if first.date() == last.date():
        return f"{first:%Y-%m-%d %H:%M}–{last:%H:%M}"
    return f"{first:%Y-%m-%d %H:%M}–{last:%Y-%m-%d %H:%M}"


def _duration(seconds: float) -> str:
    whole = max(round(seconds), 0)
    if whole < 60:
        return _("{s} 秒").format(s=whole)
    if whole < 3600:
        return _("{m} 分 {s} 秒").format(m=whole // 60, s=whole % 60)
    return _("{h} 小时 {m} 分").format(h=whole // 3600, m=whole % 3600 // 60)


def _fresh(summary: ScanSummary) -> int:
    return sum(count.new for count in summary.counts)


def _lead(summary: ScanSummary) -> str:
    if not summary.should:
        return _("本次没有取得任何应测项的结果，不能说明网络安全状况。")
    start = _("检测 {targets} 个对象，应测 {should} 项，有效结果 {tested} 项，覆盖率 {percent}%。")
    found = _("发现问题 {failed} 项，其中新发现 {new} 项。")
    missing = summary.should - summary.tested
    parts = [
        start.format(
            targets=summary.targets,
            should=summary.should,
            tested=summary.tested,
            percent=coverage(summary),
        ),
        found.format(failed=summary.failed, new=_fresh(summary))
        if summary.failed
        else _("已测部分未发现问题。"),
    ]
    if missing > 0:
        parts.append(_("另有 {n} 项未测，不能视为正常。").format(n=missing))
    return "".join(parts) if language() == "zh" else " ".join(parts)


def _cards(summary: ScanSummary) -> list[dict[str, str]]:
    missing = max(summary.should - summary.tested, 0)
    full = summary.should > 0 and not missing
    percent = f"{coverage(summary)}" if summary.should else "—"
    worst = sum(c.new + c.again for c in summary.counts if c.severity in ("critical", "high"))
    overdue = sum(trouble.overdue for trouble in summary.troubles)
    return [
        _card(_("检测对象"), summary.targets, _("{n} 项应测").format(n=summary.should)),
        _card(
            _("覆盖率"),
            percent,
            _("{tested} / {should} 项").format(tested=summary.tested, should=summary.should),
            "good" if full else "warn",
            "%" if summary.should else "",
        ),
        _card(
            _("问题"),
            summary.failed,
            _("紧急和高 {n} 项").format(n=worst),
            "bad" if summary.failed else "",
        ),
        _card(
            _("新发现"),
            _fresh(summary),
            _("逾期未改 {n} 项").format(n=overdue),
            "warn" if _fresh(summary) else "",
        ),
        _card(_("未测"), missing, _("未测不等于正常"), "warn" if missing else ""),
    ]


def _card(label: str, value: object, detail: str, look: str = "", of: str = "") -> dict[str, str]:
    return {"label": label, "value": str(value), "detail": detail, "look": look, "of": of}


def _grades(summary: ScanSummary) -> list[dict[str, Any]]:
    """Bars of the grades, the longest full; our four always, others after them."""
    counts = {count.severity: count for count in summary.counts}
    if not any(c.new + c.again for c in summary.counts):
        return []
    most = max(c.new + c.again for c in summary.counts)
    result = []
    for severity in (*SEVERITIES, *(s for s in counts if s not in SEVERITIES)):
        count = counts.get(severity)
        new, again = (count.new, count.again) if count else (0, 0)
        result.append(
            {
                "label": clean(severity_label(severity)),
                "look": severity if severity in SEVERITIES else "other",
                "total": new + again,
                "again": again,
                "width": round(_BAR * (new + again) / most, 1),
                "new_width": round(_BAR * new / most, 1),
                "note": _("新 {n}").format(n=new) if new else "",
            }
        )
    return result


def _parts(summary: ScanSummary) -> list[dict[str, Any]]:
    """The strip of coverage: passed, failed, untested."""
    missing = max(summary.should - summary.tested, 0)
    parts = ((_("通过"), summary.passed, "good"), (_("未通过"), summary.failed, "high"))
    result, x = [], 0.0
    for label, count, look in (*parts, (_("未测"), missing, "gap")):
        share = round(_STRIP * count / summary.should, 1) if summary.should else 0.0
        result.append({"label": label, "count": count, "look": look, "x": x, "width": share})
        x = round(x + share, 1)
    return result


def _groups(troubles: Iterable[Trouble]) -> list[dict[str, Any]]:
    """Troubles by county and unit, the gravest unit first, the gravest trouble first in it."""
    units: dict[tuple[str, str], list[Trouble]] = {}
    for trouble in troubles:
        units.setdefault((trouble.county, trouble.unit), []).append(trouble)
    for rows in units.values():
        rows.sort(key=lambda row: (_rank(row.severity), row.no, row.where))
    ordered = sorted(units.items(), key=lambda item: (_rank(item[1][0].severity), -len(item[1])))
    return [
        {
            "unit": clean(unit) or _("单位不明"),
            "note": " · ".join(
                part for part in (clean(county), _("{n} 项").format(n=len(rows))) if part
            ),
            "rows": [_trouble(row) for row in rows],
        }
        for (county, unit), rows in ordered
    ]


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _trouble(row: Trouble) -> dict[str, Any]:
    return {
        **_cleaned(row),
        "grade": clean(severity_label(row.severity)) or "—",
        "look": row.severity if row.severity in SEVERITIES else "other",
    }


def _trouble_count(summary: ScanSummary) -> str:
    shown = len(summary.troubles)
    if shown == summary.failed:
        return _("共 {n} 项").format(n=shown)
    return _("列出 {shown} 项，共 {n} 项").format(shown=shown, n=summary.failed)


def _no_troubles(summary: ScanSummary) -> str:
    if not summary.should:
        return _("没有应测项，无从发现问题。")
    if summary.failed:
        return _("有 {n} 项未通过，但未给出明细。").format(n=summary.failed)
    if summary.tested < summary.should:
        return _("已测部分未发现问题；仍有未测项，不能据此认定正常。")
    return _("全部应测项均已测，未发现问题。")


def _no_untested(summary: ScanSummary) -> str:
    if summary.tested < summary.should:
        return _("有 {n} 项未测，但未给出明细。").format(n=summary.should - summary.tested)
    return _("应测项全部有有效结果。") if summary.should else _("本次没有应测项。")
