"""tlsec audit: prove the journal, or carry it away."""

from __future__ import annotations

import json

import click

from tlsec.cli import show
from tlsec.cli.context import FINDINGS, open_workspace, print_json, with_example
from tlsec.i18n import _


@click.group(
    help=_("审计链：每一次操作都是一条记录，前后相扣。") + "\n\n" + _("例：tlsec audit verify")
)
def audit() -> None: ...


@audit.command(
    help=with_example(
        _("校验全链，并核对台账、例外、证据与最后一条记录一致；有改动、缺失、乱序则退出码为 1"),
        "tlsec audit verify",
    )
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register import evidence, journal
    from tlsec.register.models import Journal

    breaks = list(journal.verify())
    breaks += [journal.Break(0, str(damage)) for damage in evidence.verify(evidence.store())]
    count, head = Journal.objects.count(), journal.head()
    if as_json:
        listed = [{"seq": b.seq, "what": b.what} for b in breaks]
        print_json(
            {
                "audit": "broken" if breaks else "ok",
                "records": count,
                "head": head,
                "breaks": listed,
            }
        )
    elif breaks:
        out = show.console()
        for b in breaks:
            out.print(f"[red]#{b.seq}[/] {show.cell(b.what)}")
        out.print(_("审计链有 {n} 处不符。").format(n=len(breaks)))
    else:
        click.echo(_("审计链完整：{n} 条，链头 {head}").format(n=count, head=head[:16]))
    if breaks:
        ctx.exit(FINDINGS)


@audit.command(
    help=_("逐行输出全部记录（JSON Lines）") + "\n\n" + _("例：tlsec audit export > 审计.jsonl")
)
@click.pass_context
def export(ctx: click.Context) -> None:
    open_workspace(ctx)
    from tlsec.register.models import Journal

    for row in Journal.objects.order_by("seq").iterator(chunk_size=1000):
        values = {f.attname: getattr(row, f.attname) for f in row._meta.local_concrete_fields}
        click.echo(json.dumps(values, ensure_ascii=False, default=str))
