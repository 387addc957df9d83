"""Words of this room that people see: sources of a warning, replies, kinds of report."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tlsec.i18n import N_

LOCAL = ZoneInfo("Asia/Shanghai")
SOURCES = {
    "superior": N_("上级通报"),
    "monitor": N_("自有监测"),
    "vendor": N_("厂商"),
    "cnvd": N_("CNVD"),
    "other": N_("其他"),
}
REPLIES = {"affected": N_("涉及"), "none": N_("无涉及"), "": N_("未反馈")}
REPORTS = {"first": N_("首报"), "more": N_("续报"), "summary": N_("处置总结")}
OPERATORS = {"cii": N_("关键信息基础设施"), "central": N_("中央国家机关"), "other": N_("其他")}
RESPONSES = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ")
