"""tlsec policy: check the content files, run their fixtures, list and explain checks, count coverage."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tlsec import content, workspace
from tlsec.cli import context
from tlsec.cli.context import (
    BAD_INPUT,
    CANNOT_RUN,
    FINDINGS,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
)
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty

if TYPE_CHECKING:
    from tlsec.policy.bundle import Policy
    from tlsec.policy.check import Fixture, Loaded
    from tlsec.policy.judge import Verdict
    from tlsec.policy.question import Questions


def newest_verdict(ctx: click.Context, check: str, target: str) -> Verdict | None:
    """The newest stored verdict of a check on an address, asset or name; None when there is none."""
    open_workspace(ctx)
    from tlsec.scan import stored

    return stored.newest(check, target)


@click.group(
    help=_("检查项：校验、试跑、查看、解释、统计覆盖。") + "\n\n" + _("例：tlsec policy lint")
)
def policy() -> None:
    pass


@policy.command(
    help=_(
        "校验目录、检查项、问题、高风险清单、端口清单与基线方案；给出文件或文件夹时把它当作叠加内容一起校验。"
    )
    + "\n\n"
    + _("例：tlsec policy lint policies/checks/net/my.check.yaml")
)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.pass_context
def lint(ctx: click.Context, paths: tuple[Path, ...]) -> None:
    from tlsec.policy import assessment, bundle, profile, triggers

    folders, name = _folders(ctx)
    folders += [p for p in paths if p.is_dir() and p.resolve() not in map(Path.resolve, folders)]
    with faults_end_here():
        loaded = bundle.load(folders, content.fact_types(), name)
        files = [p for p in paths if p.is_file()]
        profiles = [f for folder in folders for f in sorted((folder / "profiles").glob("*.yaml"))]
        named = f"{loaded.catalog.id}@{loaded.catalog.version}"
        faults = [
            *(f for file in profiles for f in _faults_of(profile.load, file, loaded.checks, named)),
            *(
                fault
                for file in files
                for fault in _faults_of(bundle.load_check, file, loaded, content.fact_types())
            ),
        ]
        if faults:
            raise Faulty(faults)
        asked = assessment.load(folders, loaded)
        codes = triggers.load(folders)
    message = _(
        "无误：检查项 {checks}，用例 {fixtures}，要求线 {lines}，条款 {items}，问题 {questions}，"
        "高风险情形 {cases}，重大风险隐患触发项 {triggers}，端口清单 {ports}，基线方案 {profiles}"
    )
    click.echo(
        message.format(
            checks=len(loaded.checks),
            fixtures=sum(len(each.check.tests) for each in loaded.checks.values()),
            lines=len(loaded.catalog.lines),
            items=len(loaded.catalog.items),
            questions=len(asked.questions.by_id),
            cases=listed(f"{id_} {len(each.cases)}" for id_, each in asked.high_risk.items()),
            triggers=len(codes),
            ports=len(loaded.ports),
            profiles=len(profiles),
        )
    )


@policy.command(
    help=_("运行检查项自带的用例；有一个与期望不符即退出码 1。")
    + "\n\n"
    + _("例：tlsec policy test net.exposure")
)
@click.argument("checks", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def test(ctx: click.Context, checks: tuple[str, ...], as_json: bool) -> None:
    from tlsec.cli import policy_show as show
    from tlsec.policy import fixtures

    loaded = _load(ctx)
    results = {
        each.check.id: list(fixtures.run(each)) for each in _chosen(loaded, checks or loaded.checks)
    }
    failed = sum(not o.as_expected for outcomes in results.values() for o in outcomes)
    if as_json:
        print_json(show.tests_data(results))
    else:
        show.tests(results)
    if failed:
        ctx.exit(FINDINGS)


@policy.command("list", help=_("列出检查项。") + "\n\n" + _("例：tlsec policy list --json"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    from tlsec.cli import policy_show as show

    loaded = _load(ctx)
    if as_json:
        print_json({"checks": [show.check_data(each, loaded) for each in loaded.checks.values()]})
    else:
        show.checks(loaded)


@policy.command(
    help=_("说明一个检查项：子句、参数、条款、整改；加上用例或目标，逐条说明怎样得出判定。")
    + "\n\n"
    + _("例：tlsec policy explain net.exposure --fixture 新开的数据库端口")
)
@click.argument("check")
@click.option("--fixture", "fixture", help=_("用例名称，可只写一部分"))
@click.option("--target", help=_("地址、资产编号或域名：说明最近一次判定"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def explain(
    ctx: click.Context, check: str, fixture: str | None, target: str | None, as_json: bool
) -> None:
    from tlsec.cli import policy_show as show

    loaded = _load(ctx)
    (chosen,) = _chosen(loaded, [check])
    verdict = _verdict(ctx, chosen, fixture, target)
    if as_json:
        print_json(show.explain_data(chosen, loaded, verdict))
    else:
        show.explain(chosen, loaded, verdict)


@policy.command(
    help=_("统计每个条款靠什么判定：检查项、问卷，还是两者；没有途径的如实列出。")
    + "\n\n"
    + _("例：tlsec policy coverage --svg 覆盖.svg")
)
@click.option("--uncovered", is_flag=True, help=_("只列出没有检查项也没有问题的条款"))
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help=_("画成图，写到文件"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def coverage(ctx: click.Context, uncovered: bool, svg: Path | None, as_json: bool) -> None:
    from tlsec.cli import policy_coverage as show
    from tlsec.policy import coverage as counting

    loaded, questions = _load_with_questions(ctx)
    data = counting.count(loaded, questions)
    if svg:
        try:
            svg.write_text(show.picture(data, loaded.catalog), encoding="utf-8")
        except OSError as error:
            fail(_("写不了 {path}：{why}").format(path=svg, why=error.strerror), BAD_INPUT)
    left = counting.uncovered(loaded, questions)
    if as_json:
        if uncovered:
            data["uncovered"] = [item.id for item in left]
        print_json(data)
    elif uncovered:
        show.left(left)
    else:
        show.table_of(data)
        if svg:
            click.echo(_("图已写到 {path}").format(path=svg))


def _folders(ctx: click.Context) -> tuple[list[Path], str]:
    """Content folders, and the profile of the workspace if one is found; none is needed."""
    named = ctx.find_root().params.get("workspace")
    try:
        root = workspace.find(named)
    except Faulty:
        if named:
            context.workspace_dir(ctx)  # says what is wrong with the named one, and ends
        return content.policies(), "default"
    with faults_end_here():
        return content.policies(root), workspace.read(root).config.profile


def _load(ctx: click.Context) -> Policy:
    from tlsec.policy import bundle

    folders, profile = _folders(ctx)
    with faults_end_here():
        return bundle.load(folders, content.fact_types(), profile)


def _load_with_questions(ctx: click.Context) -> tuple[Policy, Questions]:
    from tlsec.policy import question

    loaded = _load(ctx)
    folders, _profile = _folders(ctx)
    with faults_end_here():
        return loaded, question.load(folders, loaded.catalog)


def _faults_of(read: Callable[..., object], *arguments: object) -> list[Fault]:
    try:
        read(*arguments)
    except Faulty as error:
        return error.faults
    return []


def _chosen(loaded: Policy, names: Iterable[str]) -> Iterator[Loaded]:
    """Checks by id, or by the path of a file that is still being written."""
    from tlsec.policy import bundle

    for name in names:
        if name in loaded.checks:
            yield loaded.checks[name]
        elif name.endswith(".yaml") and Path(name).is_file():
            with faults_end_here():
                yield bundle.load_check(Path(name), loaded, content.fact_types())
        else:
            fail(_no_such(_("没有检查项 {name}"), name, list(loaded.checks)), BAD_INPUT)


def _verdict(
    ctx: click.Context, chosen: Loaded, fixture: str | None, target: str | None
) -> Verdict | None:
    if fixture is not None:
        from tlsec.policy import fixtures

        found = _fixture(chosen, fixture)
        return fixtures.verdict_of(chosen, found, found.facts)
    if target is not None:
        verdict = newest_verdict(ctx, chosen.check.id, target)
        if verdict is None:
            message = _("{target} 上还没有 {check} 的判定，先运行：tlsec scan --target {target}")
            fail(message.format(target=target, check=chosen.check.id), CANNOT_RUN)
        return verdict
    return None


def _fixture(chosen: Loaded, name: str) -> Fixture:
    names = [each.name for each in chosen.check.tests]
    found = [t for t in chosen.check.tests if t.name == name] or [
        t for t in chosen.check.tests if name in t.name
    ]
    if len(found) > 1:
        message = _("{name} 对应不止一个用例：{names}")
        fail(message.format(name=name, names=listed(t.name for t in found)), BAD_INPUT)
    if not found:
        fail(_no_such(_("没有用例 {name}"), name, names, show_all=True), BAD_INPUT)
    return found[0]


def _no_such(message: str, name: str, known: list[str], show_all: bool = False) -> str:
    near = known if show_all else difflib.get_close_matches(name, known, 3, 0.5)
    hint = _("；可用：{names}").format(names=listed(near)) if near else ""
    return message.format(name=name) + hint
