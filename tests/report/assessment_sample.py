"""A whole assessment for the papers: ten classes, any number of items and problems, all consistent."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from tlsec.report.papers.assessment import (
    STATES,
    Assessment,
    Asset,
    Domain,
    Edge,
    Edition,
    Interval,
    Item,
    Machine,
    Mending,
    Number,
    ObjectFinding,
    OldProblem,
    Person,
    Point,
    Previous,
    Problem,
    Risk,
    Said,
    Scan,
    SchemeResult,
    Source,
    State,
    System,
    Threat,
    Totals,
    Trial,
    Trigger,
)

NOW = datetime(2026, 3, 5, 8, 12, tzinfo=UTC)
DAY = date(2026, 3, 5)
NAMES = (
    ("pes", "安全物理环境"), ("cns", "安全通信网络"), ("abs", "安全区域边界"),
    ("ces", "安全计算环境"), ("smc", "安全管理中心"), ("pss", "安全管理制度"),
    ("ors", "安全管理机构"), ("hrs", "安全管理人员"), ("cms", "安全建设管理"),
    ("mms", "安全运维管理"),
)  # fmt: skip
POINTS = ("身份鉴别", "访问控制", "安全审计")
TEXTS = (
    "应对登录的用户进行身份标识和鉴别，身份标识具有唯一性，鉴别信息有复杂度要求并定期更换",
    "应关闭不需要的系统服务、默认共享和高危端口",
    "应采用密码技术保证重要数据在传输过程中的保密性",
    "应制定安全事件报告和处置管理制度，明确不同安全事件的报告、处置和响应流程",
)
UNITS = ("市政务数据服务中心", "望川县人民政府办公室", "青禾区数据局", "石渡市政务服务和大数据局")
_CYCLE: tuple[State, ...] = (
    "met", "met", "partly", "met", "untested", "not_met", "met", "met", "not_applicable", "met",
    "met", "not_met", "met",
)  # fmt: skip
_ENDS = {"met": (1.0, 1.0), "partly": (0.5, 0.5), "not_met": (0.0, 0.0), "untested": (0.0, 1.0)}

SYSTEM = System(
    "S02", "岚泽市一网通办平台", "岚泽市政务数据服务中心", "市本级", "S3A2G3", "34055500001-24001",
    date(2024, 6, 3), "运维商甲", "Z3 政务云前置区", "面向企业和群众的统一受理、办理和查询",
    "customer", "岚泽政务云平台", "LZY-2025-031，良，有效期至2026年8月31日", "", "沈昇堃 0555-5550123",
)  # fmt: skip


def _assets() -> tuple[Asset, ...]:
    kinds = ("server", "network", "security", "application", "data")
    return tuple(
        Asset(
            f"A{n:03}", kinds[n % 5], f"对象{n:03}号", f"198.51.100.{n}", "主用", UNITS[n % 4],
            "重要" if n % 3 else "关键", n < 12, "暴露在互联网侧，承载关键业务" if n < 12 else "",
        )
        for n in range(1, 25)
    )  # fmt: skip


def _object(n: int, state: State, asset: Asset) -> ObjectFinding:
    machine = Machine(
        "tls.versions", f"{asset.place}:443", NOW - timedelta(hours=n % 40),
        "仍支持 TLS 1.0" if state == "not_met" else "只支持 TLS 1.2 和 1.3", str(1000 + n),
        "未通过" if state == "not_met" else "通过",
    )  # fmt: skip
    said = Said(
        "王喆", "李囍", NOW - timedelta(days=9), "逐台核对过配置，见附件", (f"{n:064x}",),
        NOW + timedelta(days=300), "ces.identity.unique",
    )  # fmt: skip
    if state == "untested":
        return ObjectFinding(asset.id, asset.name, state, why="探测超时，没有结果")
    return ObjectFinding(
        asset.id, asset.name, state, (machine,) if n % 2 else (), (said,) if n % 3 else (),
        "" if n % 6 else "由平台报告继承", n % 29 == 5,
    )  # fmt: skip


def _items(count: int, assets: tuple[Asset, ...]) -> tuple[Item, ...]:
    result = []
    for n in range(count):
        domain = NAMES[n % 10][0]
        state = _CYCLE[n % len(_CYCLE)]
        low, high = _ENDS.get(state, (0.0, 0.0))
        chosen = (
            [assets[(n + k) % len(assets)] for k in range(3)] if state != "not_applicable" else []
        )
        result.append(
            Item(
                f"{domain}.line.{n:03}", f"L3-{domain.upper()}1-{n // 10 + 1:02}",
                f"8.1.{n % 10 + 1}.{n // 10 + 1}-a", domain, f"{domain}.{n // 10 % 3}", 3,
                "cloud" if n % 7 == 6 else "general", TEXTS[n % 4], state, low, high,
                tuple(_object(n + k, state, asset) for k, asset in enumerate(chosen)),
                "两台设备不可达，另有一台未安排检测" if state == "untested" and n % 2 else "",
                "系统不使用无线网络，经信息化领导小组确认" if state == "not_applicable" else "",
            )
        )  # fmt: skip
    return tuple(result)


def _problems(count: int, items: tuple[Item, ...]) -> tuple[Problem, ...]:
    failed = [item for item in items if item.state in ("not_met", "partly")]
    states: tuple[Mending, ...] = ("open", "closed", "fixing", "retest", "open", "waived", "closed")
    result = []
    for n in range(max(count, len(failed)) if failed else 0):
        item = failed[n % len(failed)]
        asset = item.objects[n % 3]
        state = states[n % 7]
        result.append(
            Problem(
                f"W{n + 1:04}", item.id, asset.object, asset.name,
                "仍可用 TLS 1.0 建立连接，客户端可被降级到不安全的协议版本",
                ("high", "medium", "low")[min(n % 9, 2)], "停用 TLS 1.0 和 1.1，只保留 1.2 以上",
                n % 2 == 0, f"YJ-2026-{n + 1:05}", UNITS[n % 4], "周淼", date(2026, 2, 1),
                date(2026, 2, 20) if n % 5 == 0 else date(2026, 4, 1), state,
                "已修改负载均衡配置" if state in ("closed", "retest") else "",
                date(2026, 3, 1) if state == "closed" else "",
                "2026-03-02 复测通过（判定 2201），复测人李囍" if state == "closed" else "",
                "等待厂商补丁，已限制来源地址" if state == "waived" else "",
                ("small", "medium", "large", "")[n % 4],
                "EX-2026-003" if state == "waived" else "", n % 40 == 0,
            )
        )  # fmt: skip
    return tuple(result)


def _risks(items: tuple[Item, ...]) -> tuple[Risk, ...]:
    failed = [item.id for item in items if item.state == "not_met"][:2]
    name = "2025 高风险判定指引（试行）"
    ask = ("是否限制了管理地址", "是否采用双因子鉴别")
    proof = ("web.default-account 未通过 198.51.100.7:8088 状态页自述默认账户有效（判定 1007）",)
    return (
        Risk("high", name, "6.4.2.1", "默认账户未改名且口令为默认", tuple(failed), proof, "", ask),
        Risk("high", name, "6.4.1.2", "鉴别信息明文传输", tuple(failed), proof, "", ask, "lowered",
             "medium", "沈昇堃", date(2026, 3, 3), "仅内网可达且有双因子", "限制来源地址，双因子"),
        Risk("major", name, "6.4.1.1", "互联网侧存在弱口令", tuple(failed), proof, "A-18", ask,
             "confirmed", None, "沈昇堃", date(2026, 3, 3), "三项原则均满足", "改为强口令并双因子",
             date(2026, 3, 4)),
        Risk("major", name, "6.3.2.1", "边界访问控制规则失效", tuple(failed), proof, "A-11", ask,
             "confirmed", None, "沈昇堃", date(2026, 3, 3), "边界规则全通"),
        Risk("major", name, "6.4.3.2", "已公开的高危漏洞", tuple(failed), proof, "A-22", ask),
    )  # fmt: skip


def _counts(items: list[Item]) -> dict[str, int]:
    counts = Counter(item.state for item in items)
    return {state: counts[state] for state in STATES}


def _rate(items: list[Item]) -> Interval | None:
    used = [item for item in items if item.state != "not_applicable"]
    if not used:
        return None
    low = 100 * sum(item.low >= 1 for item in used) / len(used)
    return Interval(low, 100 * sum(item.high >= 1 for item in used) / len(used))


def _domains(items: tuple[Item, ...]) -> tuple[Domain, ...]:
    result = []
    for key, name in NAMES:
        found = [item for item in items if item.domain == key]
        counts = _counts(found)
        applicable = len(found) - counts["not_applicable"]
        technical = key in ("pes", "cns", "abs", "ces", "smc")
        result.append(Domain(key, name, technical, applicable, rate=_rate(found), **counts))
    return tuple(result)


def _points(items: tuple[Item, ...]) -> tuple[Point, ...]:
    result = []
    for key in dict.fromkeys(item.point for item in items):
        found = [item for item in items if item.point == key]
        counts = _counts(found)
        out = counts.pop("not_applicable")
        state: State = "untested" if counts["untested"] else "partly"
        name = POINTS[int(key[-1])]
        domain = found[0].domain
        result.append(
            Point(key, name, domain, state, len(found) - out, extension="general", **counts)
        )
    return tuple(result)


def _scheme(edition: Edition, items: tuple[Item, ...]) -> SchemeResult:
    rate = _rate(list(items)) or Interval(0.0, 100.0)
    used = [item for item in items if item.state != "not_applicable"]
    coverage = 100 * sum(i.state != "untested" for i in used) / len(used) if used else 0.0
    edges = (
        Edge("符合率恰为 90% 时的结论", "按基本符合", "公网安〔2025〕1846号 未写明", True),
        Edge("部分符合是否计入符合率", "不计入", "两处公开资料", True, True),
    )
    if edition == "2025":
        number = Number("rate", "符合率", rate, "%", "符合项数÷（全部项数－不适用项数）×100%")
        return SchemeResult(
            "2025", "2025.1", edition, "网络安全等级测评报告模板（2025版）", (number,),
            ("不符合", "基本符合"), coverage, edges, ("下限低于 60%，上限高于 60%，结论未定。",),
        )  # fmt: skip
    score = Number(
        "score", "综合得分", Interval(61.3333, 77.1), "分", "技术得分＋管理得分，缺陷扣分"
    )
    return SchemeResult(
        edition, f"{edition}.1", edition, f"网络安全等级测评报告模板（{edition}版）", (score,),
        ("差", "中"), coverage, edges, ("得分区间跨过 70 分，结论未定。",),
    )  # fmt: skip


@cache
def sample(items: int = 60, problems: int = 30, edition: Edition = "2025") -> Assessment:
    """A consistent assessment of that many items and at least that many problems."""
    assets = _assets()
    found = _items(items, assets)
    told = _problems(problems, found)
    seen = {o.object for item in found for o in item.objects}
    assets = tuple(replace(a, sampled=a.sampled and a.id in seen) for a in assets)
    counts = _counts(list(found))
    grades = Counter(problem.severity for problem in told)
    failed = next((item.id for item in found if item.state == "not_met"), "")
    totals = Totals(
        applicable=len(found) - counts["not_applicable"], **counts,
        high=grades["high"], medium=grades["medium"], low=grades["low"], major=2, major_fixed=1,
    )  # fmt: skip
    first = tuple(problem.no for problem in told[:3])
    return Assessment(
        "岚泽市", "岚泽市数据局", SYSTEM, _scheme(edition, found), totals, DAY, NOW,
        date(2026, 2, 2), date(2026, 3, 4), "LZ-DB-2026-002", "内部使用", True, _domains(found),
        _points(found), found, _risks(found), told, assets,
        (Scan("R-20260304-1", NOW, "z6 运管区", "198.51.100.0/24 网站和主机", 24, 431, 13, 7, first),),
        (Trial("演2026-004", "演练", date(2026, 3, 2), "岚泽市网安支队", "从办事大厅终端区取得一台"
               "服务器的普通账户", (failed,) if failed else (), first[:1]),),
        (
            Previous(date(2024, 5, 20), "等级测评", "2021", "中", Interval(61, 61), Interval(74.2, 74.2)),
            Previous(date(2025, 6, 11), "自评", "2025", "不符合", Interval(48.2, 71), Interval(66, 80)),
            Previous(date(2025, 11, 2), "自评", "2025", "基本符合", Interval(66.1, 69), Interval(70, 71)),
        ),
        (OldProblem("审计日志留存不足六个月", "medium", "扩容日志存储", "closed", "2025-12-01 复测通过"),),
        (Person("沈昇堃", "组长，研判和批准", "岚泽市数据局", "0555-5550123"),
         Person("王喆", "检测和作答", "市政务数据服务中心")),
        (Source("条款目录", "GB/T 22239-2019", "2026.1", "ab" * 32),
         Source("权重清单", "重要程度", "0", verify=True)),
        (Trigger("A-18", "空口令、弱口令"), Trigger("A-32", "运维薄弱", True)),
        (Threat("恶意代码", "植入木马、勒索软件等", "人为"),),
        "配置相同的设备每种至少抽取 2 台（GB/T 28449-2018 附录D，第三级）。",
        ("触发项总数 32 或 33",), "cd" * 32,
    )  # fmt: skip
