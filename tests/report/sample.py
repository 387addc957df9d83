"""Sample papers of the invented city; shared by the tests of this room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from tlsec.report.papers.data import (
    LedgerMeta,
    LegalBasis,
    Notice,
    Problem,
    RiskRow,
    ScanSummary,
    SeverityCount,
    Trouble,
    Untested,
    Version,
    Waived,
)

NOTICE = Notice(
    number="岚数安改〔2026〕3号",
    issuer="岚泽市数据局",
    unit="望川县人民政府办公室",
    date=date(2026, 3, 5),
    problems=(
        Problem(
            "YJ-2026-00005",
            "望川县政府门户网站",
            "首页含指向 http://lucky888.icu.test/ 的隐藏链接，疑似被植入暗链",
            "high",
            date(2026, 3, 6),
        ),
        Problem(
            "YJ-2026-00006",
            "住房公积金查询系统",
            "gjj.lanze.test:443 证书将于9日后到期，到期后网上业务无法办理",
            "medium",
            date(2026, 3, 10),
        ),
        Problem(
            "YJ-2026-00010",
            "一人一档、一企一档系统",
            "192.0.2.70:8443 仍支持 TLS 1.0，且未设置安全响应头",
            "medium",
            date(2026, 3, 20),
        ),
    ),
    found_from=datetime(2026, 3, 1, 1, 0, tzinfo=UTC),
    found_until=datetime(2026, 3, 3, 9, 0, tzinfo=UTC),
    basis=(
        LegalBasis("中华人民共和国网络安全法"),
        LegalBasis("中华人民共和国数据安全法"),
        LegalBasis("网络数据安全管理条例"),
    ),
    feedback_by=date(2026, 3, 20),
    feedback_to="岚泽市数据局网络安全科",
    contact="沈昇堃",
    phone="0555-5550123",
    circulation="收件单位有关人员",
    copies_to="市委网信办，市公安局网安支队。",
)

MADE = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)


def risk(number: int, **changes: Any) -> RiskRow:
    """A ledger row of the invented city, filled as a working register would have it."""
    row = RiskRow(
        no=f"YJ-2026-{number:05d}",
        found=datetime(2026, 3, 1, 1, 12, tzinfo=UTC),
        source="监测",
        period="",
        unit="望川县人民政府办公室",
        county="望川县",
        system="望川县政府门户网站",
        grade="S2A2G2",
        where="wangchuan.lanze.test（203.0.113.21:443）",
        zone="互联网发布区(DMZ)",
        category="网络攻击/暗链植入",
        problem="首页含指向 http://lucky888.icu.test/ 的隐藏链接，疑似被植入暗链",
        evidence="sha256:4f0c…9a21；<a style=display:none href=http://lucky888.icu.test/>",
        severity="high",
        advice="清除暗链，查明写入途径，修补后台漏洞并更换管理口令",
        owner_unit="望川县人民政府办公室",
        owner="何一鸣 0555-5550144",
        issued=datetime(2026, 3, 1, 3, 0, tzinfo=UTC),
        issued_by="岚数安改〔2026〕3号",
        due=datetime(2026, 3, 2, 3, 0, tzinfo=UTC),
        state="整改中",
        overdue_days=3,
    )
    return replace(row, **changes)


LEDGER = LedgerMeta(
    city="岚泽市", made=MADE, query="2026年3月以来未销号的台账项", author="岚泽市数据局"
)
ROWS = (
    risk(5),
    risk(
        6,
        unit="市住房公积金管理中心",
        county="市本级",
        system="住房公积金查询系统",
        severity="medium",
        problem="gjj.lanze.test:443 证书将于9日后到期",
        evidence="",
        category="安全隐患/网络配置合规缺陷",
        overdue_days="",
    ),
    risk(2, severity="critical", problem="198.51.100.33:3389 远程桌面未备案", state="待签收"),
    risk(8, severity="low", problem="=1+1", overdue_days="", due="", issued=""),
)


def trouble(unit: str, county: str, what: str, where: str, check: str, **more: Any) -> Trouble:
    """A trouble of the invented city."""
    values: dict[str, Any] = {"severity": "high", "due": datetime(2026, 3, 6, 8, 30, tzinfo=UTC)}
    return Trouble(unit, what, where, check, county=county, **{**values, **more})


SUMMARY = ScanSummary(
    city="岚泽市",
    plan="每日全量检测",
    run="20260305-0001",
    started=datetime(2026, 3, 5, 8, 12, 4, tzinfo=UTC),
    ended=datetime(2026, 3, 5, 8, 12, 51, tzinfo=UTC),
    targets=37,
    should=431,
    tested=424,
    passed=411,
    failed=13,
    counts=(
        SeverityCount("critical", 1, 0),
        SeverityCount("high", 5, 2),
        SeverityCount("medium", 3, 1),
        SeverityCount("low", 1, 0),
    ),
    troubles=(
        trouble(
            "望川县人民政府办公室",
            "望川县",
            "页面含指向陌生域名的隐藏链接",
            "https://wangchuan.lanze.test/",
            "web.hidden-link",
            system="望川县政府门户",
            no="YJ-2026-00005",
            evidence="http://lucky888.icu.test/（display:none）",
        ),
        trouble(
            "市住房公积金管理中心",
            "市本级",
            "证书将于 9 日后到期",
            "gjj.lanze.test:443",
            "tls.cert-days",
            system="公积金查询",
            no="YJ-2026-00006",
            severity="medium",
        ),
        trouble(
            "市数据局",
            "市本级",
            "公用网络区可以打开数据交换区端口",
            "192.0.2.131:9443（从 z7）",
            "boundary.flow",
            system="共享交换平台",
            no="YJ-2026-00004",
            severity="critical",
        ),
        trouble(
            "市数据局",
            "市本级",
            "仍支持 TLS 1.0",
            "192.0.2.70:8443",
            "tls.versions",
            system="一人一档、一企一档",
            no="YJ-2026-00010",
            severity="medium",
            fresh=False,
            overdue=True,
            due=datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
        ),
    ),
    untested=(
        Untested("数据备份系统", "192.0.2.200:9102", "协议不识别", "市政务数据服务中心", "z6", 5),
        Untested(
            "石渡市门户", "203.0.113.23:443", "连接超时", "石渡市人民政府办公室", "internet", 2
        ),
    ),
    waived=(
        Waived(
            "门户首页改版",
            "https://www.lanze.test/",
            "web.page-change",
            "EX-2026-001",
            datetime(2026, 3, 7, 16, 0, tzinfo=UTC),
        ),
    ),
    versions=(
        Version("探针", "net.port", "1"),
        Version("探针", "tls.handshake", "1"),
        Version("检查集", "default", "2026.3"),
        Version("配置", "normal", "1"),
    ),
    vantages=("z6 安全与运维管理区", "z7 公用网络区", "internet 互联网侧"),
    bureau="岚泽市数据局",
    secrecy="内部使用",
    digest="9f2c" * 16,
)
