"""What keeps a part of a page from a reader's eye: inline styles, attributes, simple <style> rules.

The shapes are those that injected "dark links" use: not displayed, invisible, no size, outside the window,
the colour of the ground. Styles of other files are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

Rules: TypeAlias = Mapping[str, str]

MAX_STYLE = 4096
MAX_RULES = 5000
_OFF = -500.0  # px: no reader scrolls so far to the left or up
_FAR = 5000.0  # px
_LENGTH = re.compile(r"(-?\d{1,7}(?:\.\d{1,4})?)(px|em|rem|ex|ch|pt|vw|vh|%)?$")
_FACTOR = {"em": 16, "rem": 16, "ex": 8, "ch": 8, "pt": 4 / 3, "vw": 14, "vh": 8, "%": 10}
_READ = frozenset(
    [
        "display",
        "visibility",
        "opacity",
        "font-size",
        "text-indent",
        "position",
        "left",
        "top",
        "right",
        "bottom",
        "margin-left",
        "margin-top",
        "width",
        "height",
        "max-width",
        "max-height",
        "overflow",
        "clip",
        "clip-path",
        "transform",
        "white-space",
        "color",
        "background",
        "background-color",
    ]
)
_NAMES = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "transparent": "transparent"}
_RGB = re.compile(
    r"rgba?\((\d{1,3})[\s,]{1,4}(\d{1,3})[\s,]{1,4}(\d{1,3})\s{0,4}(?:[,/]\s{0,4}([\d.%]{1,8})\s{0,4})?\)$"
)


@dataclass(frozen=True, slots=True)
class Look:
    """What an element hands down: `gone` cannot be undone below it, the others can."""

    gone: bool = False
    invisible: bool = False
    no_size: bool = False
    indented: bool = False
    color: str = ""
    ground: str = ""

    @property
    def hidden(self) -> bool:
        same = self.color == "transparent" or (bool(self.color) and self.color == self.ground)
        return self.gone or self.invisible or self.no_size or self.indented or same


SEEN = Look()


@dataclass(slots=True)
class Sheet:
    """Rules of a page's own <style> elements with a single .class or #id selector."""

    rules: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, css: str) -> None:
        """Read one <style> element. At-rules (media, print) are left out: they hold only sometimes."""
        for selectors, body in _blocks(_without_comments(css)):
            wanted = declarations(body)
            if not wanted:
                continue
            for selector in selectors.split(",")[:50]:
                name = _simple(selector.strip())
                if name and (name in self.rules or len(self.rules) < MAX_RULES):
                    self.rules.setdefault(name, {}).update(wanted)

    def of(self, attributes: Mapping[str, str]) -> dict[str, str]:
        """Declarations that hold for an element by its classes and its id."""
        found: dict[str, str] = {}
        if self.rules:
            for name in attributes.get("class", "")[:1000].split()[:50]:
                found.update(self.rules.get("." + name, {}))
            found.update(self.rules.get("#" + attributes.get("id", "").strip()[:200], {}))
        return found


def _without_comments(css: str) -> str:
    parts, at = [], 0
    while (start := css.find("/*", at)) >= 0:
        parts.append(css[at:start])
        end = css.find("*/", start + 2)
        at = len(css) if end < 0 else end + 2
    return "".join([*parts, css[at:]])


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """(selectors, declarations) of the outer rules; what stands inside an at-rule is passed over."""
    at, depth, inside = 0, 0, ""
    for found in re.finditer(r"[{};]", css):
        mark, here = found.group(), found.start()
        if mark == "{":
            if depth == 0:
                inside, at = css[at:here].strip(), here + 1
            depth += 1
        elif mark == "}":
            if depth == 1 and not inside.startswith("@"):
                yield inside[-2000:], css[at : min(here, at + MAX_STYLE)]
            depth = max(0, depth - 1)
            at = here + 1 if depth == 0 else at
        elif depth == 0:  # @import …; and @charset …;
            at = here + 1


def _simple(selector: str) -> str:
    """ ".name" or "#name" of a selector that is nothing but that, with or without a tag before it."""
    found = re.fullmatch(r"[a-zA-Z0-9]{0,20}([.#][\w-]{1,100})", selector)
    return found.group(1) if found else ""


def declarations(style: str) -> dict[str, str]:
    """Properties of a style that matter here, in lower case; the last of a name wins."""
    found = {}
    for part in _without_comments(style[:MAX_STYLE]).split(";"):
        name, _, value = part.partition(":")
        name = name.strip().lower()
        if name in _READ:
            found[name] = value.lower().replace("!important", "").strip()
    return found


def step(parent: Look, tag: str, attributes: Mapping[str, str], sheet: Sheet) -> Look:
    """How an element looks, given what it stands in."""
    inline = declarations(attributes["style"]) if "style" in attributes else {}
    rules = {**sheet.of(attributes), **inline}
    look = parent
    if not parent.gone and _gone(tag, attributes, rules):
        look = replace(look, gone=True)
    if "visibility" in rules:
        look = replace(look, invisible=rules["visibility"] in ("hidden", "collapse"))
    if (size := pixels(rules.get("font-size", ""))) is not None:
        look = replace(look, no_size=size <= 0)
    if (indent := pixels(rules.get("text-indent", ""))) is not None:
        pushed_out = indent >= 1000 and "hidden" in rules.get("overflow", "")
        look = replace(look, indented=indent <= _OFF or pushed_out)
    color = colour(inline.get("color", "") or attributes.get("color", ""))
    ground = _ground(inline, attributes)
    if color or ground is not None:
        kept = look.ground if ground is None else ground
        look = replace(look, color=color or look.color, ground=kept)
    return look


def _gone(tag: str, attributes: Mapping[str, str], rules: Rules) -> bool:
    if "hidden" in attributes and rules.get("display", "none") == "none":
        return True
    if rules.get("display") == "none" or pixels(rules.get("opacity", "")) == 0:
        return True
    if tag == "marquee" and _tiny(attributes.get("height", ""), attributes.get("width", "")):
        return True
    return _outside(rules) or _no_room(rules)


def _tiny(*lengths: str) -> bool:
    return any(size is not None and size <= 1 for size in map(pixels, lengths))


def _outside(rules: Rules) -> bool:
    """Placed outside every window, or clipped to nothing."""
    if rules.get("position", "static") != "static":
        for side in ("left", "top", "right", "bottom"):
            at = pixels(rules.get(side, ""))
            if at is not None and (at <= _OFF or at >= _FAR):
                return True
        if re.match(r"rect\(\s{0,4}(?:0|1px)", rules.get("clip", "")):
            return True
    for side in ("margin-left", "margin-top"):
        at = pixels(rules.get(side, ""))
        if at is not None and at <= 2 * _OFF:
            return True
    clip, transform = rules.get("clip-path", ""), rules.get("transform", "")
    return clip.startswith(("inset(50%", "inset(100%", "circle(0")) or transform.startswith(
        "scale(0)"
    )


def _no_room(rules: Rules) -> bool:
    if rules.get("overflow", "visible") == "visible":
        return False
    names = ("width", "height", "max-width", "max-height")
    return _tiny(*(rules.get(name, "") for name in names))


def pixels(value: str) -> float | None:
    """A CSS length as pixels, roughly; None when it is not a plain length."""
    found = _LENGTH.match(value.strip().lower()[:20])
    if not found:
        return None
    return float(found.group(1)) * _FACTOR.get(found.group(2) or "", 1)


def colour(value: str) -> str:
    """A colour in one spelling: "#rrggbb" or "transparent"; "" when it is not understood."""
    value = value.strip().lower()[:60]
    if value in _NAMES:
        return _NAMES[value]
    if re.fullmatch(r"#[0-9a-f]{6}", value):
        return value
    if re.fullmatch(r"#[0-9a-f]{3}", value):
        return "#" + "".join(2 * digit for digit in value[1:])
    if found := _RGB.match(value):
        if found.group(4) in ("0", "0.0", "0%"):
            return "transparent"
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.groups()[:3])
    return ""


def _ground(inline: Rules, attributes: Mapping[str, str]) -> str | None:
    """The background an element sets: a colour, "" for one not understood, None for none."""
    value = inline.get("background-color") or inline.get("background") or attributes.get("bgcolor")
    if value is None:
        return None
    if "url(" in value or "gradient(" in value:
        return ""
    found = next((name for part in value.split()[:8] if (name := colour(part))), colour(value))
    return None if found == "transparent" else found
