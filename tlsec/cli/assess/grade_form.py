"""The grading questionnaire as a file to fill and as questions in a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tlsec.i18n import _, language

if TYPE_CHECKING:
    from tlsec.policy.grading import Choice, Form, Harm, Part, Questionnaire

_HELP = "?"


def words(text: Any) -> str:
    """A {zh, en} text of the content in the language in force."""
    return str(getattr(text, language()))


def template(asked: Questionnaire, filled: Form | None) -> str:
    """A form as YAML with every choice explained beside it; filled in where there are answers."""
    lines = [_("# 定级问卷。填好后：tlsec assess grade 系统 --form 本文件")]
    for title, choices in (
        (_("受侵害的客体 object"), asked.objects),
        (_("侵害程度 degree"), asked.degrees),
        (_("后果 consequences（可多个）"), asked.consequences),
    ):
        lines.append(f"# {title}")
        lines += [f"#   {choice.id:<10}{words(choice)}{_note(choice)}" for choice in choices]
    lines.append(_("# 几种客体都受侵害的各写一段，结果取最高的等级。"))
    for part in asked.parts:
        lines += ["", f"# {words(part)}：{words(part.harmed)}", *_half(part, filled)]
    return "\n".join(lines) + "\n"


def _note(choice: Choice) -> str:
    notes = [words(text) for text in (choice.help, choice.yardstick) if text is not None]
    return (
        _("：{note}").format(note=(" " if language() == "en" else "").join(notes)) if notes else ""
    )


def _half(part: Part, filled: Form | None) -> list[str]:
    half = filled.half(part.id) if filled else None
    lines = [
        f"{part.id}:",
        f"  # {words(part.describe)}",
        f"  description: {_quoted(half.description if half else '')}",
        "  harms:",
    ]
    harms = [harm.model_dump() for harm in half.harms] if half else []
    for harm in harms or [{"object": "", "degree": "", "consequences": [], "why": ""}]:
        lines += [
            f"    - object: {_quoted(harm['object'])}",
            f"      degree: {_quoted(harm['degree'])}",
            f"      consequences: [{', '.join(harm['consequences'])}]",
            f"      why: {_quoted(harm['why'])}",
        ]
    return lines


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def ask(asked: Questionnaire, before: Form | None, business: str) -> dict[str, Any]:
    """The questionnaire in the terminal, with help on every choice; a form as plain data."""
    click.echo(_("逐项回答；输入 ? 看说明，直接回车用方括号里的答案，Ctrl-C 退出不保存。"))
    return {part.id: _ask_half(asked, part, before, business) for part in asked.parts}


def _ask_half(
    asked: Questionnaire, part: Part, before: Form | None, business: str
) -> dict[str, Any]:
    old = before.half(part.id) if before else None
    click.echo(f"\n{words(part)}")
    description = click.prompt(
        words(part.describe), default=(old.description if old else "") or business or ""
    )
    known: dict[str, Harm] = {harm.object: harm for harm in old.harms} if old else {}
    while True:
        click.echo(words(part.harmed))
        harms = [
            harm
            for choice in asked.objects
            if (harm := _ask_harm(asked, part, choice, known.get(choice.id)))
        ]
        if harms:
            return {"description": description, "harms": harms}
        click.echo(_("至少要有一种客体受到侵害；都不受侵害的系统不需要定级。"), err=True)


def _ask_harm(
    asked: Questionnaire, part: Part, choice: Choice, known: Harm | None
) -> dict[str, Any] | None:
    degrees = [degree.id for degree in asked.degrees]
    offered = _("0 不侵害")
    for number, degree in enumerate(asked.degrees, 1):
        offered += f"  {number} {words(degree)}"
    default = str(degrees.index(known.degree) + 1) if known else "0"
    help_ = [words(part.help), words(choice) + _note(choice)]
    help_ += [words(degree) + _note(degree) for degree in asked.degrees]
    click.echo(f"  {words(choice)}：{offered}")
    answer = _number(str(words(choice)), default, len(degrees), help_)
    if answer == 0:
        return None
    return {
        "object": choice.id,
        "degree": degrees[answer - 1],
        "consequences": _ask_consequences(asked, known),
        "why": click.prompt(
            "  " + _("理由（写进定级报告）"), default=known.why if known else "", show_default=True
        ),
    }


def _number(prompt: str, default: str, top: int, help_: list[str]) -> int:
    while True:
        answer = click.prompt(f"  {prompt}", default=default).strip()
        if answer == _HELP:
            for line in help_:
                click.echo(f"    {line}")
        elif answer.isascii() and answer.isdigit() and int(answer) <= top:
            return int(answer)
        else:
            click.echo("  " + _("请输入 0–{top} 之间的数字，或 ?").format(top=top), err=True)


def _ask_consequences(asked: Questionnaire, known: Harm | None) -> list[str]:
    ids = [each.id for each in asked.consequences]
    offered = "  ".join(f"{n} {words(each)}" for n, each in enumerate(asked.consequences, 1))
    click.echo(f"    {offered}")
    default = " ".join(str(ids.index(id) + 1) for id in known.consequences) if known else ""
    while True:
        answer = click.prompt("  " + _("表现为哪些后果（可多个，空格隔开）"), default=default)
        parts = answer.replace(",", " ").replace("，", " ").replace("、", " ").split()
        if all(p.isascii() and p.isdigit() and 1 <= int(p) <= len(ids) for p in parts):
            return list(dict.fromkeys(ids[int(part) - 1] for part in parts))
        click.echo("  " + _("请输入 1–{top} 之间的数字").format(top=len(ids)), err=True)
