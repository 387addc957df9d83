"""tlsec demo: the whole loop in the terminal, on a practice city of its own."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import CANNOT_RUN, FINDINGS, fail, print_json
from tlsec.i18n import N_, _, listed, pick

if TYPE_CHECKING:
    from rich.console import Console

    from tlsec.range.truth import Comparison, Finding
    from tlsec.register.models import RiskItem
    from tlsec.scan.models import Run
    from tlsec.scan.runs import Ground

REDESIGN = "redesign"  # the approved change: the city is first seen without it
MENDED = "hidden-link"  # the trouble that the story mends
FIXER, CLERK, WATCH = N_("县区运维员"), N_("文书员"), N_("值班员")


@click.command(
    help=_("在临时工作区里演示全流程：靶场、巡检、台账、整改、复测销号、公文。不到一分钟。")
    + "\n\n"
    + _("例：tlsec demo；tlsec demo --dir 演示 --json")
)
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path), help=_("工作区目录，缺省为临时目录")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def demo(ctx: click.Context, directory: Path | None, as_json: bool) -> None:
    from tlsec.range.state import RangeError

    root = (directory or Path(tempfile.mkdtemp(prefix="tlsec-demo-"))).resolve()
    if (root / "tlsec.yaml").exists():
        fail(_("{dir} 已经是工作区，请换一个目录。").format(dir=root), CANNOT_RUN)
    story = Story(root, as_json)
    try:
        story.tell()
    except RangeError as error:
        fail(str(error), CANNOT_RUN)
    if as_json:
        print_json(story.as_json())
    if not story.good:
        ctx.exit(FINDINGS)


@dataclass
class Story:
    """The steps of the demonstration and what each brought."""

    root: Path
    quiet: bool
    closed: list[str] = field(default_factory=list)
    papers: list[Path] = field(default_factory=list)
    audit: str = ""
    compared: Comparison | None = None
    _n: int = 0

    @property
    def out(self) -> Console:
        return show.console(stderr=True) if self.quiet else show.console()

    def tell(self) -> None:
        from tlsec.cli.init import create
        from tlsec.range import control

        self._step(_("建立样例工作区：虚构的岚泽市"))
        create(self.root, sample=True)
        self._inventory()
        self._step(_("拉起演练靶场：回环地址上的真实服务器"))
        up = control.up(self.root / "data")
        try:
            self._say(
                _("{servers} 个服务在线，进程 {pid}，内存 {mb} MB").format(
                    servers=up.servers, pid=up.pid, mb=up.memory // 2**20
                )
            )
            ground = self._ground()
            self._baseline(ground, control.switch)
            run = self._scan(ground)
            self._troubles(run)
            item = self._register()
            if item is not None:
                self._mend(ground, item, control.switch)
            self._papers(ground, run)
        finally:
            control.down(self.root / "data")
        self._verify()
        self._next()

    @property
    def good(self) -> bool:
        """Every trouble judged as planted, nothing unexplained, one item closed, chain whole."""
        compared = self.compared
        return (
            compared is not None
            and all(compared.as_expected(t) for t in _planted())
            and not compared.unexpected
            and bool(self.closed)
            and self.audit == "ok"
        )

    def as_json(self) -> dict[str, Any]:
        assert self.compared is not None
        compared = self.compared
        return {
            "troubles": [
                {
                    "id": t.id, "name": pick(dict(t.title)), "check": t.check,
                    "found": bool(compared.found[t.name]), "expected": t.expected,
                    "as_expected": compared.as_expected(t),
                }
                for t in _planted()
            ],
            "unexpected": [
                {"check": f.check, "asset": f.subject, "locator": dict(f.locator), "message": f.message}
                for f in compared.unexpected
            ],
            "closed": self.closed,
            "papers": [str(path) for path in self.papers],
            "audit": self.audit,
            "workspace": str(self.root),
        }  # fmt: skip

    def _step(self, text: str) -> None:
        self._n += 1
        if not self.quiet:
            self.out.print(f"\n[bold cyan]{self._n}[/] [bold]{text}[/]")

    def _say(self, text: str) -> None:
        if not self.quiet:
            self.out.print("  " + text)

    def _ground(self) -> Ground:
        from tlsec import workspace
        from tlsec.scan import plans, runs

        now = datetime.now(UTC)
        plans.sync(self.root / "plans.yaml", now)
        return runs.Ground.of(workspace.read(self.root), now)

    def _inventory(self) -> None:
        from tlsec.inventory.models import Allocation, Asset, Endpoint, System, Unit, Zone

        counts = (
            (_("单位 {n}"), Unit),
            (_("区域 {n}"), Zone),
            (_("定级对象 {n}"), System),
            (_("资产 {n}"), Asset),
            (_("端点 {n}"), Endpoint),
            (_("分配记录 {n}"), Allocation),
        )
        self._say(listed((text.format(n=of.objects.count()) for text, of in counts), "，"))

    def _baseline(self, ground: Ground, switch: Callable[..., Any]) -> None:
        """The portal as it was before its approved redesign becomes the silent baseline."""
        from tlsec.scan import runs

        self._step(_("改版之前先看一眼门户，作为网页基线（首轮只记录，不告警）"))
        switch(self.root / "data", REDESIGN, False)
        specs = [s for s in runs.target_jobs(ground, "S01") if s.probe == "http.page"]
        run = runs.begin(ground, specs, _(WATCH), kind="target", title=_("门户基线"))
        if not runs.go(ground, run, _(WATCH)):
            raise click.Abort
        switch(self.root / "data", REDESIGN, True)
        self._say(
            _("基线 {n} 页；随后门户按批准的方案改版（变更窗口 W-2026-001）").format(n=len(specs))
        )

    def _scan(self, ground: Ground) -> Run:
        from tlsec.scan import lease, plans, runs
        from tlsec.scan.models import Plan

        plan = Plan.objects.get(id="daily")
        self._step(_("巡检：先预演，再执行“{plan}”").format(plan=plan.title))
        specs = list(runs.plan_jobs(ground, plans.steps_of(plan), datetime.now(UTC)))
        addresses = {s.target["address"] for s in specs if s.target.get("address")}
        ports = sum(len(s.target.get("ports", ())) for s in specs)
        self._say(
            _(
                "预演：{jobs} 项任务，{addresses} 个地址，{ports} 次端口探测；全部在授权范围内"
            ).format(jobs=len(specs), addresses=len(addresses), ports=ports)
        )
        run = runs.begin(ground, specs, _(WATCH), kind="plan", title=plan.title, plan=plan.id)
        total = lease.counts(run.pk).get("waiting", 0)
        with show.progress(total, "  " + _("巡检中"), self.quiet) as bar:
            done = runs.go(ground, run, _(WATCH), bar.advance)
        if not done:  # Ctrl-C ends the story, not only its scan
            raise click.Abort
        run.refresh_from_db()
        summary = runs.summary(run)
        states = "  ".join(
            f"{show.word(show.VERDICTS, s)} {n}" for s, n in summary["verdicts"].items()
        )
        self._say(
            _("用时 {seconds} 秒，观测 {n} 条；判定：{states}").format(
                seconds=summary["duration_s"], n=summary["observations"], states=states
            )
        )
        return run

    def _troubles(self, run: Run) -> None:
        from tlsec.range.truth import compare

        self.compared = compare(_planted(), _findings(run))
        self._step(_("预埋的 14 处隐患，各由哪个检查项发现"))
        if self.quiet:
            return
        table = show.table("#", _("隐患"), _("检查项"), _("条款"), "", flexible=[1, 3])
        for t in _planted():
            found = self.compared.found[t.name] or self.compared.silenced[t.name]
            mark = "[green]✓[/]" if self.compared.as_expected(t) else "[bold red]✗[/]"
            items = _("已批准，不告警") if t.expected == "silent" else _items(found)
            table.add_row(str(t.id), show.cell(pick(dict(t.title))), t.check, items, mark)
        self.out.print(table)
        for finding in self.compared.unexpected:
            self._say(
                "[red]"
                + _("未解释：")
                + "[/]"
                + show.cell(f"{finding.check} {finding.subject} {finding.message}")
            )

    def _register(self) -> RiskItem | None:
        from tlsec.register.models import RiskItem

        self._step(_("列入风险预警台账"))
        rows = RiskItem.objects.order_by("no")
        counts = {s: rows.filter(severity=s).count() for s in show.SEVERITIES}
        parts = [f"{show.word(show.SEVERITIES, s)} {n}" for s, n in counts.items() if n]
        self._say(_("共 {n} 项：").format(n=rows.count()) + "  ".join(parts))
        return rows.filter(check_id="web.hidden-link").first()

    def _mend(self, ground: Ground, item: RiskItem, switch: Callable[..., Any]) -> None:
        """Worked as people do: confirmed, sent, signed, mended, claimed; closed only by the retest."""
        from tlsec.cli.register import title
        from tlsec.register import items
        from tlsec.scan.retest import retest

        self._step(_("整改一项：{no} {text}").format(no=item.no, text=show.cell(title(item))))
        for command, who, reason in (
            ("confirm", _(WATCH), ""),
            ("dispatch", _(CLERK), ""),
            ("sign", _(FIXER), ""),
        ):
            items.command(item.no, command, who, datetime.now(UTC), reason)
        self._papers_for(ground, item)
        self._say(_("研判确认 → 下发整改通知书 → {unit}签收").format(unit=show.cell(item.unit)))
        switch(self.root / "data", MENDED, False)
        text = _("已删除暗链，修改后台口令，核对全站文件")
        items.command(item.no, "claim-fixed", _(FIXER), datetime.now(UTC), text)
        self._say(_("{who}反馈：{text}").format(who=_(FIXER), text=text))
        result = retest(ground, item.no, _(WATCH), self._say)
        if result.state == "pass":
            self.closed.append(item.no)
            self._say("[green]" + _("{no} 复测通过，销号").format(no=item.no) + "[/]")

    def _papers_for(self, ground: Ground, item: RiskItem) -> None:
        """The notice goes out while the item is open, to the unit that has to mend it."""
        from tlsec.cli.report import PAPERS, Wish
        from tlsec.report.errors import PaperError

        for form in ("docx", "pdf"):
            try:
                self.papers.append(PAPERS["notice"].make(ground, Wish(form, item.unit)).path)
            except PaperError as error:
                self._say(f"[yellow]{show.cell(error)}[/]")

    def _papers(self, ground: Ground, run: Run) -> None:
        from tlsec.cli.report import PAPERS, Wish

        self._step(_("出具公文与报表"))
        self.papers.append(PAPERS["ledger"].make(ground, Wish("xlsx")).path)
        self.papers.append(PAPERS["scan"].make(ground, Wish("html", run=run.pk)).path)
        for path in self.papers:
            self._say(show.cell(path))

    def _verify(self) -> None:
        from tlsec.register import journal
        from tlsec.register.models import Journal

        self._step(_("校验审计链"))
        breaks = list(journal.verify())
        self.audit = "broken" if breaks else "ok"
        count = Journal.objects.count()
        self._say(
            _("{n} 条记录，前后相扣，与台账一致").format(n=count)
            if not breaks
            else _("有 {n} 处不符").format(n=len(breaks))
        )

    def _next(self) -> None:
        self._step(_("接下来可以试"))
        with contextlib.suppress(ValueError):
            self._say(f"cd {show.cell(self.root)}")
        for line in (
            "tlsec range up && tlsec scan",
            "tlsec register list",
            "tlsec register show YJ-2026-00001".replace("2026", str(datetime.now(UTC).year)),
            "tlsec policy explain tls.versions",
            "tlsec range mend 6 && tlsec scan --target S14",
        ):
            self._say(line)


def _planted() -> list[Any]:
    from tlsec.range import control

    return [t for t in control.troubles() if t.built_in]


def _findings(run: Run) -> Iterator[Finding]:
    from tlsec.range.truth import Finding
    from tlsec.scan.models import Verdict

    for v in Verdict.objects.filter(run=run, state="fail").order_by("id"):
        text = listed((c["message"] for c in v.clauses if c["is"] is False), "；")
        yield Finding(v.check_id, v.subject, json.loads(v.locator_key), text, bool(v.waived))


def _items(found: list[Finding]) -> str:
    """Clause ids of the ledger rows that a trouble opened."""
    from tlsec.register.models import RiskItem

    if not found:
        return ""
    row = RiskItem.objects.filter(check_id=found[0].check, subject=found[0].subject).first()
    return listed(row.items) if row else ""
