"""Reports, transfers, the sweep, numbers under load."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.incident.conftest import NOW, Drafted, item_of
from tests.incident.test_cases import opened
from tlsec.register.refused import Refused

LATER = NOW + timedelta(hours=1)
SUMMARY = {"cause": "弱口令", "measures": "下线", "harm": "首页被改"}


def test_the_first_two_items_write_themselves_and_the_rest_may_follow(city: Path) -> None:
    from tlsec.incident import reports

    row = opened(item_of(minutes=30).no)
    first = reports.write(row.no, "first", {"cause": "排查中"}, "王怀瑾", NOW)
    assert "望川县政府网站" in first.content["unit"] and "S2A2G2" in first.content["unit"]
    assert "网页篡改" in first.content["event"] and "待定级" in first.content["event"]
    more = reports.write(row.no, "more", {"trace": "来自203.0.113.77"}, "王怀瑾", LATER)
    assert (more.n, more.content["cause"], more.content["trace"]) == (
        2,
        "排查中",
        "来自203.0.113.77",
    )
    first.refresh_from_db()
    assert "trace" not in first.content  # a report stays as it was written


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("more", {}, "还没有首报"),
        ("summary", SUMMARY, "处置还没有结束"),
        ("first", {"weather": "好"}, "没有“weather”"),
        ("last", {}, "没有报告种类"),
    ],
)
def test_reports_out_of_turn(city: Path, kind: str, content: dict[str, str], said: str) -> None:
    from tlsec.incident import reports

    with pytest.raises(Refused, match=said):
        reports.write(opened().no, kind, content, "王怀瑾", NOW)


def test_one_first_report_and_a_summary_with_its_items(city: Path) -> None:
    from tlsec.incident import cases, reports

    row = opened()
    reports.write(row.no, "first", {}, "王怀瑾", NOW)
    with pytest.raises(Refused, match="续报"):
        reports.write(row.no, "first", {}, "王怀瑾", NOW)
    cases.level(row.no, "一般", "李明澈", NOW, "x")
    cases.handled(row.no, "王怀瑾", NOW)
    with pytest.raises(Refused, match="必须写明"):
        reports.write(row.no, "summary", {"cause": "x"}, "王怀瑾", NOW)
    assert reports.write(row.no, "summary", SUMMARY, "王怀瑾", NOW).n == 2


def test_telling_stops_a_clock_once_and_needs_a_signed_report(city: Path) -> None:
    from tlsec.incident import cases, reports

    row = opened(operator="cii")
    with pytest.raises(Refused, match="还没有可报的"):
        reports.told(row.no, ["police"], "王怀瑾", NOW)
    reports.told(row.no, ["verbal"], "王怀瑾", NOW)  # a call needs no paper
    reports.write(row.no, "first", {}, "王怀瑾", NOW)
    with pytest.raises(Refused, match="签发人"):
        reports.told(row.no, ["police"], "王怀瑾", NOW)
    reports.sign(row.no, 1, "吴景和", "王怀瑾", NOW)
    late = NOW + timedelta(hours=2)
    row = reports.told(row.no, ["police", "department"], "王怀瑾", late, at=LATER, channel="传真")
    states = {c.id: (c.state.value, c.done) for c in cases.clocks(row, late)}
    assert states["police"] == states["department"] == ("met", LATER)
    row = reports.told(row.no, ["police"], "王怀瑾", late)  # told again: the first time counts
    assert {c.id: c.done for c in cases.clocks(row, late)}["police"] == LATER
    with pytest.raises(Refused, match="已报出"):
        reports.sign(row.no, 1, "别人", "王怀瑾", late)
    with pytest.raises(Refused, match="没有要报给"):
        reports.told(row.no, ["province"], "王怀瑾", late)
    for at in (NOW - timedelta(minutes=5), late + timedelta(hours=1)):
        with pytest.raises(Refused, match="时间"):
            reports.told(row.no, ["written"], "王怀瑾", late, at=at)


def handed(**values: str) -> Any:
    from tlsec.incident import transfers

    about = {
        "to": "网安支队", "suspicion": "非法侵入", "facts": "首页被替换", "approved_by": "吴景和",
    }  # fmt: skip
    return transfers.Handed(**(about | values))


def test_the_transfer_lists_each_file_with_the_hash_of_what_is_stored(
    city: Path, tmp_path: Path
) -> None:
    from tlsec.incident import cases, transfers
    from tlsec.register import evidence, items

    item = item_of()
    proof = tmp_path / "截图.png"
    proof.write_bytes(b"\x89PNG" + os.urandom(64))
    items.command(item.no, "attach", "王怀瑾", NOW, params={"file": proof, "kind": "screenshot"})
    row = opened(item.no)
    log = tmp_path / "access.log"
    log.write_bytes(os.urandom(100_000))
    taken = NOW - timedelta(minutes=20)
    cases.attach(row.no, log, "王怀瑾", NOW, taken, "门户服务器导出")
    made = transfers.make(row.no, handed(), "王怀瑾", NOW)
    assert [each["name"] for each in made.evidence] == ["access.log", "截图.png"]
    for each, file in zip(made.evidence, (log, proof), strict=True):
        stored = evidence.store().path(each["sha256"]).read_bytes()
        assert each["sha256"] == hashlib.sha256(stored).hexdigest()
        assert stored == file.read_bytes() and each["size"] == len(stored)
    assert made.evidence[0]["taken"] == taken.isoformat()
    assert made.no == "XS-2026-0001"


def test_altered_or_missing_evidence_is_not_handed_on(city: Path, tmp_path: Path) -> None:
    from tlsec.incident import cases, transfers
    from tlsec.incident.models import Transfer
    from tlsec.register import evidence

    row = opened()
    with pytest.raises(Refused, match="还没有证据"):
        transfers.make(row.no, handed(), "王怀瑾", NOW)
    file = tmp_path / "a.log"
    file.write_bytes(os.urandom(64))
    kept = cases.attach(row.no, file, "王怀瑾", NOW, None)
    path = evidence.store().path(kept.sha256)
    path.chmod(0o600)
    path.write_bytes(b"forged")
    with pytest.raises(Refused, match="哈希不符"):
        transfers.make(row.no, handed(), "王怀瑾", NOW)
    path.unlink()
    with pytest.raises(Refused, match="已丢失"):
        transfers.make(row.no, handed(), "王怀瑾", NOW)
    assert not Transfer.objects.exists()


def test_a_transfer_is_approved_by_another_and_its_receipt_ends_the_duty(
    city: Path, tmp_path: Path
) -> None:
    from tlsec.incident import cases, transfers

    row = opened()
    (tmp_path / "a.log").write_text("x")
    cases.attach(row.no, tmp_path / "a.log", "王怀瑾", NOW, None)
    with pytest.raises(Refused, match="另一人"):
        transfers.make(row.no, handed(approved_by="王 怀瑾"), "王怀瑾", NOW)
    for field in ("to", "suspicion", "facts"):
        with pytest.raises(Refused, match=f"--{field}"):
            transfers.make(row.no, handed(**{field: " "}), "王怀瑾", NOW)
    made = transfers.make(row.no, handed(), "王怀瑾", NOW)
    crime = {c.id: c for c in cases.clocks(cases.find(row.no), NOW)}["crime"]
    assert crime.state == "running"
    transfers.received(made.no, "李明澈", "王怀瑾", LATER, receipt="受〔2026〕18号")
    crime = {c.id: c for c in cases.clocks(cases.find(row.no), LATER)}["crime"]
    assert (crime.state, crime.done) == ("met", LATER)
    with pytest.raises(Refused, match="已登记接收"):
        transfers.received(made.no, "李明澈", "王怀瑾", LATER)


def told() -> list[tuple[str, str, str]]:
    from tlsec.register.models_outbox import Notice

    rows = Notice.objects.order_by("id")
    return list(rows.values_list("key", "audience", "text"))


def test_the_sweep_tells_each_rung_once(city: Path) -> None:
    from tlsec.incident import sweep

    row = opened()

    def look(minutes: int) -> list[tuple[str, str, str]]:
        before = len(told())
        sweep.look(NOW + timedelta(minutes=minutes))
        return told()[before:]

    assert look(14) == []
    at_15 = look(15)  # half of the 30 minutes of the call
    assert [(key, audience) for key, audience, _text in at_15] == [(row.no, "duty")]
    assert "已用 50%" in at_15[0][2] and "本市要求" in at_15[0][2]
    assert look(16) == []
    assert {audience for _key, audience, _text in look(31)} == {"duty", "leader"}
    texts = " ".join(text for _key, _audience, text in look(120))
    assert "属地省级网信部门的时限（法定）已用 50%" in texts
    assert look(121) == []


def test_a_late_sweep_tells_only_the_highest_rung(city: Path) -> None:
    from tlsec.incident import sweep
    from tlsec.incident.models import Case

    row = opened()
    version = row.version
    sweep.look(NOW + timedelta(hours=10))
    texts = [text for _key, audience, text in told() if audience == "duty"]
    assert len(texts) == 3 and all("已到" in text for text in texts)
    assert Case.objects.get(pk=row.pk).version == version  # nobody's command grows stale by it


def test_drills_and_what_is_over_are_not_told_of(city: Path) -> None:
    from tlsec.incident import cases, sweep

    opened(drill=True)
    cases.dismiss(opened().no, "王怀瑾", NOW, "误报")
    sweep.look(NOW + timedelta(days=1))
    assert told() == []


def test_late_receipts_are_told_of_once_a_step(issued: Drafted) -> None:
    from tlsec.incident import receipts, sweep

    row = issued(units=["市人社局", "市政府办"], until="2026-11-30")
    sweep.look(NOW + timedelta(hours=7))
    assert told() == []
    sweep.look(NOW + timedelta(hours=9))
    sweep.look(NOW + timedelta(hours=10))
    ((_key, _audience, text),) = told()
    assert text.count("逾期未签收") == 2
    receipts.command(row.no, "市人社局", "sign", "秦北辰", NOW + timedelta(hours=11))
    sweep.look(NOW + timedelta(days=3))
    assert "逾期未“无涉及”回复" in told()[1][2] and "市政府办" not in told()[1][2]
    sweep.look(NOW + timedelta(days=8))
    assert "有效期已到" in told()[2][2]


def test_the_hook_is_there(django: Path) -> None:
    from tlsec.incident import sweep
    from tlsec.schedule.hooks import HOOKS

    hook = next(each for each in HOOKS if each.name == "incident-clocks")
    assert hook.load() is sweep.look
