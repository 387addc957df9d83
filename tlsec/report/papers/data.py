"""What the papers are made from: plain values, "" where something is not known.

Times are aware datetimes (any zone; papers print Asia/Shanghai), plain dates, or ready text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from tlsec.i18n import _
from tlsec.report.words import When

SEVERITIES = ("critical", "high", "medium", "low")


def severity_label(severity: str) -> str:
    """The printed word of a risk grade; words that are not of our four pass as they are."""
    labels = {
        "critical": _("紧急"),
        "high": _("高"),
        "medium": _("中"),
        "low": _("低"),
    }
    return labels.get(severity, severity)


@dataclass(frozen=True, slots=True)
class RiskRow:
    """One row of the 风险预警台账, every column in its order. `severity` is one of SEVERITIES."""

    no: str  # 编号
    found: When = ""  # 发现时间
    source: str = ""  # 来源: 监测, 检查, 通报, 上级, 举报, 演练
    period: str = ""  # 重保期标识
    unit: str = ""  # 单位
    county: str = ""  # 县区
    system: str = ""  # 系统名称
    filing_no: str = ""  # 备案号
    grade: str = ""  # 等保级别
    where: str = ""  # IP/域名/端口
    zone: str = ""  # 网络区域
    category: str = ""  # 隐患类别: GB/T 20986-2023 category and 两高一弱 mark
    problem: str = ""  # 隐患描述
    evidence: str = ""  # 证据
    severity: str = ""  # 风险等级
    warning: str = ""  # 预警级别: 红, 橙, 黄, 蓝
    vulnerability: str = ""  # CVE/CNVD号
    impact: str = ""  # 影响分析
    advice: str = ""  # 整改建议
    owner_unit: str = ""  # 责任单位
    owner: str = ""  # 责任人及电话
    issued: When = ""  # 下发时间
    issued_by: str = ""  # 下发方式/文号
    received: When = ""  # 签收时间
    due: When = ""  # 整改时限
    measures: str = ""  # 整改措施
    replied: When = ""  # 反馈时间
    retested: When = ""  # 复测时间
    retested_by: str = ""  # 复测人/方式
    retest_result: str = ""  # 复测结果
    state: str = ""  # 状态
    overdue_days: int | str = ""  # 逾期天数
    extension: str = ""  # 延期审批
    mitigation: str = ""  # 缓释措施
    closed: When = ""  # 销号时间
    reviewer: str = ""  # 审核人
    remark: str = ""  # 备注


@dataclass(frozen=True, slots=True)
class LedgerMeta:
    """What the 说明 sheet says of a ledger; `query` is how its rows were chosen, in words."""

    city: str
    made: datetime
    query: str = ""
    title: str = ""
    author: str = ""
    secrecy: str = ""


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A law that a notice rests on. `articles` is "" while they have not been checked."""

    law: str
    articles: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One trouble in a notice: 编号, 系统, 问题, 等级, 整改期限."""

    no: str
    system: str
    text: str
    severity: str = ""
    due: When = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A 网络安全风险隐患整改通知书 to one unit. `date` is the day of issue (成文日期)."""

    number: str  # 文号 with 〔〕
    issuer: str  # 署名: full name of the bureau
    unit: str  # 主送: who has to mend
    date: date
    problems: tuple[Problem, ...]
    found_from: When = ""
    found_until: When = ""
    way: str = ""  # how they were found, "" for the wording's own word
    basis: tuple[LegalBasis, ...] = ()
    due: When = ""  # the latest day for all, "" where each has its own
    feedback_by: When = ""
    feedback_to: str = ""
    contact: str = ""
    phone: str = ""
    secrecy: str = ""
    urgency: str = ""
    circulation: str = ""  # 知悉范围
    copies_to: str = ""
    red_head: bool = True
    example: bool = False  # practice or sample data: says so on its face


@dataclass(frozen=True, slots=True)
class SeverityCount:
    """Open findings of one grade: seen for the first time, and seen before."""

    severity: str
    new: int
    again: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """One failed check at one place. `fresh`: first seen in this run."""

    unit: str
    what: str
    where: str
    check: str
    severity: str
    no: str = ""  # of the risk item, "" if none
    due: When = ""
    system: str = ""
    county: str = ""
    evidence: str = ""
    fresh: bool = True
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Untested:
    """Something that should have been tested and was not, and why."""

    what: str
    where: str
    reason: str
    unit: str = ""
    vantage: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Waived:
    """A failed check kept silent by an approved exception."""

    what: str
    where: str
    check: str
    exception: str
    until: When = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A probe, check set or profile that made the result."""

    kind: str
    id: str
    version: str


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What one scan run found. `should` and `tested` count checks at places (verdicts)."""

    city: str
    plan: str
    run: str
    started: datetime
    ended: datetime
    targets: int
    should: int
    tested: int
    passed: int
    failed: int
    counts: tuple[SeverityCount, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    untested: tuple[Untested, ...] = ()
    waived: tuple[Waived, ...] = ()
    versions: tuple[Version, ...] = ()
    vantages: tuple[str, ...] = ()
    bureau: str = ""
    secrecy: str = ""
    interrupted: bool = False
    digest: str = ""  # hash of the stored results, "" to leave out
    notes: tuple[str, ...] = field(default=())
