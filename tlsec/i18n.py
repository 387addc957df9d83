"""Languages: msgids are written in zh-CN, an English catalogue translates them.

`_("…")` translates when it is called, so a module that is imported before the language is chosen
must not keep the result in a constant.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"
LANGUAGES = ("zh", "en")

_language: ContextVar[str] = ContextVar("tlsec_language", default="zh")


def use(language: str) -> None:
    """Choose the language of this context: "zh…" or "en…"; anything else falls back to zh."""
    _language.set("en" if language.lower().startswith("en") else "zh")


def language() -> str:
    """The language in force: "zh" or "en"."""
    return _language.get()


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "zh":
        return gettext.NullTranslations()
    return gettext.translation("tlsec", LOCALE_DIR, languages=[language], fallback=True)


def _(message: str) -> str:
    """The message in the language in force. Use str.format with names for values, after this call."""
    return _catalogue(_language.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The message for a count; Chinese needs one form only, so both may be the same text."""
    if _language.get() == "zh":
        return singular
    return _catalogue(_language.get()).ngettext(singular, plural, n)


def in_every_language(message: str) -> tuple[str, ...]:
    """The message as each language writes it: files come back from readers of another language."""
    return tuple(_catalogue(language).gettext(message) for language in LANGUAGES)


def pick(text: dict[str, str]) -> str:
    """The text of a {zh, en} pair from a content file; zh is always there."""
    return text.get(_language.get()) or text["zh"]


def listed(parts: Iterable[str], mark: str = "、") -> str:
    """Parts one after another, with one of MARKS between them as the language writes it."""
    return _(mark).join(parts)


def N_(message: str) -> str:
    """Mark a text for the catalogue where it stands in a table; translate it with `_` when shown."""
    return message


# what `listed` may put between parts
MARKS = (N_("、"), N_("，"), N_("；"))
