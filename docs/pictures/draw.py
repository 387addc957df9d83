"""Draw the pictures of the documents anew, from a real run of the demonstration.

Needs Chromium, pdftoppm (poppler-utils), LibreOffice for the workbook, and fonts-noto-cjk. Terminal views
are what the command printed, set in a monospaced font; the temporary folder's name is left out.
"""

# ruff: noqa: S603, S607 - fixed commands on our own files

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

HERE = Path(__file__).resolve().parent
TLSEC = Path(sys.executable).with_name("tlsec")
COLUMNS = 104
LINE = 20  # pixels a line
CELL = 7.5  # pixels a narrow character: half of the font's 15 px
MAX_BYTES = 300_000
THEME = TerminalTheme(
    (252, 252, 250),
    (40, 44, 52),
    [
        (40, 44, 52), (200, 40, 41), (47, 128, 62), (178, 115, 0),
        (45, 100, 185), (130, 70, 160), (20, 125, 135), (255, 255, 255),
    ],
)  # fmt: skip
PAGE = """<!doctype html><meta charset="utf-8"><style>
html, body {{ margin: 0; background: #fcfcfa }}
pre {{ margin: 12px 16px; font: 15px/{line}px "Noto Sans Mono CJK SC", monospace; font-variant-ligatures: none }}
</style><pre>{code}</pre>
"""
BROWSER = [
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--lang=zh-CN",
]  # fmt: skip


def run(*command: str | Path, cwd: Path, lang: str = "zh") -> str:
    """Standard output of a command, with colours; what it says on stderr is shown when it fails."""
    environment = os.environ | {
        "TLSEC_LANG": lang, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color",
    }  # fmt: skip
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def shoot(page: Path, picture: Path, width: int, height: int) -> None:
    """A picture of a local page."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *BROWSER, f"--user-data-dir={profile}", f"--window-size={width},{height}",
                f"--screenshot={picture}", page.as_uri(),
            ],
            check=True, capture_output=True,
        )  # fmt: skip


def terminal(name: str, output: str, work: Path, command: str) -> None:
    """What a command printed, as a picture of a terminal."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    text = output.replace(f"{work}/", "").strip("\n")
    console.print(Text.assemble(("$ ", "dim"), (command, "bold")))
    console.print(Text.from_ansi(text))
    html = console.export_html(theme=THEME, inline_styles=True, code_format="{code}", clear=False)
    # the font draws a ruled line's character as wide as a Chinese one
    code = re.sub("─+", lambda rule: rule[0][: len(rule[0]) // 2], html)
    lines = len(console.export_text().splitlines())
    page = work / f"{name}.html"
    page.write_text(PAGE.format(line=LINE, code=code), encoding="utf-8")
    shoot(page, HERE / f"{name}.png", int(COLUMNS * CELL) + 40, lines * LINE + 28)


def first_page(pdf: Path, name: str, dpi: int, *crop: str, page: int = 1) -> None:
    """A page of a PDF, or its upper left corner, as a picture."""
    subprocess.run(
        [
            "pdftoppm",
            "-png",
            "-r",
            str(dpi),
            "-f",
            str(page),
            "-l",
            str(page),
            "-singlefile",
            *crop,
            pdf,
            HERE / name,
        ],
        check=True,
    )


def papers(folder: Path, work: Path) -> None:
    """Notice, ledger and summary as they lie in papers/."""
    notice, ledger, summary = (
        next(folder.glob(pattern)) for pattern in ("*.pdf", "*.xlsx", "*.html")
    )
    first_page(notice, "notice", 72)
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(work / 'office').as_uri()}", "--headless",
         "--convert-to", "pdf", "--outdir", work, ledger],
        check=True, capture_output=True,
    )  # fmt: skip
    corner = ("-x", "0", "-y", "0", "-W", "1360", "-H", "760")
    first_page(work / f"{ledger.stem}.pdf", "ledger", 125, *corner)
    shoot(summary, HERE / "summary.png", 1120, 1250)


def assessment(work: Path) -> None:
    """Coverage of the catalogue; the sample assessment of one system, in the terminal and on paper."""
    for lang, name in (("zh", "coverage"), ("en", "coverage-en")):
        run(TLSEC, "policy", "coverage", "--svg", HERE / f"{name}.svg", cwd=work, lang=lang)
    city = work / "graded"
    run(TLSEC, "init", city, "--sample", cwd=work)
    run(TLSEC, "range", "up", cwd=city)
    try:
        run(TLSEC, "scan", cwd=city)
    finally:
        run(TLSEC, "range", "down", cwd=city)
    run(TLSEC, "assess", "import", *sorted((city / "answers").glob("*.yaml")), cwd=city)
    for lang, name in (("zh", "assess"), ("en", "assess-en")):
        shown = run(TLSEC, "assess", "status", "S26", cwd=city, lang=lang)
        terminal(name, shown, work, "tlsec assess status S26")
    run(TLSEC, "assess", "conclude", "S26", cwd=city)
    run(TLSEC, "report", "evaluation", "--system", "S26", "--format", "pdf", cwd=city)
    (paper,) = (city / "papers").glob("*.pdf")
    first_page(paper, "evaluation", 72)


def draw() -> None:
    work = Path(tempfile.mkdtemp(prefix="pictures-")).resolve()
    try:
        city = work / "lanze"
        for lang, name in (("zh", "demo"), ("en", "demo-en")):
            shutil.rmtree(city, ignore_errors=True)
            story = run(TLSEC, "demo", "--dir", "lanze", cwd=work, lang=lang)
            terminal(name, story, work, "tlsec demo --dir lanze")
            listed = run(TLSEC, "register", "list", cwd=city, lang=lang)
            terminal(name.replace("demo", "register"), listed, work, "tlsec register list")
            if lang == "zh":
                explain = ("policy", "explain", "net.exposure", "--fixture", "新开的数据库端口")
                terminal(
                    "explain", run(TLSEC, *explain, cwd=city), work, " ".join(("tlsec", *explain))
                )
                papers(city / "papers", work)
        assessment(work)
    finally:
        shutil.rmtree(work)
    for picture in sorted(HERE.glob("*.png")):
        size = picture.stat().st_size
        print(f"{picture.name}\t{size // 1000} KB")
        if size > MAX_BYTES:
            sys.exit(f"{picture.name} is larger than {MAX_BYTES // 1000} KB")


if __name__ == "__main__":
    draw()
