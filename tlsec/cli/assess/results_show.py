"""How the standing of systems looks: as tables in a terminal, as data for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlsec.assess import conclude, gaps, results
from tlsec.assess.gaps import WAYS
from tlsec.assess.results import Assessed, Assessor
from tlsec.assess.risks import Risk, result
from tlsec.cli.assess.explain import STATES
from tlsec.cli.show import cell, console, table, word
from tlsec.i18n import N_, _, language, listed, pick
from tlsec.inventory.choices import AssetKind, words
from tlsec.policy.assessment import AssessmentContent
from tlsec.policy.evaluate import as_data
from tlsec.policy.scheme import Scheme

RISK_STATES = {
    "suspected": (N_("疑似，待人判定"), "yellow"),
    "confirmed": (N_("已确认"), "bold red"),
    "lowered": (N_("已降低"), "cyan"),
    "dismissed": (N_("已排除"), "dim"),
}
MAX_LISTED = 12


def kind_text(risk: Mapping[str, Any]) -> str:
    """What kind of risk it is; one of 重大风险隐患 is a candidate until a person has confirmed it."""
    if risk["kind"] == "high":
        return _("高风险")
    return _("重大风险隐患") if risk["status"] == "confirmed" else _("重大风险隐患候选")


def number_text(data: Mapping[str, Any]) -> str:
    """71.42–85.71, or one number where the ends meet."""
    low, high = (f"{data[end]:.2f}" for end in ("low", "high"))
    return low if low == high else f"{low}–{high}"


def number_name(formula: str) -> str:
    return _("符合率 %") if formula == "rate" else _("得分")


def classes_text(ids: list[str], scheme: Scheme) -> str:
    return listed((pick(scheme.named(i).model_dump(exclude={"id"})) for i in ids), _("或"))


# --- all systems ---


def overview_data(assessor: Assessor, scheme: Scheme) -> dict[str, Any]:
    """One row a graded system."""
    rows = []
    for assessed in assessor.assess_all(results.graded()):
        numbers, risks = result(assessed, assessor.content, scheme)
        whole = as_data(numbers)
        rows.append(
            {
                "system": assessed.system, "name": assessed.name, "unit": assessed.unit,
                "county": assessed.county, "grade": assessed.grade,
                "extensions": list(assessed.extensions), "number": whole["number"],
                "coverage": whole["coverage"], "conclusion": whole["conclusion"],
                "conflicts": len(assessed.conflicts),
                "suspected": sum(r.status == "suspected" for r in risks if r.kind == "high"),
                "missing": {gap.way: len(gap.items) for gap in gaps.of(assessed)},
            }
        )  # fmt: skip
    return {"scheme": scheme.versioned, "formula": scheme.formula, "systems": rows}


def overview(data: Mapping[str, Any], scheme: Scheme) -> None:
    from tlsec.cli.assess.results import NOT_GRADED

    if not data["systems"]:
        console().print(_(NOT_GRADED))
        return
    shown = table(
        _("系统"), _("名称"), _("定级"), number_name(data["formula"]), _("覆盖"), _("结论"),
        _("冲突"), _("疑似"), flexible=(1, 5), tight=True,
    )  # fmt: skip
    for row in data["systems"]:
        covered = row["coverage"]
        shown.add_row(
            cell(row["system"]), cell(row["name"]), row["grade"], number_text(row["number"]),
            f"{covered['tested']}/{covered['applicable']}",
            _short(row["conclusion"], scheme) if covered["tested"] else f"[dim]{_('未测')}[/]",
            _some(row["conflicts"]),
            _some(row["suspected"]),
        )  # fmt: skip
    out = console()
    out.print(shown)
    out.print(_("区间：未测按不符合算到按符合算。疑似：待人判定的高风险。"))
    out.print(_("看一个系统：{c}").format(c="tlsec assess status S02"))


def _short(ids: list[str], scheme: Scheme) -> str:
    """The one class, or the best and the worst that are possible."""
    ends = [ids[0], ids[-1]] if len(ids) > 1 else ids
    return _("～").join(classes_text([each], scheme) for each in ends)


def _some(n: int) -> str:
    return f"[bold red]{n}[/]" if n else "[dim]0[/]"


# --- one system ---


def system_data(assessed: Assessed, content: AssessmentContent, scheme: Scheme) -> dict[str, Any]:
    """Everything that is known of a system's standing."""
    numbers, risks = result(assessed, content, scheme)
    whole = dict(as_data(numbers))
    del whole["steps"]
    missing = gaps.of(assessed)
    return {
        "system": assessed.system, "name": assessed.name, "unit": assessed.unit,
        "county": assessed.county, "grade": assessed.grade, "level": assessed.level,
        "extensions": list(assessed.extensions), "side": assessed.side,
        "platform": assessed.platform, "inheritance": assessed.inheritance,
        "now": assessed.now, "catalog": assessed.catalog, "profile": assessed.profile,
        "name_of_conclusion": classes_text(whole["conclusion"], scheme),
        **whole,
        "conflicts": [
            {"item": each.id, "line": each.line.id,
             "objects": [o.object for o in each.state.objects if o.conflict]}
            for each in assessed.conflicts
        ],
        "missing": {gap.way: list(gap.items) for gap in missing},
        "suspected": [conclude.risk_data(risk) for risk in risks],
        "items": [
            {"id": each.id, "line": each.line.id, "domain": each.domain.id,
             "point": each.point.id, "state": each.state.state, "low": each.state.low,
             "high": each.state.high, "raw": each.state.raw,
             "untested": list(each.state.untested), "note": each.state.note}
            for each in assessed.items
        ],
    }  # fmt: skip


def system(data: Mapping[str, Any], assessor: Assessor) -> None:
    out = console()
    covered = data["coverage"]
    out.print(
        f"[bold]{cell(data['system'])} {cell(data['name'])}[/]  {data['grade']}  "
        f"{cell(data['unit'])}  [dim]{data['scheme']} · {data['catalog']} · {data['profile']}[/]"
    )
    out.print(
        _("{what} [bold]{number}[/]　覆盖 {tested}/{all} 项（{percent}%）　结论：[bold]{text}[/]").format(
            what=number_name(data["formula"]), number=number_text(data["number"]),
            tested=covered["tested"], all=covered["applicable"], percent=covered["percent"],
            text=data["name_of_conclusion"],
        )
    )  # fmt: skip
    if data["raw"] != data["number"]:
        out.print(_("不计已批准例外：{raw}").format(raw=number_text(data["raw"])))
    if data["inheritance"]:
        out.print(cell(data["inheritance"]))
    _domains(data, assessor)
    _conflicts(data)
    _missing(data)
    _suspected(data)
    for edge in data["edges"]:
        if edge["touched"]:
            out.print(f"[yellow]![/] {cell(edge['text'])}")
    _next(data)


def _domains(data: Mapping[str, Any], assessor: Assessor) -> None:
    states = ("met", "partly", "not_met", "untested", "not_applicable")
    counted = (word(STATES, state) for state in states)
    shown = table(_("层面"), *counted, _("适用"), _("符合程度 %"), flexible=(0,), tight=True)
    for id_, row in data["domains"].items():
        name = getattr(assessor.policy.catalog.domains[id_], language())
        counts = (str(row[s]) if row[s] else "[dim]0[/]" for s in states)
        shown.add_row(
            f"{id_} {cell(name)}", *counts, str(row["applicable"]), number_text(row["rate"])
        )
    console().print(shown)


def _conflicts(data: Mapping[str, Any]) -> None:
    for each in data["conflicts"]:
        text = _("冲突 {item}：人说符合，机器查出不符合（{objects}），在解决之前按不符合算")
        console().print(
            f"[bold red]{text.format(item=each['item'], objects=cell(listed(each['objects'])))}[/]"
        )


def _missing(data: Mapping[str, Any]) -> None:
    if not data["missing"]:
        return
    shown = table(_("还缺什么"), _("项数"), _("条款"), flexible=(2,))
    for way, text in WAYS.items():
        items = data["missing"].get(way, [])
        if items:
            more = _(" 等") if len(items) > MAX_LISTED else ""
            shown.add_row(_(text), str(len(items)), " ".join(items[:MAX_LISTED]) + more)
    console().print(shown)


def _suspected(data: Mapping[str, Any]) -> None:
    found = [r for r in data["suspected"] if r["status"] in ("suspected", "confirmed")]
    for risk in found:
        text = pick(risk["situation"][0]) if risk["situation"] else ""
        console().print(
            f"{word(RISK_STATES, risk['status'])} {kind_text(risk)} {risk['case']} {cell(text)}"
        )


def _next(data: Mapping[str, Any]) -> None:
    id_, missing = data["system"], data["missing"]
    steps = []
    if data["conflicts"]:
        first = data["conflicts"][0]["item"]
        steps.append(
            _("看冲突的来历：{c}").format(c=f"tlsec assess status {id_} --explain {first}")
        )
    if "probe" in missing:
        steps.append(_("重新扫描：{c}").format(c="tlsec scan"))
    if "answer" in missing or "renew" in missing:
        steps.append(_("答题：{c}").format(c=f"tlsec assess answer {id_}"))
    if "review" in missing:
        steps.append(_("审核答复：{c}").format(c=f"tlsec assess review {id_}"))
    if any(r["status"] == "suspected" for r in data["suspected"]):
        steps.append(_("判定疑似高风险：{c}").format(c=f"tlsec assess risks {id_}"))
    if not missing and not steps:
        steps.append(_("下结论：{c}").format(c=f"tlsec assess conclude {id_}"))
    for step in steps:
        console().print(_("下一步 {step}").format(step=cell(step)))


# --- conclusion, risks, sample ---


def conclusion(data: Mapping[str, Any], scheme: Scheme) -> None:
    out, whole = console(), data["result"]
    line = _("结论 #{id}　{system} {grade}　方案 {scheme}　报告日期 {day}")
    out.print(
        line.format(
            id=data["id"], system=cell(data["system"]), grade=data["grade"],
            scheme=data["scheme"], day=data["report_date"],
        )
    )  # fmt: skip
    out.print(
        _("{what} {number}，覆盖 {tested}/{all}，结论：{text}").format(
            what=number_name(whole["formula"]), number=number_text(whole["number"]),
            tested=whole["coverage"]["tested"], all=whole["coverage"]["applicable"],
            text=classes_text(whole["conclusion"], scheme),
        )
    )  # fmt: skip
    if not whole["settled"]:
        out.print(_("[yellow]还有未测的条款或未判定的风险，结论没有定下来。[/]"))
    out.print(_("摘要 SHA-256：{digest}").format(digest=data["digest"]))
    if data["previous"] is None:
        return
    out.print(
        _("与上一次结论 #{id} 相比，{n} 项有变化").format(
            id=data["previous"], n=len(data["changes"])
        )
    )
    if data["changes"]:
        shown = table(_("条款"), _("上次"), _("这次"), _("原因"), flexible=(3,))
        for each in data["changes"]:
            shown.add_row(
                each["item"],
                word(STATES, each["before"]) if each["before"] else "—",
                word(STATES, each["after"]) if each["after"] else "—",
                cell("；".join(each["because"])),
            )
        out.print(shown)


def risk_name(risk: Risk, content: AssessmentContent, scheme: Scheme) -> dict[str, str]:
    """{zh, en} of a case or a trigger, also where nothing speaks for it any more."""
    cases = content.risks_of(scheme)
    known = content.triggers if risk.kind == "major" else cases.by_case if cases else {}
    found = known.get(risk.case)
    return {"zh": found.zh, "en": found.en} if found else {"zh": risk.case}


def risks(data: Mapping[str, Any]) -> None:
    out = console()
    if not data["risks"]:
        out.print(_("没有疑似高风险，也没有已作的判定。未测的条款还可能带来新的怀疑。"))
        return
    for risk in data["risks"]:
        out.print(
            f"\n[bold]{risk['case']}[/] {kind_text(risk)}  "
            f"{word(RISK_STATES, risk['status'])}  [dim]{risk['list']}[/]"
        )
        for text in risk["situation"] or ([risk["name"]] if risk.get("name") else []):
            out.print("  " + cell(pick(text)))
        for text in risk["condition"]:
            out.print("  " + _("前提：{text}").format(text=cell(pick(text))))
        for ground in risk["grounds"]:
            new = _("（判定之后新出现）") if ground["new"] else ""
            waived = _("（例外 {id}）").format(id=ground["waived"]) if ground["waived"] else ""
            where = " ".join(filter(None, (ground["source"], ground["object"], ground["place"])))
            out.print(
                f"  · {ground['item']} #{ground['ref']} {cell(where)} {cell(ground['text'])}{waived}{new}"
            )
        if risk["status"] == "suspected":
            if not risk["mitigable"]:
                out.print("  " + _("按清单没有可接受的缓解措施"))
            for text in risk["mitigations"]:
                out.print("  " + _("可问的缓解措施：{text}").format(text=cell(pick(text))))
        decision = risk["decision"]
        if decision:
            line = _("{by} 判定：{reason} {mitigation}")
            out.print(
                "  "
                + line.format(
                    by=cell(decision["by"]), reason=cell(decision["reason"]),
                    mitigation=cell(decision["mitigation"]),
                )
            )  # fmt: skip
        if risk["quiet"] and risk["status"] == "confirmed":
            out.print("  " + _("已没有证据支持，整改后可请人重新判定"))


def sample_data(assessed: Assessed) -> dict[str, Any]:
    held = assessed.holdings
    looked = {o.object for each in assessed.items for o in each.state.objects}
    return {
        "system": assessed.system,
        "level": assessed.level,
        "assets": [
            {"id": a.id, "name": a.name, "kind": a.kind, "zone": a.zone, "exposed": a.exposed,
             "sampled": a.id in held.sampled, "evidence": a.id in looked}
            for a in held.assets
        ],
    }  # fmt: skip


def sample(data: Mapping[str, Any]) -> None:
    out, kinds = console(), words(AssetKind)
    if not data["assets"]:
        out.print(
            _("台账里没有 {system} 的资产，只能按系统整体自查").format(system=cell(data["system"]))
        )
        return
    shown = table(
        _("资产"), _("名称"), _("种类"), _("区域"), _("互联网可达"), _("建议抽查"), flexible=(1,)
    )
    for row in data["assets"]:
        shown.add_row(
            cell(row["id"]), cell(row["name"]), cell(kinds[row["kind"]]),
            cell(row["zone"]), _("是") if row["exposed"] else "", "[green]✓[/]" if row["sampled"] else "",
        )  # fmt: skip
    out.print(shown)
