"""Where a number of the assessment comes from, down to verdicts and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlsec.assess.objects import WHOLE
from tlsec.assess.results import Assessed, AssessedItem
from tlsec.assess.risks import result
from tlsec.cli.show import VERDICTS, cell, console, moment, table, word
from tlsec.i18n import N_, _, language, pick
from tlsec.policy.assessment import AssessmentContent
from tlsec.policy.evaluate import as_data
from tlsec.policy.item_state import ObjectState
from tlsec.policy.scheme import Scheme

STATES = {
    "met": (N_("符合"), "green"),
    "partly": (N_("部分符合"), "yellow"),
    "not_met": (N_("不符合"), "bold red"),
    "untested": (N_("未测"), "dim"),
    "not_applicable": (N_("不适用"), "dim"),
}
WHYS = {
    "refuted": N_("检查查出不符合"),
    "weakened": N_("检查查出有欠缺，至多部分符合"),
    "waived": N_("不符合已批准例外，按部分符合算"),
    "cannot_tell": N_("有检查没有测成，不能下结论"),
    "proved": N_("检查证明符合"),
    "answered": N_("按人的答复"),
    "half_answered": N_("还有问题没有答完"),
    "needs_attestation": N_("检查支持符合，还要人确认"),
    "nothing_known": N_("还没有任何证据"),
    "lapsed": N_("曾判为较低的答复已过期，要重新看"),
    "inherited": N_("沿用平台的结论"),
}
SAYS = {
    "refutes": N_("否定"),
    "weakens": N_("削弱"),
    "proves": N_("证明"),
    "supports": N_("支持"),
    "nothing": N_("不说明"),
}


def data(
    assessed: Assessed, content: AssessmentContent, scheme: Scheme, what: str
) -> dict[str, Any]:
    """What `what` names: score, a domain, an item or a line. Raises LookupError."""
    if what.lower() in ("score", "rate"):
        numbers, _risks = result(assessed, content, scheme)
        whole = as_data(numbers)
        return {
            "what": "score",
            **{k: whole[k] for k in ("number", "conclusion", "edges", "steps")},
        }
    domain = [each for each in assessed.items if each.domain.id == what.upper()]
    if domain:
        rows = [
            {"id": each.id, "line": each.line.id, "state": each.state.state,
             "text": getattr(each.item, language()), "low": each.state.low,
             "high": each.state.high}
            for each in domain
        ]  # fmt: skip
        return {"what": "domain", "domain": what.upper(), "items": rows}
    item = assessed.by_id.get(what) or assessed.by_line.get(what)
    if item is None:
        message = _(
            "{system} 没有条款或要求线 {what}；也可写 score 或层面 PES、CNS、ABS、CES、SMC 等"
        )
        raise LookupError(message.format(system=assessed.system, what=what))
    return _item(item, assessed, content)


def _item(item: AssessedItem, assessed: Assessed, content: AssessmentContent) -> dict[str, Any]:
    state = item.state
    return {
        "what": "item", "id": item.id, "line": item.line.id, "level": item.item.level,
        "unit": item.item.unit, "text": getattr(item.item, language()),
        "point": getattr(item.point, language()), "state": state.state,
        "low": state.low, "high": state.high, "raw": state.raw, "note": state.note,
        "conflicts": state.conflicts, "checks": list(item.checks),
        "questions": [
            {"id": q, "ask": pick(content.questions.by_id[q].ask.model_dump()),
             "waiting": q in assessed.waiting}
            for q in item.questions
        ],
        "objects": [_object(each, assessed) for each in state.objects],
    }  # fmt: skip


def _object(at: ObjectState, assessed: Assessed) -> dict[str, Any]:
    name = _("系统整体") if at.object == WHOLE else assessed.holdings.names.get(at.object, "")
    return {
        "object": at.object, "name": name, "state": at.state, "low": at.low, "high": at.high,
        "raw": at.raw, "why": at.why, "conflict": at.conflict, "note": at.note,
        "verdicts": [
            {"id": m.ref, "check": m.check, "version": m.version, "state": m.state,
             "place": m.place, "at": m.at, "message": m.message, "pass": m.passed,
             "fail": m.failed, "waived": m.waived}
            for m in at.evidence.machine
        ],
        "answers": [
            {"id": a.ref, "question": a.question, "version": a.version, "answer": a.answer,
             "means": a.means, "by": a.by, "reviewer": a.reviewer, "at": a.at,
             "expires": a.expires, "note": a.note, "evidence": list(a.evidence),
             "lapsed": a in at.evidence.lapsed}
            for a in (*at.evidence.answers, *at.evidence.lapsed)
        ],
        "missing": list(at.evidence.missing),
    }  # fmt: skip


def show(told: Mapping[str, Any]) -> None:
    """The same for a person."""
    {"score": _show_score, "domain": _show_domain, "item": _show_item}[told["what"]](told)


def _show_score(told: Mapping[str, Any]) -> None:
    out = console()
    for step in told["steps"]:
        out.print(cell(step))
    for edge in told["edges"]:
        mark = "[yellow]![/]" if edge["touched"] else "[dim]·[/]"
        out.print(f"{mark} {cell(edge['text'])}")


def _show_domain(told: Mapping[str, Any]) -> None:
    shown = table(_("条款"), _("状态"), _("要求"), _("要求线"), flexible=(2, 3))
    for row in told["items"]:
        shown.add_row(row["id"], word(STATES, row["state"]), cell(row["text"]), cell(row["line"]))
    console().print(shown)


def _show_item(told: Mapping[str, Any]) -> None:
    out = console()
    out.print(f"[bold]{told['id']}[/]  {cell(told['text'])}")
    out.print(f"[dim]{cell(told['point'])} · {cell(told['line'])} · {cell(told['unit'])}[/]")
    text = word(STATES, told["state"])
    if told["low"] != told["high"]:
        line = _("{state}，可能的值 {low}–{high}（符合为 1）")
        text = line.format(state=text, low=f"{told['low']:g}", high=f"{told['high']:g}")
    out.print(text)
    if told["note"]:
        out.print(cell(told["note"]))
    for each in told["objects"]:
        _show_object(each)
    for question in told["questions"]:
        mark = _("（有新答复等审核）") if question["waiting"] else ""
        out.print(_("问题 {id}：{ask}").format(id=question["id"], ask=cell(question["ask"])) + mark)


def _show_object(each: Mapping[str, Any]) -> None:
    out = console()
    name = " ".join(filter(None, (each["name"], each["object"])))
    mark = _(" [bold red]冲突：人说符合，机器查出不符合[/]") if each["conflict"] else ""
    line = f"\n[bold]{cell(name)}[/]  {word(STATES, each['state'])}  {_(WHYS[each['why']])}{mark}"
    out.print(line)
    if each["note"]:
        out.print(cell(each["note"]))
    if each["verdicts"]:
        shown = table(
            _("判定"), _("检查项"), _("结果"), _("对本条"), _("位置"), _("时间"), _("说明"),
            flexible=(1, 4, 6),
        )  # fmt: skip
        for v in each["verdicts"]:
            says = v["pass"] if v["state"] == "pass" else v["fail"] if v["state"] == "fail" else ""
            waived = _("（例外 {id}）").format(id=v["waived"]) if v["waived"] else ""
            shown.add_row(
                f"#{v['id']}", cell(f"{v['check']}@{v['version']}"), word(VERDICTS, v["state"]),
                _(SAYS[says]) if says else "—", cell(v["place"]), moment(v["at"]),
                cell(v["message"] + waived),
            )  # fmt: skip
        out.print(shown)
    if each["answers"]:
        shown = table(
            _("答复"), _("问题"), _("含义"), _("答复人"), _("审核人"), _("有效期至"), _("证据 SHA-256"),
            flexible=(1, 6),
        )  # fmt: skip
        for a in each["answers"]:
            over = _("（已过期）") if a["lapsed"] else ""
            shown.add_row(
                f"#{a['id']}", cell(a["question"]), word(STATES, a["means"]) + over,
                cell(a["by"]), cell(a["reviewer"]), moment(a["expires"]),
                "\n".join(sha[:16] for sha in a["evidence"]) or "—",
            )  # fmt: skip
        out.print(shown)
