"""Words the grading-protection papers share: states, grades, days, intervals, blanks."""

from __future__ import annotations

from tlsec.i18n import _, language, listed
from tlsec.report import charts, words
from tlsec.report.blocks import Tone
from tlsec.report.numbers import between, floored
from tlsec.report.papers.assessment import (
    ASSET_KINDS,
    Assessment,
    Interval,
    Mending,
    Number,
    Severity,
    State,
)
from tlsec.report.words import When

Tones = tuple[tuple[str, Tone], ...]


def blank() -> str:
    """What stands where a person still has to write."""
    return _("【待填】")


def given(text: str) -> str:
    """The text, or the mark of a blank."""
    return text or blank()


def state(value: State) -> str:
    """符合, 部分符合, 不符合, 未测, 不适用."""
    return charts.state_words()[value]


def severity(value: Severity) -> str:
    """高, 中, 低."""
    return {"high": _("高"), "medium": _("中"), "low": _("低")}[value]


def mending(value: Mending) -> str:
    """待整改, 整改中, 待复测, 已整改, 例外."""
    return {
        "open": _("待整改"), "fixing": _("整改中"), "retest": _("待复测"),
        "closed": _("已整改"), "waived": _("例外（限期）"),
    }[value]  # fmt: skip


def decision(value: str) -> str:
    """What a person said of a suspicion."""
    return {
        "open": _("待研判"), "confirmed": _("已确认"), "lowered": _("已降级"), "dismissed": _("已排除"),
    }[value]  # fmt: skip


def state_tones() -> Tones:
    """Tones of the state words."""
    return (
        (state("met"), "good"), (state("partly"), "warn"), (state("not_met"), "bad"),
        (state("untested"), "open"), (state("not_applicable"), "quiet"),
    )  # fmt: skip


def severity_tones() -> Tones:
    """Tones of the severities."""
    return ((severity("high"), "bad"), (severity("medium"), "warn"), (severity("low"), "open"))


def mending_tones() -> Tones:
    """Tones of the states of mending."""
    return (
        (mending("open"), "bad"), (mending("fixing"), "warn"), (mending("retest"), "warn"),
        (mending("closed"), "good"), (mending("waived"), "open"),
    )  # fmt: skip


def decision_tones() -> Tones:
    """Tones of decisions."""
    return (
        (decision("open"), "warn"), (decision("confirmed"), "bad"), (decision("lowered"), "open"),
        (decision("dismissed"), "quiet"),
    )  # fmt: skip


def kind(value: str) -> str:
    """The name of a kind of object."""
    names = dict(
        zip(
            ASSET_KINDS,
            (
                _("物理机房"), _("网络设备"), _("安全设备"), _("服务器和存储设备"), _("终端和现场设备"),
                _("系统管理软件和平台"), _("业务应用系统和平台"), _("数据资源"), _("密码产品"),
                _("安全相关人员"), _("安全管理文档"), _("其他对象"),
            ),
            strict=True,
        )
    )  # fmt: skip
    return names.get(value, value)


def extension(value: str) -> str:
    """The part of the standard an item comes from."""
    names = {
        "general": _("通用"), "cloud": _("云计算"), "mobile": _("移动互联"),
        "iot": _("物联网"), "ics": _("工业控制"),
    }  # fmt: skip
    return names.get(value, value)


def effort(value: str) -> str:
    """How much work it takes."""
    return {"small": _("小"), "medium": _("中等"), "large": _("大")}.get(value, _("未估"))


def day(value: When | None) -> str:
    """ "2026年3月5日", in English "2026-03-05"; None is ""."""
    if value is None:
        return ""
    return words.day(value) if language() == "zh" else words.minute(value)[:10]


def moment(value: When) -> str:
    """ "2026-03-05 16:30" in Asia/Shanghai."""
    return words.minute(value)


def rate(value: Interval | None, digits: int = 1) -> str:
    """ "62.5%～81.0%", 不适用 for none."""
    return state("not_applicable") if value is None else _interval(value, "%", digits)


def number(value: Number, digits: int = 2) -> str:
    """A number of the scheme with its unit."""
    return _interval(value.value, value.unit, digits)


def _interval(value: Interval, unit: str, digits: int) -> str:
    return between(value.low, value.high, unit, digits)


def coverage(data: Assessment) -> str:
    """Coverage, cut and never rounded up."""
    return floored(data.scheme.coverage) + "%"


def conclusion(data: Assessment) -> str:
    """The conclusion, or every one that is still possible."""
    found = data.scheme.conclusions
    if not found:
        return blank()
    return (
        found[0]
        if len(found) == 1
        else _("尚未确定，可能为{names}").format(names=listed(found, _("或")))
    )


def major_count(data: Assessment) -> str:
    """10（5个已整改）: the number before rectification decides, and is printed."""
    if not data.totals.major_fixed:
        return str(data.totals.major)
    return _("{n}（{fixed}个已整改）").format(n=data.totals.major, fixed=data.totals.major_fixed)


def untested_rule() -> str:
    """The sentence that stands beside every interval."""
    return _("未测不等于符合：未测项在下限中按最差计，在上限中按最好计。")


def self_made() -> str:
    """Said on every first page."""
    return _("自评，非等级测评机构出具")


def no_verdict() -> str:
    """Said on every first page."""
    return _(
        "本报告为运营者自行评估的结果，不能代替网络安全等级测评报告；机器检测给出的“疑似高风险”"
        "和“重大风险隐患候选”不是结论，须由人员研判后确定。"
    )


def chapter(number: int, text: str) -> str:
    """ "一、" as official papers count, in English "1  "."""
    if language() != "zh":
        return f"{number}  {text}"
    return f"{'零一二三四五六七八九十'[number]}、{text}"
