"""What hides a link from a reader's eye, and what only looks like it."""

from __future__ import annotations

import pytest

from tlsec.wire.page import read_page
from tlsec.wire.page_style import Sheet, colour, declarations, pixels

LINK = '<a href="http://odd.test/">x</a>'


def hidden(html: str) -> bool:
    (link,) = read_page(html, "https://www.lanze.test/").links
    return link.hidden


HIDING = [
    "display:none", "DISPLAY : None !important", "display:no/**/ne;display:none", "visibility:hidden",
    "visibility:collapse", "font-size:0", "font-size:0px", "text-indent:-9999px", "text-indent:-999em",
    "position:absolute;left:-9999px", "position:fixed;top:-2000px", "position:absolute;left:9999px",
    "position:relative;right:-100em", "margin-left:-5000px", "opacity:0", "opacity:0.0",
    "width:0;height:0;overflow:hidden", "height:1px;overflow:auto", "max-height:0;overflow:hidden",
    "position:absolute;clip:rect(0 0 0 0)", "position:absolute;clip:rect(1px,1px,1px,1px)",
    "clip-path:inset(50%)", "transform:scale(0)", "color:#fff;background:#ffffff",
    "color:white;background-color:rgb(255, 255, 255)", "color:transparent", "color:rgba(0,0,0,0)",
    "text-indent:1000px;overflow:hidden",
]  # fmt: skip


@pytest.mark.parametrize("style", HIDING)
def test_hidden_by_style(style: str) -> None:
    assert hidden(f'<a style="{style}" href="/">x</a>')
    assert hidden(f'<div style="{style}"><p><span>{LINK}</span></p></div>')
    assert (
        hidden(f"<style>.k, p.q {{ {style} }}</style><div class='j k'>{LINK}</div>")
        or "color" in style
    )


@pytest.mark.parametrize(
    "style",
    [
        "", "display:block", "font-size:12px", "font-size:0.9em", "left:-9999px", "opacity:0.5",
        "text-indent:-2em", "width:0", "height:1px", "overflow:hidden", "color:#fff",
        "color:#fff;background:#000", "color:#fff;background:#fff url(/a.png)", "margin-left:-15px",
        "position:absolute;left:10px", "visibility:visible", "nonsense", "color:;background:",
        "display:none-ish", "width:100%;overflow:hidden",
    ],
)  # fmt: skip
def test_not_hidden_by_style(style: str) -> None:
    assert not hidden(f'<div style="{style}">{LINK}</div>')


@pytest.mark.parametrize(
    "html",
    [
        f"<div hidden>{LINK}</div>",
        f'<div hidden="until-found">{LINK}</div>',
        f"<marquee height=1 width=4 scrollamount=3000>{LINK}</marquee>",
        f"<marquee height='1px'>{LINK}</marquee>",
        f"<style>#foot{{display:none}}</style><p id=foot>{LINK}</p>",
        f"<p class=late>{LINK}</p><style>.late{{position:absolute;top:-999px}}</style>",
        f"<style>/* }} */ @media print{{.a{{}}}} .late{{display:none}}</style><p class=late>{LINK}",
        f"<style>@import url(x.css);\n.late{{display:none}}</style><p class=late>{LINK}",
        f"<body bgcolor=white><font color='#FFF'>{LINK}</font>",
        "<div style='background:#123'><a style='color:#112233' href=/>x</a></div>",
        f"<div style='visibility:hidden'><p style='font-size:9px'>{LINK}</p></div>",
    ],
)
def test_hidden_by_other_means(html: str) -> None:
    assert hidden(html)


@pytest.mark.parametrize(
    "html",
    [
        f"<div style='display:none'></div>{LINK}",
        f"<div style='display:none'><br><img src=/a.png></div>{LINK}",
        f"<div style='visibility:hidden'><p style='visibility:visible'>{LINK}</p></div>",
        f"<ul style='font-size:0'><li style='font-size:14px'>{LINK}</li></ul>",
        f"<div style='text-indent:-9999px'><p style='text-indent:0'>{LINK}</p></div>",
        f"<style>.k{{display:none}}</style><p class=k style='display:block'>{LINK}</p>",
        f"<style>@media print{{.k{{display:none}}}}</style><p class=k>{LINK}</p>",
        f"<style media=print>.k{{display:none}}</style><p class=k>{LINK}</p>",
        f"<style>.menu .k{{display:none}} .k:hover{{display:none}}</style><p class=k>{LINK}</p>",
        f"<style>/* .k{{display:none}} */</style><p class=k>{LINK}</p>",
        f"<script>'<div hidden>'</script>{LINK}",
        f"<marquee height=40>{LINK}</marquee>",
        f"<p hidden>甲<p>{LINK}",
    ],
)
def test_not_hidden_by_other_means(html: str) -> None:
    assert not hidden(html)


def test_values() -> None:
    assert [pixels(v) for v in ("-9999px", "2em", "0", "auto", "calc(1px)")] == [
        -9999,
        32,
        0,
        None,
        None,
    ]
    assert [colour(v) for v in ("#FFF", "White", "rgb(1,2,3)", "rgb(999 0 0)", "blah")] == [
        "#ffffff", "#ffffff", "#010203", "#ff0000", "",
    ]  # fmt: skip
    assert declarations("display:none;display:block;x:y") == {"display": "block"}


def test_rules_are_bounded() -> None:
    sheet = Sheet()
    sheet.add("".join(f".a{n}{{display:none}}" for n in range(9000)))
    assert len(sheet.rules) == 5000
