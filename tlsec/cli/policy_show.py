"""How checks, their fixtures and verdicts look: as tables in a terminal, as data for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlsec.cli.show import SEVERITIES, VERDICTS, cell, console, table, word
from tlsec.i18n import N_, _, language, listed, pick
from tlsec.policy.bundle import Policy
from tlsec.policy.check import Loaded
from tlsec.policy.coverage import items_of
from tlsec.policy.fixtures import Outcome
from tlsec.policy.judge import ClauseResult, Verdict

_WAYS = {
    "lower": N_("只能调小"),
    "higher": N_("只能调大"),
    "subset": N_("只能减少"),
    "superset": N_("只能增加"),
}
_STRENGTHS = {
    "proves": (N_("证明"), "green"),
    "supports": (N_("支持"), "green"),
    "refutes": (N_("否定"), "red"),
    "weakens": (N_("削弱"), "yellow"),
    "nothing": (N_("不说明"), "dim"),
}
_TRUTH = {
    True: (N_("成立"), "green"),
    False: (N_("不成立"), "bold red"),
    None: (N_("判不出"), "yellow"),
}
Results = Mapping[str, list[Outcome]]


def check_data(loaded: Loaded, policy: Policy) -> dict[str, Any]:
    """One check as data; `items`: ids by level."""
    check = loaded.check
    items = items_of(loaded, policy.catalog)
    return {
        "id": check.id,
        "version": check.version,
        "title": pick(check.title.model_dump()),
        "severity": check.severity,
        "category": check.category,
        "probe": check.probe,
        "items": {str(level): ids for level, ids in items.items()},
    }


def checks(policy: Policy) -> None:
    """Every check, one a line."""
    shown = table(_("检查项"), _("级别"), _("探针"), _("名称"), _("三级条款"), flexible=(3, 4))
    for loaded in policy.checks.values():
        check = loaded.check
        shown.add_row(
            cell(check.id),
            word(SEVERITIES, check.severity),
            cell(check.probe),
            cell(pick(check.title.model_dump())),
            " ".join(items_of(loaded, policy.catalog)[3]) or "—",
        )
    console().print(shown)


def tests_data(results: Results) -> dict[str, Any]:
    """Fixtures that ran, with those that did not come out as expected."""
    return {
        "checks": [
            {
                "id": check,
                "fixtures": len(outcomes),
                "failed": [
                    {
                        "name": o.fixture.name,
                        "expect": o.fixture.expect,
                        "got": o.verdict.state,
                        "clauses": list(o.verdict.failing),
                        "why": o.verdict.why,
                    }
                    for o in outcomes
                    if not o.as_expected
                ],
            }
            for check, outcomes in results.items()
        ],
        "fixtures": sum(map(len, results.values())),
        "failed": sum(not o.as_expected for outcomes in results.values() for o in outcomes),
    }


def tests(results: Results) -> None:
    """A line a check with its fixtures by expectation; every surprise on a line of its own."""
    shown = table(_("检查项"), *(word(VERDICTS, s) for s in _EXPECTED), _("结果"))
    wrong = 0
    for check, outcomes in results.items():
        bad = [o for o in outcomes if not o.as_expected]
        wrong += len(bad)
        counts = (sum(o.fixture.expect == state for o in outcomes) for state in _EXPECTED)
        verdict = f"[bold red]✗ {len(bad)}[/]" if bad else "[green]✓[/]"
        shown.add_row(cell(check), *map(str, counts), verdict)
        for o in bad:
            message = _("  {name}：应为 {expect}，得到 {got} {failing} {why}")
            shown.add_row(
                message.format(
                    name=cell(o.fixture.name),
                    expect=word(VERDICTS, o.fixture.expect),
                    got=word(VERDICTS, o.verdict.state),
                    failing=cell(listed(o.verdict.failing)),
                    why=cell(o.verdict.why),
                )
            )
    out = console()
    out.print(shown)
    message = _("检查项 {checks} 个，用例 {fixtures} 个，与期望不符 {wrong} 个")
    out.print(
        message.format(checks=len(results), fixtures=sum(map(len, results.values())), wrong=wrong)
    )


_EXPECTED = ("pass", "fail", "unknown", "not_applicable")


def explain_data(loaded: Loaded, policy: Policy, verdict: Verdict | None) -> dict[str, Any]:
    """A check, what it is held to, and if given how a verdict came about."""
    check = loaded.check
    effective = policy.profile.params_of(loaded)
    data = check_data(loaded, policy) | {
        "when": check.when,
        "params": {
            name: {"value": effective[name], "default": p.default, "stricter": p.stricter,
                   "source": p.source}
            for name, p in check.params.items()
        },
        "clauses": [{"id": c.id, "expr": c.expr} for c in check.clauses],
        "maps": [{"line": m.line, "pass": m.passed, "fail": m.failed} for m in check.maps],
        "remediation": pick(check.remediation.model_dump()),
        "fixtures": [{"name": t.name, "expect": t.expect} for t in check.tests],
    }  # fmt: skip
    if verdict is not None:
        data["verdict"] = {
            "state": verdict.state,
            "why": verdict.why,
            "now": verdict.now.isoformat(),
            "clauses": [
                {"id": c.id, "is": c.is_, "why": c.why, "message": _message(c),
                 "read": dict(c.read or {}), "violators": list(c.violators)}
                for c in verdict.clauses
            ],
        }  # fmt: skip
    return data


def explain(loaded: Loaded, policy: Policy, verdict: Verdict | None) -> None:
    """The same for a person."""
    check, out = loaded.check, console()
    out.print(f"[bold]{cell(check.id)}[/]  {cell(pick(check.title.model_dump()))}")
    out.print(
        _("{severity} · {category} · 探针 {probe} · 第 {version} 版").format(
            severity=word(SEVERITIES, check.severity),
            category=cell(check.category),
            probe=check.probe,
            version=check.version,
        )
    )
    if check.when:
        out.print(_("适用于：{when}").format(when=f"[cyan]{cell(check.when)}[/]"))
    if check.id in policy.profile.excluded:
        reason = cell(policy.profile.excluded[check.id])
        out.print(_("基线方案 {id} 已排除：{reason}").format(id=policy.profile.id, reason=reason))
    _print_clauses(loaded)
    _print_params(loaded, policy)
    _print_lines(loaded, policy)
    out.print(_("整改：{text}").format(text=cell(pick(check.remediation.model_dump()))))
    if verdict is None:
        names = listed(
            _("{name}（{note}）").format(name=cell(t.name), note=word(VERDICTS, t.expect))
            for t in check.tests
        )
        out.print(_("用例：{names}").format(names=names))
    else:
        _print_verdict(loaded, verdict)


def _print_clauses(loaded: Loaded) -> None:
    shown = table(_("子句"), _("须成立"), _("不成立时说"), flexible=(1, 2))
    for clause in loaded.check.clauses:
        shown.add_row(
            cell(clause.id), f"[cyan]{cell(clause.expr)}[/]", cell(pick(clause.fail.model_dump()))
        )
    console().print(shown)


def _print_params(loaded: Loaded, policy: Policy) -> None:
    if not loaded.check.params:
        return
    effective = policy.profile.params_of(loaded)
    shown = table(_("参数"), _("现值"), _("收紧"), _("说明与来源"), flexible=(1, 3))
    for name, param in loaded.check.params.items():
        value = effective[name]
        text = listed(map(str, value)) if isinstance(value, list) else str(value)
        if value != param.default:
            text += _("（缺省 {default}）").format(default=param.default)
        about = listed(filter(None, (param.zh, param.source)), "；")
        shown.add_row(cell(name), cell(text), _(_WAYS[param.stricter]), cell(about))
    console().print(shown)


def _print_lines(loaded: Loaded, policy: Policy) -> None:
    catalog = policy.catalog
    shown = table(_("要求"), _("通过时"), _("不符合时"), _("条款"), flexible=(0,))
    for mapping in loaded.check.maps:
        items = sorted((level, i.id) for level, i in catalog.by_line[mapping.line].items())
        line = catalog.lines[mapping.line]
        point = catalog.points[line.point]
        shown.add_row(
            cell(
                _("{name}：{value}").format(
                    name=getattr(point, language()), value=getattr(line, language())
                )
            ),
            word(_STRENGTHS, mapping.passed),
            word(_STRENGTHS, mapping.failed),
            "\n".join(_("{n} 级 {item}").format(n=level, item=id_) for level, id_ in items),
        )
    console().print(shown)


def _print_verdict(loaded: Loaded, verdict: Verdict) -> None:
    out = console()
    out.print()
    out.print(
        _("判定：{state} {why}").format(state=word(VERDICTS, verdict.state), why=cell(verdict.why))
    )
    if not verdict.clauses:
        return
    shown = table(_("子句"), _("结果"), _("读到的值"), _("说明"), flexible=(2, 3))
    for clause in verdict.clauses:
        text, style = _TRUTH[clause.is_]
        values = "\n".join(
            f"{path} = {_('未观测') if value is None else value}"
            for path, value in (clause.read or {}).items()
        )
        shown.add_row(
            cell(clause.id),
            f"[{style}]{_(text)}[/]",
            "\n".join(map(cell, values.split("\n"))),
            cell(_message(clause) or clause.why),
        )
    out.print(shown)
    out.print(_reason(verdict))


def _message(clause: ClauseResult) -> str:
    return clause.message_en if language() == "en" else clause.message


def _reason(verdict: Verdict) -> str:
    """Why the verdict is what it is, by the order of decision."""
    if verdict.state == "fail":
        failing = listed(map(cell, verdict.failing))
        return _("有一条子句不成立即为不符合：{clauses}").format(clauses=failing)
    if verdict.state == "unknown":
        return _("没有子句不成立，但有子句缺事实判不出：未测不等于正常")
    return _("每条子句都成立")
