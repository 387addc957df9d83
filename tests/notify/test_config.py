"""notify.yaml: every fault with its place, no secret in it, and who is told by what."""

from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from tests.notify.conftest import NOW
from tlsec.marked_yaml import Faulty
from tlsec.notify.config import Setup
from tlsec.notify.secret import Secret, SecretRef, Unready

GOOD = """home: [市数据局]
console: https://192.0.2.170/tlsec
channels:
  - id: room
    kind: dingtalk
    token: {env: TLSEC_T}
    secret: {file: secrets/ding}
    fallback: mail
  - {id: mail, kind: smtp, host: mail.lanze.test, sender: a@lanze.test}
  - {id: text, kind: sms, url: "https://sms.lanze.test/send", fields: {to: "{mobile}"}, per_minute: 5}
audiences:
  - {role: duty, channels: [room], urgent: [text]}
  - {role: duty, unit: 市人社局, channels: [mail]}
  - {role: "*", unit: 市医保局, channels: [text]}
  - {role: "*", channels: [mail]}
"""


def faults(configure, text: str) -> list[str]:
    with pytest.raises(Faulty) as caught:
        configure(text)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("kind: dingtalk", "kind: dingding", 5, "dingtalk"),
        ("token: {env: TLSEC_T}", "token: 5a6b7c", 6, "不得写在配置里"),
        ("token: {env: TLSEC_T}", "token: {env: A, file: B}", 6, "只写一个"),
        ("    token: {env: TLSEC_T}\n", "", 4, "缺少"),
        ("fallback: mail", "fallback: mial", 8, "mial"),
        ("fallback: mail", "fallback: room", 8, "绕回"),
        ("fallback: mail", "falback: mail", 8, "拼写"),
        ("id: mail", "id: room", 9, "重复"),
        ("per_minute: 5", "per_minute: 500", 10, "更少"),
        ("https://sms", "http://sms", 10, "明文"),
        ("sms.lanze.test/send", "u:p@sms.lanze.test/send", 10, "用户名"),
        ("sms.lanze.test/send", "sms.lanze.test/send?key=abc", 10, "token"),
        ("urgent: [text]", "urgent: [txet]", 12, "txet"),
        ("role: duty, unit", "role: dooty, unit", 13, "dooty"),
        (
            "host: mail.lanze.test",
            "host: m, security: none, user: u, password: {env: X}",
            9,
            "口令",
        ),
        ("host: mail.lanze.test", "host: m, user: u", 9, "user"),
    ],
)
def test_each_fault_is_told_with_its_line(
    configure, old: str, new: str, where: int, what: str
) -> None:
    assert old in GOOD
    said = faults(configure, GOOD.replace(old, new, 1))
    assert any(f.startswith(f"notify.yaml:{where}:") and what in f for f in said), said


def test_a_secret_in_the_file_is_not_repeated_in_the_fault(configure) -> None:
    said = faults(configure, GOOD.replace("{env: TLSEC_T}", "5a6b7c8d9e"))
    assert "5a6b7c8d9e" not in "\n".join(said)


def test_all_faults_come_at_once(configure) -> None:
    text = GOOD.replace("kind: dingtalk", "kind: x").replace("sender: a@lanze.test", "sender: a")
    assert len(faults(configure, text.replace("[text]", "[none]"))) >= 3


def test_who_is_told_by_what(configure) -> None:
    setup: Setup = configure(GOOD)
    assert setup.route("duty", "normal") == ["room"]
    assert setup.route("duty", "urgent") == ["room", "text"]
    assert setup.route("duty@市人社局", "urgent") == ["mail"]
    assert setup.route("duty@市医保局", "urgent") == ["room", "text"]
    assert setup.route("leader@市医保局", "normal") == ["text"]
    assert setup.route("person:王五", "normal") == ["mail"]


def test_without_a_file_or_a_rule_this_room_is_told(configure, tmp_path: Path) -> None:
    from tlsec import content
    from tlsec.notify import config

    bare = config.load(tmp_path / "nowhere", content.policies())
    assert bare.route("duty", "urgent") == ["local"] and list(bare.channels) == ["local"]
    assert configure("").route("duty", "normal") == ["local"]
    assert configure("channels: []\n").route("duty", "normal") == ["local"]


def test_limits_are_those_of_the_ladder_or_stricter(configure) -> None:
    setup: Setup = configure(GOOD)
    assert (setup.limit("room").per_minute, setup.limit("room").for_normal) == (15, 10)
    assert setup.limit("text").per_minute == 5 and setup.limit("text").reserved == 4


def test_when_a_notice_may_go(configure) -> None:
    setup: Setup = configure(
        'quiet: {since: "11:00", until: "13:30"}\ndigest: ["08:30", "13:00"]\n'
    )
    assert setup.when("urgent", NOW) == NOW
    assert setup.when("normal", NOW) == NOW + timedelta(minutes=90)
    assert setup.when("digest", NOW) == NOW + timedelta(minutes=90)  # 13:00 is quiet too
    later = NOW + timedelta(hours=2)
    assert setup.when("normal", later) == later
    assert setup.when("digest", later) == NOW + timedelta(hours=20, minutes=30)


def test_a_secret_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "s"
    file.write_text("geheim-1234\n")
    reference = SecretRef(file="s")
    for mode in (0o644, 0o640, 0o604, 0o660):
        file.chmod(mode)
        with pytest.raises(Unready, match="chmod 600"):
            reference.read(tmp_path)
    file.chmod(0o600)
    secret = reference.read(tmp_path)
    assert secret.reveal() == "geheim-1234"
    for wrong in ("", "a\nb\n", "x" * 5000):
        file.write_text(wrong)
        with pytest.raises(Unready):
            reference.read(tmp_path)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Unready):
        reference.read(tmp_path)
    with pytest.raises(Unready):
        SecretRef(file="none").read(tmp_path)


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("geheim-1234")
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert "geheim" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_the_example_of_the_guide_loads(configure) -> None:
    setup: Setup = configure(GOOD)
    assert setup.unready("room") and not setup.unready("mail")
    assert setup.secrets == ()
