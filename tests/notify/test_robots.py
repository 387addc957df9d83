"""Robots get what they ask for, and their refusals are understood."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.notify import robots, servers
from tests.notify.conftest import NOW, Clock
from tests.notify.robots import SECRET, TOKEN
from tlsec.notify import channels
from tlsec.notify.message import Message, Sent

URGENT = Message(
    "YJ-2026-00001", "证书将到期", "政务服务网 [点这里](http://x.test) 还有 9 天\n请更换", "urgent",
    ("138 0013 8000", "0990-5550105", "+86-13900139000"), "https://console.test/ack/YJ-2026-00001",
    "tlsec-1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLSEC_T", TOKEN)
    monkeypatch.setenv("TLSEC_S", SECRET)


def robot(kind: str, url: str, signed: bool = True) -> str:
    secret = ", secret: {env: TLSEC_S}" if signed else ""
    token = ", token: {env: TLSEC_T}"
    return f"channels:\n  - {{id: r, kind: {kind}, url: '{url}', cleartext: true{token}{secret}}}\n"


def test_dingtalk_is_signed_and_calls_mobiles(configure, clock: Clock) -> None:
    ding = robots.DingTalk(lambda: clock.now)
    with servers.web(ding) as web:
        channel = channels.build(configure(robot("dingtalk", web.url + "/robot/send")), "r")
        assert channel.send(URGENT, clock.now) == Sent(True)
    ((_at, body),) = ding.accepted
    assert body["at"] == {"atMobiles": ["13800138000", "13900139000"], "isAtAll": False}
    text = body["markdown"]["text"]
    assert text.endswith("@13800138000 @13900139000")
    assert "https://console.test/ack/YJ-2026-00001" in text
    assert "[点这里]" not in text  # nobody outside puts links into our messages


def test_dingtalk_refuses_a_clock_that_is_wrong_by_more_than_an_hour(
    configure, clock: Clock
) -> None:
    ding = robots.DingTalk(lambda: clock.now + timedelta(hours=1, seconds=5))
    with servers.web(ding) as web:
        channel = channels.build(configure(robot("dingtalk", web.url)), "r")
        sent = channel.send(URGENT, clock.now)
    assert not sent.ok and sent.retry_after is None and "310000" in sent.detail


@pytest.mark.parametrize("wrong", ["TLSEC_T", "TLSEC_S"])
def test_dingtalk_refuses_a_wrong_token_or_secret_and_nothing_of_it_is_told(
    configure, clock: Clock, wrong: str
) -> None:
    os.environ[wrong] = "another-9f8e7d6c"
    with servers.web(robots.DingTalk(lambda: clock.now)) as web:
        channel = channels.build(configure(robot("dingtalk", web.url)), "r")
        sent = channel.send(URGENT, clock.now)
    assert not sent.ok and not sent.throttled
    assert "9f8e" not in sent.detail and SECRET not in sent.detail


def test_the_21st_message_of_a_minute_throttles_dingtalk_and_is_understood(
    configure, clock: Clock
) -> None:
    ding = robots.DingTalk(lambda: clock.now)
    with servers.web(ding) as web:
        channel = channels.build(configure(robot("dingtalk", web.url)), "r")
        assert all(channel.send(URGENT, clock.now).ok for _n in range(20))
        sent = channel.send(URGENT, clock.now)
        assert not sent.ok and sent.throttled and sent.retry_after == 600
        clock.forward(120)
        assert channel.send(URGENT, clock.now).throttled  # for ten minutes, not for one
        clock.forward(601)
        assert channel.send(URGENT, clock.now).ok


def test_wecom_calls_mobiles_and_its_limit_of_bytes_holds(configure) -> None:
    wecom = robots.WeCom()
    with servers.web(wecom) as web:
        channel = channels.build(configure(robot("wecom", web.url, signed=False)), "r")
        assert channel.send(URGENT, NOW).ok
        long = Message("k", "长", "长文" * 3000, "normal", (), "https://console.test/x")
        assert channel.send(long, NOW).ok
        for _n in range(18):
            channel.send(URGENT, NOW)
        sent = channel.send(URGENT, NOW)
    assert sent.throttled and "45009" in sent.detail
    first, second = wecom.accepted[:2]
    assert first["text"]["mentioned_mobile_list"] == ["13800138000", "13900139000"]
    content = second["text"]["content"]
    assert "…" in content and content.endswith("https://console.test/x")


def test_feishu_is_signed_its_own_way(configure, clock: Clock) -> None:
    feishu = robots.Feishu(lambda: clock.now)
    with servers.web(feishu) as web:
        hook = web.url + "/open-apis/bot/v2/hook/"
        channel = channels.build(configure(robot("feishu", hook)), "r")
        to = Message("k", "标题", "正文", to=("ou_abc", "13800138000"), link="https://c.test/")
        assert channel.send(to, clock.now).ok
        os.environ["TLSEC_S"] = "wrong-secret"
        sent = channel.send(to, clock.now)
    assert not sent.ok and sent.retry_after is None and "19021" in sent.detail
    (body,) = feishu.accepted
    rows = body["content"]["post"]["zh_cn"]["content"]
    assert [row[0]["tag"] for row in rows] == ["text", "a", "at"]
    assert rows[2] == [{"tag": "at", "user_id": "ou_abc"}]


def test_sms_gateways_get_their_own_fields_and_template(configure) -> None:
    import json

    answers = iter([b'{"code": "OK"}', b'{"code": "isv.BUSINESS_LIMIT_CONTROL"}', b"<html>"])
    text = """
channels:
  - id: r
    kind: sms
    url: 'URL/send'
    cleartext: true
    token: {env: TLSEC_T}
    fields: {phones: "{mobile}", tpl: "{template}", msg: "{text}", sign: 岚泽数据}
    headers: {Authorization: "Bearer {token}"}
    templates: {urgent: SMS_1, normal: SMS_2}
    accepted: {code: [OK, "0"]}
    text_characters: 40
"""
    with servers.web(lambda _r: (200, next(answers))) as web:
        channel = channels.build(configure(text.replace("URL", web.url)), "r")
        sent = [channel.send(URGENT, NOW) for _n in range(3)]
        nobody = channel.send(Message("k", "标题", "正文", to=("0990-5550105",)), NOW)
    first = web.got[0]
    body = json.loads(first.body)
    assert body["phones"] == "13800138000,13900139000" and body["tpl"] == "SMS_1"
    assert len(body["msg"]) == 40 and first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert [s.ok for s in sent] == [True, False, False]
    assert "BUSINESS_LIMIT" in sent[1].detail and sent[2].perhaps
    assert not nobody.ok and nobody.retry_after is None and len(web.got) == 3


def test_sms_gateways_may_want_a_form(configure) -> None:
    from urllib.parse import parse_qs

    text = (
        "channels:\n  - {id: r, kind: sms, url: 'URL', cleartext: true, body: form,"
        ' fields: {to: "{mobile}", c: "{title}{nothing}"}}\n'
    )
    with servers.web() as web:
        channel = channels.build(configure(text.replace("URL", web.url)), "r")
        sent = channel.send(Message("k", "{token}", "x", to=("13800138000",)), NOW)
    assert sent.ok
    fields = parse_qs(web.got[0].body.decode())
    assert fields == {
        "to": ["13800138000"],
        "c": ["{token}{nothing}"],
    }  # values are not filled again


def test_a_webhook_can_prove_where_it_comes_from(configure) -> None:
    from tlsec.notify.webhook import signature

    text = "channels:\n  - {id: r, kind: webhook, url: 'URL', cleartext: true, secret: {env: TLSEC_S}}\n"
    with servers.web(lambda _r: (204, b"")) as web:
        channel = channels.build(configure(text.replace("URL", web.url)), "r")
        assert channel.send(URGENT, NOW).ok
    (request,) = web.got
    stamp = request.headers["X-Tlsec-Timestamp"]
    assert request.headers["X-Tlsec-Signature"] == signature(SECRET, stamp, request.body)
    assert request.headers["X-Tlsec-Signature"] != signature(SECRET, stamp, request.body + b" ")
    assert request.headers["X-Tlsec-Id"] == request.json["id"] == "tlsec-1"


def test_a_secret_that_is_not_there_is_told_and_nothing_is_sent(
    configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TLSEC_S")
    with servers.web() as web:
        setup = configure(robot("dingtalk", web.url))
        sent = channels.build(setup, "r").send(URGENT, NOW)
    assert not sent.ok and "TLSEC_S" in sent.detail and not web.got
    assert setup.unready("r") == sent.detail
