"""Sample papers of the invented city; shared by the tests of this room."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tlsec.report.papers.data import LegalBasis, Notice, Problem

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
