"""From the queue to the other side, with everything that can go wrong on the way."""

from __future__ import annotations

from pathlib import Path

from tests.notify import servers
from tests.notify.conftest import NOW, Clock


def hook(url: str, id_: str = "hook", **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"  - {{id: {id_}, kind: webhook, url: '{url}', cleartext: true{extra}}}\n"


def told(by: str = "hook", **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"audiences:\n  - {{role: duty, channels: [{by}]{extra}}}\n"


def test_a_notice_goes_from_the_queue_to_a_webhook(tables: Path, configure, clock: Clock) -> None:
    from tlsec.register import delivery, outbox
    from tlsec.register.models_outbox import Notice, SendLog

    with servers.web() as web:
        setup = configure("channels:\n" + hook(web.url) + told())
        outbox.enqueue(
            NOW, "YJ-2026-00001", "duty", "证书将到期", "203.0.113.9 还有 9 天", "urgent"
        )
        done = delivery.deliver(NOW, setup, clock.still)
        delivery.deliver(NOW, setup, clock.still)
    assert done.sent == {"hook": 1}
    (request,) = web.got
    assert request.json["text"] == "203.0.113.* 还有 9 天"
    (notice,) = Notice.objects.all()
    assert notice.state == "sent" and request.json["id"] == f"tlsec-{notice.pk}"
    assert list(SendLog.objects.values_list("event", flat=True)) == ["queued", "tried", "accepted"]


def both(web: servers.Web, spare: servers.Web, fallback: bool = True) -> str:
    more = {"fallback": "spare"} if fallback else {}
    return "channels:\n" + hook(web.url, **more) + hook(spare.url, "spare") + told()


def states() -> list[tuple[str, str, str]]:
    from tlsec.register.models_outbox import Notice

    return list(Notice.objects.order_by("id").values_list("key", "channel", "state"))


def events(key: str) -> list[str]:
    from tlsec.register.models_outbox import SendLog

    rows = SendLog.objects.filter(notice__key=key).order_by("id")
    return [
        f"{channel}:{event}" if channel else event
        for channel, event in rows.values_list("channel", "event")
    ]


def test_an_acknowledgement_ends_all_of_its_key_and_nothing_else(
    tables: Path, configure, clock: Clock
) -> None:
    from tlsec.register import delivery, journal, outbox
    from tlsec.register.models import Journal

    with servers.web() as web, servers.web() as spare:
        setup = configure(
            "channels:\n" + hook(web.url) + hook(spare.url, "spare") + told("hook, spare")
        )
        for key in ("YJ-2026-00001", "YJ-2026-00011", "YJ-2026-0000", "f1:ab#1"):
            outbox.enqueue(NOW, key, "duty", "标题", "一", "normal")
            outbox.enqueue(NOW, key, "leader", "标题", "二", "urgent")
        assert outbox.acknowledge("YJ-2026-00001", "王五", NOW) == 2
        delivery.deliver(NOW, setup, clock.still)
    assert {r.json["key"] for r in web.got} == {"YJ-2026-00011", "YJ-2026-0000", "f1:ab#1"}
    assert {state for key, _c, state in states() if key == "YJ-2026-00001"} == {"cancelled"}
    assert {state for key, _c, state in states() if key != "YJ-2026-00001"} == {"sent"}
    record = Journal.objects.get(command="notice.ack")
    assert (record.actor, record.object, record.after["cancelled"]) == ("王五", "YJ-2026-00001", 2)
    assert not list(journal.verify())
    assert events("YJ-2026-00001") == ["queued", "queued", "cancelled", "cancelled"]


def test_an_acknowledgement_also_ends_tries_to_come_and_lines_of_digests(
    tables: Path, configure, clock: Clock
) -> None:
    from tlsec.register import delivery, outbox

    answers = iter([500])
    with servers.web(lambda _r: (next(answers, 200), b"{}")) as web:
        setup = configure("channels:\n" + hook(web.url, per_minute="3", reserved="1") + told())
        outbox.enqueue(NOW, "first", "duty", "先失败的", "", "normal")
        delivery.deliver(NOW, setup, clock.still)
        for n in range(5):
            outbox.enqueue(NOW, f"k{n}", "duty", f"第{n}条", "", "normal")
        assert outbox.acknowledge("first", "王五", NOW) == 1
        assert outbox.acknowledge("k3", "王五", NOW) == 1
        clock.forward(300)
        delivery.deliver(clock.now, setup, clock.still)
    assert len(web.got) == 2
    text = web.got[1].json["text"]
    assert "先失败" not in text and "第3条" not in text and "第4条" in text


def test_urgent_ones_take_the_fallback_at_the_first_failure(
    tables: Path, configure, clock: Clock
) -> None:
    from tlsec.register import delivery, outbox

    with servers.web(lambda _r: (500, b"")) as web, servers.web() as spare:
        setup = configure(both(web, spare))
        outbox.enqueue(NOW, "u", "duty", "紧急", "", "urgent")
        outbox.enqueue(NOW, "n", "duty", "一般", "", "normal")
        delivery.deliver(NOW, setup, clock.still)
        assert spare.titles == ["紧急"] and len(web.got) == 1
        assert events("u") == [
            "queued", "hook:tried", "hook:failed", "spare:fallback", "spare:queued", "spare:tried", "spare:accepted",
        ]  # fmt: skip
        for _n in range(8):  # the ordinary one waits, tries again, and gives up to the fallback
            clock.forward(1800)
            delivery.deliver(clock.now, setup, clock.still)
    assert spare.titles == ["紧急", "一般"]
    assert len(web.got) == 1 + 5
    assert states()[1] == ("n", "hook", "failed")


def test_without_a_fallback_urgent_ones_reach_this_room_and_are_still_tried(
    tables: Path, configure, clock: Clock, tmp_path: Path
) -> None:
    from tlsec.register import delivery, outbox

    answers = iter([500, 500])
    with servers.web(lambda _r: (next(answers, 200), b"{}")) as web:
        setup = configure("channels:\n" + hook(web.url) + told())
        outbox.enqueue(NOW, "u", "duty", "紧急", "", "urgent")
        for _n in range(6):
            delivery.deliver(clock.now, setup, clock.still)
            clock.forward(150)
    assert len(web.got) == 3
    lines = (tmp_path / "data" / "notices" / "notices.log").read_text(encoding="utf-8")
    assert lines.count("紧急") == 1
    assert sorted(states()) == [("u", "hook", "sent"), ("u", "local", "sent")]


def test_the_wrong_token_is_not_tried_again(tables: Path, configure, clock: Clock) -> None:
    from tlsec.register import delivery, outbox

    with servers.web(lambda _r: (401, b"")) as web, servers.web() as spare:
        setup = configure(both(web, spare))
        outbox.enqueue(NOW, "n", "duty", "一般", "", "normal")
        for _n in range(3):
            delivery.deliver(clock.now, setup, clock.still)
            clock.forward(3600)
    assert len(web.got) == 1 and spare.titles == ["一般"]


def test_a_channel_that_cannot_be_reached_holds_nobody_up(
    tables: Path, configure, clock: Clock
) -> None:
    """After one failure nobody waits for it: urgent ones go round it, ordinary ones wait their time."""
    from tlsec.register import delivery, outbox

    with servers.raw(lambda c: None) as port:
        pass
    with servers.web() as spare:
        text = "channels:\n" + hook(f"http://127.0.0.1:{port}", fallback="spare")
        setup = configure(text + hook(spare.url, "spare") + told())
        for n in range(20):
            outbox.enqueue(NOW, f"u{n}", "duty", f"紧急{n}", "", "urgent")
        outbox.enqueue(NOW, "n", "duty", "一般", "", "normal")
        done = delivery.deliver(NOW, setup, clock.still)
    assert done.failed == {"hook": 1}
    assert len(spare.got) == 20
    assert states()[20] == ("n", "hook", "queued")


def test_a_notice_for_a_state_gone_by_is_dropped(tables: Path, configure, clock: Clock) -> None:
    from tlsec.register import delivery, outbox
    from tlsec.register.models import RiskItem

    item = RiskItem.objects.create(
        no="YJ-2026-00001", state="new", version=3, check_id="c", title="t", subject="s",
        machine_severity="high", severity="high", description="d", opened=NOW,
    )  # fmt: skip
    with servers.web() as web:
        setup = configure("channels:\n" + hook(web.url) + told())
        outbox.enqueue(NOW, item.no, "duty", "旧", "", "normal", version=2)
        outbox.enqueue(NOW, item.no, "duty", "今", "", "normal", version=3)
        outbox.enqueue(NOW, item.no, "duty", "总", "", "normal")
        outbox.enqueue(NOW, "other", "duty", "他", "", "normal", version=1)
        delivery.deliver(NOW, setup, clock.still)
    assert web.titles == ["今", "总", "他"]


def test_the_same_notice_is_queued_once_while_it_waits(
    tables: Path, configure, clock: Clock
) -> None:
    from tlsec.register import delivery, outbox

    with servers.web() as web:
        setup = configure("channels:\n" + hook(web.url) + told())
        for _n in range(3):
            outbox.enqueue(NOW, "k", "duty", "标题", "正文", "normal")
        delivery.deliver(NOW, setup, clock.still)
        outbox.enqueue(NOW, "k", "duty", "标题", "正文", "normal")  # a reminder, later
        delivery.deliver(NOW, setup, clock.still)
    assert len(web.got) == 2


def test_quiet_hours_and_digest_times(tables: Path, configure, clock: Clock) -> None:
    from tlsec.register import delivery, outbox

    with servers.web() as web:
        setup = configure(
            "channels:\n" + hook(web.url) + told()
            + 'quiet: {since: "22:00", until: "07:00"}\ndigest: ["08:30", "17:30"]\n'
        )  # fmt: skip
        clock.forward(11 * 3600)  # 23:00
        for n in range(3):
            outbox.enqueue(clock.now, f"n{n}", "duty", f"夜里{n}", "", "normal")
        outbox.enqueue(clock.now, "d", "duty", "周知", "", "digest")
        outbox.enqueue(clock.now, "u", "duty", "紧急", "", "urgent")
        delivery.deliver(clock.now, setup, clock.still)
        assert web.titles == ["紧急"]
        clock.forward(8 * 3600)  # 07:00
        delivery.deliver(clock.now, setup, clock.still)
        assert web.titles == ["紧急", "通知汇总 3 条"]
        assert "夜里2" in web.got[1].json["text"] and "周知" not in web.got[1].json["text"]
        clock.forward(90 * 60)
        delivery.deliver(clock.now, setup, clock.still)
    assert web.titles[2:] == ["周知"]


def test_who_is_told_is_looked_up_when_it_goes_out(
    tables: Path, configure, clock: Clock, monkeypatch
) -> None:
    from tlsec.register import delivery, outbox, people
    from tlsec.register.people import Person

    shift = [Person("甲", "甲", phone="13800138000", mail="a@x.test")]
    people.use(lambda _now, role, _units, _titles: list(shift) if role == "duty" else None)
    try:
        with servers.web() as web:
            sms = (
                f"  - {{id: sms, kind: sms, url: '{web.url}', cleartext: true, to: ['13700137000'],"
                ' fields: {to: "{mobile}"}}\n'
            )
            setup = configure("channels:\n" + sms + told("sms"))
            outbox.enqueue(NOW, "k", "duty", "标题", "", "urgent")
            shift[:] = [Person("乙", "乙", phone="13900139000")]  # the shift has changed
            delivery.deliver(NOW, setup, clock.still)
    finally:
        people.use(None)
    assert web.got[0].json == {"to": "13900139000,13700137000"}


def test_a_faulty_notify_yaml_loses_nothing_and_urgent_ones_reach_this_room(
    tables: Path, monkeypatch
) -> None:
    import pytest

    from tlsec.marked_yaml import Faulty
    from tlsec.register import delivery, outbox
    from tlsec.register.models_outbox import Notice

    file = tables / "notify.yaml"
    file.write_text("channels:\n  - {id: x, kind: pigeon}\n", encoding="utf-8")
    try:
        outbox.enqueue(NOW, "u", "duty", "紧急", "", "urgent")
        outbox.enqueue(NOW, "n", "duty", "一般", "", "normal")
        with pytest.raises(Faulty, match=r"notify\.yaml:2:"):
            delivery.deliver(NOW)
        assert states() == [("u", "local", "sent"), ("n", "", "queued")]
    finally:
        file.unlink()
    delivery.deliver(NOW)
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}


def test_two_processes_send_each_notice_once(tables: Path, configure, clock: Clock) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    from tlsec.register import delivery, outbox
    from tlsec.register.models_outbox import Notice

    with servers.web() as web:
        setup = configure("channels:\n" + hook(web.url) + told())
        for n in range(30):
            outbox.enqueue(NOW, f"k{n}", "duty", f"第{n}条", "", "urgent" if n % 3 else "normal")

        def one(_n: int) -> None:
            try:
                delivery.deliver(NOW, setup, clock.still)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(4)))
    assert sorted(web.titles) == sorted(f"第{n}条" for n in range(30))
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}


def test_the_send_log_is_only_added_to(tables: Path) -> None:
    import pytest

    from tlsec.register import outbox
    from tlsec.register.models_outbox import SendLog

    outbox.enqueue(NOW, "k", "duty", "标题", "")
    row = SendLog.objects.get()
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        row.delete()


def test_a_removed_channel_leaves_its_queue_to_this_room(
    tables: Path, configure, clock: Clock, tmp_path: Path
) -> None:
    from tlsec.register import delivery, outbox

    with servers.web(lambda _r: (500, b"")) as web:
        setup = configure("channels:\n" + hook(web.url) + told())
        outbox.enqueue(NOW, "n", "duty", "一般", "", "normal")
        delivery.deliver(NOW, setup, clock.still)
    clock.forward(60)
    delivery.deliver(clock.now, configure("channels: []\n"), clock.still)
    assert states() == [("n", "local", "sent")]


def test_nothing_secret_stands_anywhere_after_a_failure(
    tables: Path, configure, clock: Clock, monkeypatch, capfd
) -> None:
    """Not in the tables, not in the journal, not on the screen, not in the texts of errors."""
    from django.db import connection

    from tests.notify.robots import SECRET, TOKEN
    from tlsec.register import delivery, outbox, trial

    monkeypatch.setenv("TLSEC_T", TOKEN)
    monkeypatch.setenv("TLSEC_S", SECRET)
    echo = lambda r: (200, f'{{"errcode": 9, "errmsg": "{r.path} {TOKEN} {SECRET}"}}'.encode())  # noqa: E731
    with servers.web(echo) as web:
        setup = configure(
            f"channels:\n  - {{id: hook, kind: dingtalk, url: '{web.url}', cleartext: true,"
            " token: {env: TLSEC_T}, secret: {env: TLSEC_S}}\n" + told()
        )
        outbox.enqueue(NOW, "k", "duty", f"标题 {TOKEN}", f"口令 {SECRET} 203.0.113.77", "urgent")
        delivery.deliver(NOW, setup, clock.still)
        trial.send(setup, "hook", (), "王五", NOW)
    assert setup.secrets and TOKEN not in repr(setup) and SECRET not in repr(setup)
    assert TOKEN.encode() not in web.got[0].body and SECRET.encode() not in web.got[0].body
    with connection.cursor() as cursor:
        said = []
        for table in ("sendlog", "channelstate", "journal", "escalationrun"):
            cursor.execute(f"SELECT * FROM register_{table}")
            said.append(str(cursor.fetchall()))
    out = capfd.readouterr()
    for place in (*said, out.out, out.err):
        assert TOKEN not in place and SECRET not in place and "203.0.113.77" not in place


def test_a_room_gets_one_digest_for_all_and_mailboxes_get_their_own(
    tables: Path, configure, clock: Clock
) -> None:
    from tests.notify import mailserver
    from tlsec.register import delivery, outbox

    mail = mailserver.Mail()
    with servers.web() as web, mailserver.running(mail) as port:
        setup = configure(
            "channels:\n" + hook(web.url, per_minute="4", reserved="2")
            + f"  - {{id: mail, kind: smtp, host: localhost, port: {port}, security: none,"
            " sender: a@x.test, to: [all@x.test], per_minute: 4, reserved: 2}\n"
            "audiences:\n  - {role: '*', channels: [hook, mail]}\n"
        )  # fmt: skip
        for n in range(6):
            outbox.enqueue(NOW, f"k{n}", "duty" if n % 2 else "leader", f"第{n}条", "", "normal")
        for _n in range(3):
            delivery.deliver(clock.now, setup, clock.still)
            clock.forward(61)
    assert web.titles == ["通知汇总 6 条"]
    assert [got["Subject"] for _to, got in mail.accepted] == ["通知汇总 3 条"] * 2
    assert "第0条" in mail.accepted[0][1].get_content()
    assert "第1条" not in mail.accepted[0][1].get_content()


def test_the_serving_process_knows_both_duties(tables: Path) -> None:
    from tlsec.schedule.hooks import HOOKS

    mine = {hook.name: hook for hook in HOOKS if hook.name in ("escalation", "notices")}
    assert len(mine) == 2
    for hook in mine.values():
        hook.load()(NOW)  # nothing to do, and nothing happens
