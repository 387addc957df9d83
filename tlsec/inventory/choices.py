"""The closed lists of the register, and how each value is called.

Files may hold the code (`in_use`) or the word (`在用`); the code is what is kept.
"""

from __future__ import annotations

from enum import StrEnum

from tlsec.facts import ZoneRole
from tlsec.i18n import N_, _, in_every_language


class UnitKind(StrEnum):
    CITY = "city"
    COUNTY = "county"
    UNIT = "unit"
    TOWNSHIP = "township"
    PROVIDER = "provider"


class AssetKind(StrEnum):
    SITE = "site"
    API = "api"
    HOST = "host"
    DEVICE = "device"
    RESOLVER = "resolver"
    SCREEN = "screen"
    EXCHANGE = "exchange"
    CLOUD = "cloud"
    STORAGE = "storage"
    TERMINAL = "terminal"


class Proto(StrEnum):
    TCP = "tcp"
    UDP = "udp"


class Service(StrEnum):
    HTTP = "http"
    HTTPS = "https"
    SSH = "ssh"
    DNS = "dns"
    LED = "led"
    OTHER = "other"


class Exposure(StrEnum):
    INTERNET = "internet"
    EXTRANET = "extranet"
    INTERNAL = "internal"


class SystemStatus(StrEnum):
    IN_USE = "in_use"
    CHANGING = "changing"
    STOPPED = "stopped"
    RECLAIMED = "reclaimed"


class Extension(StrEnum):
    """The extension sets of GB/T 22239-2019 that apply beside the general requirements."""

    CLOUD = "cloud"
    MOBILE = "mobile"
    IOT = "iot"
    ICS = "ics"


class CloudRole(StrEnum):
    """Which side of the cloud a system is: the platform itself, or one that stands on a platform."""

    PROVIDER = "provider"
    CUSTOMER = "customer"


class SecretTier(StrEnum):
    """Tiers of 分级保护, set by the highest classification handled; printed in Chinese in any language."""

    MIMI = "mimi"
    JIMI = "jimi"
    JIMI_PLUS = "jimi_plus"
    JUEMI = "juemi"


class FlowAction(StrEnum):
    ALLOW = "allow"
    FORBID = "forbid"


class UserClass(StrEnum):
    """User classes of extranet access as DB34/T 3607-2020 tells them apart."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class Exit(StrEnum):
    UNIFIED = "unified"
    OWN = "own"
    NONE = "none"


class WaiverKind(StrEnum):
    CHANGE = "change"
    EXCEPTION = "exception"


_WORDS: dict[type[StrEnum], dict[str, str]] = {
    UnitKind: {
        "city": N_("市"),
        "county": N_("县区"),
        "unit": N_("单位"),
        "township": N_("乡镇街道驿站"),
        "provider": N_("服务商"),
    },
    ZoneRole: {
        "dmz": N_("互联网发布区"),
        "exit": N_("互联网出口"),
        "cloud_front": N_("政务云互联网业务区"),
        "cloud_inner": N_("政务云公用业务区"),
        "exchange": N_("数据共享交换区"),
        "management": N_("安全运维管理区"),
        "unit": N_("公用网络区"),
        "private": N_("部门专网区"),
        "video": N_("视频网接入区"),
        "county": N_("县区接入区"),
        "terminal": N_("终端与大厅"),
        "backup": N_("机房备份区"),
        "none": N_("未划定"),
    },
    AssetKind: {
        "site": N_("网站"),
        "api": N_("接口"),
        "host": N_("主机"),
        "device": N_("设备"),
        "resolver": N_("域名解析"),
        "screen": N_("大屏"),
        "exchange": N_("交换节点"),
        "cloud": N_("云平台"),
        "storage": N_("存储备份"),
        "terminal": N_("终端"),
    },
    Proto: {"tcp": "TCP", "udp": "UDP"},
    Service: {
        "http": "HTTP",
        "https": "HTTPS",
        "ssh": "SSH",
        "dns": "DNS",
        "led": N_("大屏播控"),
        "other": N_("其他"),
    },
    Exposure: {"internet": N_("互联网"), "extranet": N_("政务外网"), "internal": N_("区内")},
    SystemStatus: {
        "in_use": N_("在用"),
        "changing": N_("变更"),
        "stopped": N_("停用"),
        "reclaimed": N_("回收"),
    },
    Extension: {
        "cloud": N_("云计算"),
        "mobile": N_("移动互联"),
        "iot": N_("物联网"),
        "ics": N_("工业控制"),
    },
    CloudRole: {"provider": N_("云服务商"), "customer": N_("云服务客户")},
    SecretTier: {"mimi": "秘密", "jimi": "机密", "jimi_plus": "机密增强", "juemi": "绝密"},
    FlowAction: {"allow": N_("允许"), "forbid": N_("禁止")},
    UserClass: {letter: letter for letter in "ABCDEF"},
    Exit: {"unified": N_("统一出口"), "own": N_("自有出口"), "none": N_("不上互联网")},
    WaiverKind: {"change": N_("变更窗口"), "exception": N_("例外")},
}


def words(choice: type[StrEnum]) -> dict[str, str]:
    """Code → word of a closed list, in the language in force."""
    return {code: _(word) for code, word in _WORDS[choice].items()}


def code_of(choice: type[StrEnum], text: str) -> str | None:
    """The code that a text names (code or word, zh or the language in force), None when none."""
    if text in _WORDS[choice]:
        return text
    wanted = text.strip().casefold()
    for code, word in _WORDS[choice].items():
        if wanted in map(str.casefold, (code, *in_every_language(word))):
            return code
    return None
