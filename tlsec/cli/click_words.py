"""Click's own words ("Usage", "Options", errors) in the user's language."""

from __future__ import annotations

import importlib
from typing import Any

from tlsec.i18n import language

_ZH = {
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Arguments": "参数",
    "Show this message and exit.": "显示本帮助。",
    "Show the version and exit.": "显示版本。",
    "Error: {message}": "错误：{message}",
    "Aborted!": "已中止。",
    "Try '{command} {option}' for help.": "用“{command} {option}”查看帮助。",
    "No such option: {name}": "没有选项 {name}",
    "No such option {name!r}.": "没有选项 {name!r}。",
    "No such command {name!r}.": "没有命令 {name!r}。",
    "Missing command.": "缺少命令。",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing {param_type}": "缺少{param_type}",
    "argument": "参数",
    "option": "选项",
    "parameter": "参数",
    "Invalid value: {message}": "取值无效：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 取值无效：{message}",
    "Choose from:\n\t{choices}": "可选：{choices}",
    "Option {name!r} requires an argument.": "选项 {name!r} 需要一个值。",
    "{name} {filename!r} does not exist.": "{name} {filename!r} 不存在。",
    "Got unexpected extra argument ({args})": "多余的参数（{args}）",
    "Got unexpected extra arguments ({args})": "多余的参数（{args}）",
    "default: {default}": "缺省：{default}",
    "required": "必填",
    "file": "文件",
    "File": "文件",
    "directory": "目录",
    "Directory": "目录",
    "path": "路径",
    "Path": "路径",
    "Did you mean {possibility}?": "是否想用 {possibility}？",
    "{value!r} is not one of {choices}.": "{value!r} 不在可选范围 {choices} 内。",
    "{value!r} is not a valid {number_type}.": "{value!r} 不是有效的{number_type}。",
    "{value} is not in the range {range}.": "{value} 不在范围 {range} 内。",
}
_MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "types", "termui")


def _zh(message: str) -> str:
    return _ZH.get(message, message)


def _zh_plural(singular: str, plural: str, n: int) -> str:
    message = singular if n == 1 else plural
    return _ZH.get(message, _ZH.get(singular, message))


def translate() -> None:
    """Point click's own gettext names at our words when the language is zh."""
    if language() != "zh":
        return
    for name in _MODULES:
        module: Any = importlib.import_module(f"click.{name}")
        if hasattr(module, "_"):
            module._ = _zh
        if hasattr(module, "ngettext"):
            module.ngettext = _zh_plural
