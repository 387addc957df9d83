"""Keep the English catalogue in step with the texts in the code.

    python tests/messages.py update    take new texts in, drop old ones, compile
    python tests/messages.py check     say what is missing or stale; exit 1 if anything is

The catalogue holds no paths, line numbers, dates or names, and is sorted by text, so that it
changes only when a text does.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "tlsec" / "locale" / "en" / "LC_MESSAGES" / "tlsec.po"
MO = PO.with_suffix(".mo")

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext:babel_extract"), ("**.html", "jinja2")]
FOLDERS = ("tlsec", "reports")
HEADERS = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")


def extracted() -> Catalog:
    """Every text marked in the code and in the paper templates; no locations."""
    found = Catalog(charset="utf-8")
    for folder in FOLDERS:
        for _file, _line, text, _comments, context in extract_from_dir(
            ROOT / folder, METHODS, keywords=KEYWORDS
        ):
            found.add(text, context=context)
    return found


def stored() -> Catalog:
    """The catalogue as committed; empty when there is none yet."""
    if not PO.exists():
        return _empty()
    return read_po(io.BytesIO(PO.read_bytes()), locale="en", domain="tlsec")


class Plain(Catalog):
    """A catalogue whose header holds nothing that differs between machines, days or Babels."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The lines of the header that readers need."""
        return [pair for pair in self._get_mime_headers() if pair[0] in HEADERS]


def _empty() -> Catalog:
    return Plain(
        locale="en",
        domain="tlsec",
        header_comment="# English texts of tlsec, translated by hand; `make messages` adds new ones.",
        fuzzy=False,
    )


def updated(old: Catalog) -> Catalog:
    """The stored translations of exactly the texts that the code holds now."""
    new = _empty()
    for message in extracted():
        if message.id:
            known = old.get(message.id, message.context)
            new.add(
                message.id,
                known.string if known and not known.fuzzy else None,
                flags=message.flags,
                context=message.context,
            )
    return new


def po_bytes(catalogue: Catalog) -> bytes:
    """The catalogue as text: sorted, without anything that differs between two machines."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    return buffer.getvalue()


def mo_bytes(po: bytes) -> bytes:
    """The compiled form of a catalogue's text."""
    plain, buffer = _empty(), io.BytesIO()
    for message in read_po(io.BytesIO(po), locale="en", domain="tlsec"):
        if message.id:
            plain.add(message.id, message.string, context=message.context)
    write_mo(buffer, plain)
    return buffer.getvalue()


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """One text or the two forms of a count, always as a tuple."""
    return (text,) if isinstance(text, str) else tuple(text)


def fields(text: str) -> list[str]:
    """The named places of a str.format text with conversion and format, sorted."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:  # a text with braces that is never formatted
        return sorted(re.findall(r"[{}]", text))
    return sorted(
        f"{name}!{conv or ''}:{spec or ''}" for _, name, spec, conv in parts if name is not None
    )


def faults(catalogue: Catalog) -> list[str]:
    """What is wrong with the translations, one line a text."""
    found = []
    wanted = {message.id for message in extracted() if message.id}
    have = {message.id for message in catalogue if message.id}
    found += [f"not in the catalogue: {text!r}" for text in sorted(map(str, wanted - have))]
    found += [f"no longer in the code: {text!r}" for text in sorted(map(str, have - wanted))]
    found += [f"obsolete: {message.id!r}" for message in catalogue.obsolete.values()]
    for message in catalogue:
        if message.id:
            found += _faults_of(message)
    return found


def _faults_of(message: Message) -> list[str]:
    shown = repr(message.id)
    texts = forms(message.string or "")
    if not all(texts):
        return [f"not translated: {shown}"]
    found = ["fuzzy: " + shown] if message.fuzzy else []
    wanted = fields(forms(message.id)[-1])
    for text in texts:
        if fields(text) != wanted:
            found.append(f"other placeholders: {shown} → {text!r}")
        if text.startswith("\n") != forms(message.id)[0].startswith("\n"):
            found.append(f"starts with a line break in one language only: {shown}")
    return found


def main(arguments: list[str]) -> int:
    """`update` writes the catalogue, `check` only looks; both say what is left to translate."""
    if arguments not in (["update"], ["check"]):
        print(__doc__)
        return 2
    if arguments == ["update"]:
        PO.parent.mkdir(parents=True, exist_ok=True)
        po = po_bytes(updated(stored()))
        PO.write_bytes(po)
        MO.write_bytes(mo_bytes(po))
    left = faults(stored())
    if PO.exists() and (not MO.exists() or MO.read_bytes() != mo_bytes(PO.read_bytes())):
        left.append(f"{MO.name} is not what {PO.name} compiles to; run: make messages")
    for line in left:
        print(line)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
