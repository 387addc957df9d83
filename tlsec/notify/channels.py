"""From settings to a channel that sends."""

from __future__ import annotations

from importlib import import_module

from tlsec.notify.config import Setup
from tlsec.notify.message import Channel

# kind → (module, class); a module is imported when its kind is first used
_CLASSES = {
    "dingtalk": ("tlsec.notify.dingtalk", "DingTalk"),
    "wecom": ("tlsec.notify.wecom", "WeCom"),
    "feishu": ("tlsec.notify.feishu", "Feishu"),
    "smtp": ("tlsec.notify.smtp", "Smtp"),
    "sms": ("tlsec.notify.sms", "Sms"),
    "syslog": ("tlsec.notify.syslog_out", "SyslogOut"),
    "webhook": ("tlsec.notify.webhook", "Webhook"),
    "local": ("tlsec.notify.local", "Local"),
}


def build(setup: Setup, id_: str) -> Channel:
    """The channel of that id. Raises KeyError where there is none."""
    config = setup.channels[id_]
    module, name = _CLASSES[config.kind]
    made: Channel = getattr(import_module(module), name)(config, setup)
    return made


def mentions(setup: Setup, id_: str) -> str:
    """What a channel addresses people by: "phone", "mail", "" for none of both."""
    kind = setup.channels[id_].kind
    if kind in ("dingtalk", "wecom", "sms"):
        return "phone"
    return "mail" if kind == "smtp" else ""


def shared(setup: Setup, id_: str) -> bool:
    """One room reads all that comes by it; mail and SMS go to the people of each audience alone."""
    return setup.channels[id_].kind not in ("smtp", "sms")
