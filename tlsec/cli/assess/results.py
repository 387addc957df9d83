"""tlsec assess status|conclude|risks|decide|sample: where systems stand, and what follows from it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli.context import (
    BAD_INPUT,
    actor,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
    with_example,
)
from tlsec.cli.show import LOCAL
from tlsec.i18n import N_, _

if TYPE_CHECKING:
    from tlsec.assess.results import Assessed, Assessor
    from tlsec.policy.assessment import AssessmentContent
    from tlsec.policy.scheme import Scheme

NOT_GRADED = N_("没有已定级的系统：先在台账 systems.yaml 写明 grade。")


@click.command(
    help=with_example(
        _(
            "等保自查到哪一步了：得分或符合率（区间）、覆盖率、各层面、冲突、还缺什么；不写系统则每个系统一行。"
        ),
        "tlsec assess status S02 --explain 8.1.4.1-a",
    )
)
@click.argument("system", required=False, metavar=_("系统"))
@click.option(
    "--explain", metavar=_("条款"), help=_("说明来历：score、层面（如 CES）、条款号或要求线")
)
@click.option("--scheme", help=_("计分方案：2019、2021、2025；缺省按今天的报告日期"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def status(
    ctx: click.Context, system: str | None, explain: str | None, scheme: str | None, as_json: bool
) -> None:
    if explain and not system:
        fail(_("--explain 要写明是哪个系统"), BAD_INPUT)
    assessor = _assessor(ctx)
    from tlsec.cli.assess import explain as explaining
    from tlsec.cli.assess import results_show as shown

    used = _scheme(assessor.content, scheme, _today(assessor.now))
    if system is None:
        rows = shown.overview_data(assessor, used)
        print_json(rows) if as_json else shown.overview(rows, used)
        return
    assessed = _assessed(assessor, system)
    if explain:
        data = _explained(assessed, assessor, used, explain)
        print_json(data) if as_json else explaining.show(data)
        return
    data = shown.system_data(assessed, assessor.content, used)
    print_json(data) if as_json else shown.system(data, assessor)


@click.command(
    help=with_example(
        _("按今天的证据下结论并存档，与上一次比较；存档后不再改动。"),
        "tlsec assess conclude S02 --date 2026-12-01",
    )
)
@click.argument("system", metavar=_("系统"))
@click.option("--date", "day", help=_("报告封面日期，决定用哪一版方案；缺省今天"))
@click.option("--scheme", help=_("计分方案：2019、2021、2025；缺省按报告日期"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def conclude(
    ctx: click.Context, system: str, day: str | None, scheme: str | None, as_json: bool
) -> None:
    assessor = _assessor(ctx)
    from tlsec.assess import conclude as concluding
    from tlsec.cli.assess import results_show as shown

    cover = _day(day) if day else _today(assessor.now)
    used = _scheme(assessor.content, scheme, cover)
    assessed = _assessed(assessor, system)
    row = concluding.conclude(assessed, assessor.content, used, cover, actor(ctx), assessor.now)
    before = concluding.last(row.system, row)
    changes = concluding.compare(before.items, row.items) if before else []
    data = {
        "id": row.pk, "system": row.system, "grade": row.grade, "scheme": row.scheme,
        "report_date": row.report_date.isoformat(), "by": row.by, "at": row.at,
        "digest": row.digest, "result": row.result, "risks": row.risks,
        "previous": before.pk if before else None, "changes": [c.data for c in changes],
    }  # fmt: skip
    print_json(data) if as_json else shown.conclusion(data, used)


@click.command(
    help=with_example(
        _("疑似高风险和重大风险隐患候选：案例、依据、可问的缓解措施、已作的判定。"),
        "tlsec assess risks S02",
    )
)
@click.argument("system", metavar=_("系统"))
@click.option("--scheme", help=_("按哪一版方案的清单；缺省按今天的报告日期"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def risks(ctx: click.Context, system: str, scheme: str | None, as_json: bool) -> None:
    assessor = _assessor(ctx)
    from tlsec.assess import conclude as concluding
    from tlsec.assess import risks as standing
    from tlsec.cli.assess import results_show as shown

    used = _scheme(assessor.content, scheme, _today(assessor.now))
    assessed = _assessed(assessor, system)
    found = standing.standing(assessed, assessor.content.risks_of(used))
    data = {
        "system": assessed.system,
        "scheme": used.versioned,
        "risks": [
            concluding.risk_data(risk) | {"name": shown.risk_name(risk, assessor.content, used)}
            for risk in found
        ],
    }
    print_json(data) if as_json else shown.risks(data)


@click.command(
    help=with_example(
        _(
            "对一个疑似高风险（案例号）或重大风险隐患候选（触发项号，如 A-18）作判定：由人负责，写明理由。"
        ),
        _(
            "tlsec assess decide S02 6.4.1.1 lowered --mitigation 已启用双因素 --level medium --reason 现场核实"
        ),
    )
)
@click.argument("system", metavar=_("系统"))
@click.argument("case", metavar=_("案例"))
@click.argument(
    "decision", type=click.Choice(["confirmed", "lowered", "dismissed"]), metavar=_("判定")
)
@click.option("--reason", required=True, help=_("理由"))
@click.option("--mitigation", default="", help=_("现有的缓解措施（lowered 必填）"))
@click.option("--level", default="", help=_("降为：medium 或 low（lowered 必填）"))
@click.option("--by", help=_("判定人；缺省为当前操作人"))
@click.option("--scheme", help=_("按哪一版方案的清单；缺省按今天的报告日期"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def decide(
    ctx: click.Context, system: str, case: str, decision: str, reason: str, mitigation: str,
    level: str, by: str | None, scheme: str | None, as_json: bool,
) -> None:  # fmt: skip
    assessor = _assessor(ctx)
    from tlsec.assess import risks as standing
    from tlsec.assess.evidence import Refused

    used = _scheme(assessor.content, scheme, _today(assessor.now))
    cases = assessor.content.risks_of(used)
    if cases is None:
        fail(_("方案 {id} 没有高风险清单").format(id=used.id), BAD_INPUT)
    assessed = _assessed(assessor, system)
    try:
        row = standing.decide(
            assessed, cases, case, decision, reason, by or actor(ctx), assessor.now,
            mitigation=mitigation, level=level, triggers=assessor.content.triggers,
            actor=actor(ctx),
        )  # fmt: skip
    except Refused as error:
        fail("\n".join(error.sentences), BAD_INPUT)
    if as_json:
        print_json(
            {"id": row.pk, "system": row.system, "list": row.list, "case": row.case,
             "kind": row.kind, "decision": row.decision, "by": row.by, "at": row.at}
        )  # fmt: skip
        return
    message = _("已记录 {by} 对 {system} 案例 {case} 的判定：{decision}")
    click.echo(message.format(by=row.by, system=row.system, case=row.case, decision=row.decision))


@click.command(
    help=with_example(
        _("按等级和种类建议看哪些资产（一级 1、二级 2、三级 2、四级 3）。"),
        "tlsec assess sample S02",
    )
)
@click.argument("system", metavar=_("系统"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def sample(ctx: click.Context, system: str, as_json: bool) -> None:
    assessor = _assessor(ctx)
    from tlsec.cli.assess import results_show as shown

    data = shown.sample_data(_assessed(assessor, system))
    print_json(data) if as_json else shown.sample(data)


# --- what all of them need ---


def _assessor(ctx: click.Context) -> Assessor:
    workspace = open_workspace(ctx)
    from tlsec import content
    from tlsec.assess.results import Assessor
    from tlsec.policy import assessment, bundle

    folders = content.policies(workspace.root)
    with faults_end_here():
        policy = bundle.load(folders, content.fact_types(), workspace.config.profile)
        loaded = assessment.load(folders, policy)
    return Assessor(datetime.now(UTC), policy, loaded)


def _assessed(assessor: Assessor, system: str) -> Assessed:
    from tlsec.assess.evidence import Refused
    from tlsec.assess.inquiry import find_system

    try:
        return assessor.assess(find_system(system))
    except Refused as error:
        fail("\n".join(error.sentences), BAD_INPUT)


def _explained(assessed: Assessed, assessor: Assessor, used: Scheme, what: str) -> dict[str, Any]:
    from tlsec.cli.assess import explain

    try:
        return explain.data(assessed, assessor.content, used, what)
    except LookupError as error:
        fail(str(error.args[0]), BAD_INPUT)


def _scheme(content: AssessmentContent, id_: str | None, day: date) -> Scheme:
    try:
        return content.scheme(id_, day)
    except LookupError as error:
        fail(str(error.args[0]), BAD_INPUT)


def _today(now: datetime) -> date:
    return now.astimezone(LOCAL).date()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(_("{text} 不是日期，写作 2026-12-01").format(text=text), BAD_INPUT)
