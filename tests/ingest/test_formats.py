"""CEF, EVE, Alertmanager and signed posts: what is read, what is refused, and nothing that hangs or crashes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.conftest import NOW
from tlsec.ingest import alertmanager, cef, eve, syslog, webhook
from tlsec.ingest.event import Event, Left, Parsed, Rejected
from tlsec.ingest.reading import Reading

CEF = (
    r"CEF:0|长亭|SafeLine|9.1|sqli\|union|SQL 注入 \\ 拦截|8|src=203.0.113.9 dst=198.51.100.20 dpt=443 "
    r"proto=TCP request=https://zwfw.lanze.test/item/10293/edit?id\=1&x\=2 act=blocked "
    r"msg=参数 id 含有 a\=b 与换行\n第二行 cat=WAF rt=Oct 11 2026 22:14:15"
)


def event(parsed: list[Parsed]) -> Event:
    assert len(parsed) == 1 and isinstance(parsed[0], Event), parsed
    return parsed[0]


def rejected(parsed: list[Parsed]) -> Rejected:
    assert len(parsed) == 1 and isinstance(parsed[0], Rejected), parsed
    return parsed[0]


class TestCef:
    def test_fields_and_escapes(self, reading: Reading) -> None:
        found = event(cef.parse(CEF.encode(), reading))
        assert found.check == "长亭/SafeLine:sqli|union" and found.title == "SQL 注入 \\ 拦截"
        assert (found.severity, found.kind) == ("high", "waf")
        assert (found.address, found.port, found.actors) == ("198.51.100.20", 443, ("203.0.113.9",))
        assert found.locus == {"proto": "tcp", "path": "/item/{}/edit"}
        assert found.message == "参数 id 含有 a=b 与换行 第二行"
        assert found.at == datetime(2026, 10, 11, 14, 14, 15, tzinfo=UTC)

    def test_inside_syslog_of_both_kinds(self, reading: Reading) -> None:
        for header in ("<134>Oct 11 22:14:15 waf01 ", "<134>1 2026-10-11T22:14:15Z waf01 - - - - "):
            assert event(syslog.parse((header + CEF).encode(), reading)).check.startswith("长亭")

    def test_a_value_with_equals_and_blanks_keeps_them(self) -> None:
        found = cef.extension(r"a=1 b=two words c\=d ee=x\\ f= g=last one")
        assert found == {"a": "1", "b": "two words c=d", "ee": "x\\", "f": "", "g": "last one"}

    @pytest.mark.parametrize("text", ["CEF:", "CEF:0|a|b", "CEF:x|a|b|c|d|e|5|", "CEF:0|a|b|c|d|e"])
    def test_broken_headers(self, reading: Reading, text: str) -> None:
        assert rejected(cef.parse(text.encode(), reading)).reason

    def test_without_extension(self, reading: Reading) -> None:
        assert event(cef.parse(b"CEF:0|v|p|1|7|name|Very-High", reading)).severity == "critical"

    def test_a_line_of_marks_is_read_in_no_time(self, reading: Reading) -> None:
        start = time.perf_counter()
        for filler in (
            b"=" * 60_000,
            b"a=" * 30_000,
            b"\\" * 60_000,
            b" a" * 30_000,
            b"|" * 60_000,
        ):
            cef.parse(b"CEF:0|v|p|1|7|name|5|" + filler, reading)
        assert time.perf_counter() - start < 5

    @given(st.text(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_any_extension(self, read_with: Callable[..., Reading], text: str) -> None:
        raw = ("CEF:0|v|p|1|7|name|5|" + text).encode("utf-8", "replace")
        assert len(cef.parse(raw, read_with())) == 1


ALERT: dict[str, Any] = {
    "timestamp": "2026-11-24T11:59:58.123456+0800", "flow_id": 1, "event_type": "alert",
    "src_ip": "203.0.113.9", "src_port": 51514, "dest_ip": "198.51.100.20", "dest_port": 443,
    "proto": "TCP", "app_proto": "http",
    "alert": {"action": "allowed", "gid": 1, "signature_id": 2024792, "rev": 4, "severity": 2,
              "signature": "ET WEB Attack", "category": "Web Application Attack"},
    "http": {"hostname": "www.lanze.test", "url": "/a/77?x=1", "status": 200},
}  # fmt: skip


class TestEve:
    def parse(self, reading: Reading, **other: Any) -> list[Parsed]:
        return eve.parse(json.dumps(ALERT | other).encode(), reading)

    def test_an_alert(self, reading: Reading) -> None:
        found = event(self.parse(reading))
        assert (found.check, found.kind, found.severity) == ("1:2024792", "ids", "medium")
        assert (found.address, found.port, found.actors) == ("198.51.100.20", 443, ("203.0.113.9",))
        assert found.locus == {"proto": "tcp", "path": "/a/{}"} and found.host == ""
        assert found.at == datetime(2026, 11, 24, 3, 59, 58, 123456, tzinfo=UTC)

    def test_a_category_raises_and_never_lowers(self, reading: Reading) -> None:
        worse = {**ALERT["alert"], "category": "Successful Administrator Privilege Gain"}
        assert event(self.parse(reading, alert=worse)).severity == "critical"
        first = {**ALERT["alert"], "severity": 1, "category": "nothing of note"}
        assert event(self.parse(reading, alert=first)).severity == "high"

    def test_an_answer_is_about_its_server(self, reading: Reading) -> None:
        back = event(
            self.parse(reading, direction="to_client", src_ip="198.51.100.20", src_port=443,
                       dest_ip="203.0.113.9", dest_port=51514)
        )  # fmt: skip
        assert (back.address, back.port, back.actors) == ("198.51.100.20", 443, ("203.0.113.9",))

    def test_other_events_are_counted_by_type(self, reading: Reading) -> None:
        for kind in ("flow", "stats", "dns"):
            assert self.parse(reading, event_type=kind) == [Left("s1", NOW, kind)]

    @pytest.mark.parametrize(
        "raw",
        [b"{", b"[]", b"null", b'{"a":1}', b'{"event_type":"alert"}', b'{"event_type":"alert","alert":{}}',
         b'{"event_type":"alert","alert":{"signature_id":true}}', b'{"event_type":"alert","alert":[]}',
         b'{"event_type":' + b"[" * 50_000, b'{"a":' + b"9" * 60_000 + b"}", b'\xff\xfe{"event_type"'],
    )  # fmt: skip
    def test_what_is_no_event_is_rejected(self, reading: Reading, raw: bytes) -> None:
        assert rejected(eve.parse(raw, reading)).reason

    def test_text_that_no_database_takes(self, reading: Reading) -> None:
        raw = json.dumps(ALERT).replace("ET WEB", "\\ud800\\u0000ET").encode()
        found = event(eve.parse(raw, reading))
        found.title.encode()
        assert "\0" not in found.title

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=12,
        ),
        st.sampled_from([*ALERT, "direction", "tls"]),
    )  # fmt: skip
    @settings(max_examples=200, deadline=None)
    def test_any_value_anywhere(
        self, read_with: Callable[..., Reading], value: Any, key: str
    ) -> None:
        assert len(self.parse(read_with(), **{key: value})) == 1


def posted(*alerts: Any, **other: Any) -> bytes:
    body = {"version": "4", "groupKey": "{}:{job=x}", "status": "firing", "alerts": list(alerts)}
    return json.dumps(body | other).encode()


FIRING: dict[str, Any] = {
    "status": "firing", "startsAt": "2026-11-24T03:00:00.123456789Z", "endsAt": "0001-01-01T00:00:00Z",
    "labels": {"alertname": "DiskFull", "instance": "198.51.100.20:9100", "severity": "critical", "mount": "/"},
    "annotations": {"summary": "磁盘将满"}, "generatorURL": "http://prom/graph",
}  # fmt: skip


class TestAlertmanager:
    def test_each_alert_by_its_own_labels(self, reading: Reading) -> None:
        other = {**FIRING, "labels": {**FIRING["labels"], "mount": "/data", "severity": "warning"}}
        first, second = alertmanager.parse(posted(FIRING, other), reading)
        assert isinstance(first, Event) and isinstance(second, Event)
        assert first.check == second.check == "DiskFull" and first.address == "198.51.100.20"
        assert (first.port, first.severity, second.severity) == (9100, "critical", "medium")
        assert first.locus == {"mount": "/"} and second.locus == {"mount": "/data"}

    def test_resolved_is_clear_and_a_repeat_is_the_same_event(self, reading: Reading) -> None:
        ended = {**FIRING, "status": "resolved", "endsAt": "2026-11-24T03:30:00Z"}
        clear = event(alertmanager.parse(posted(ended), reading))
        assert clear.condition == "clear" and clear.at == datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
        first = event(alertmanager.parse(posted(FIRING), reading))
        again = event(alertmanager.parse(posted(FIRING, groupKey="another"), reading))
        assert first.event_id == again.event_id != clear.event_id

    @pytest.mark.parametrize(
        "raw", [b"", b"{}", b'{"version":"3","alerts":[]}', b'{"version":"4"}', posted(1), posted({}),
                posted({"status": "firing"}), posted({"status": "firing", "labels": {"alertname": 3}}),
                posted({"status": "?", "labels": {"alertname": "x"}})],
    )  # fmt: skip
    def test_other_bodies(self, reading: Reading, raw: bytes) -> None:
        assert rejected(alertmanager.parse(raw, reading)).reason

    def test_too_many_at_once(self, reading: Reading) -> None:
        body = posted(*[FIRING] * (reading.limits.events_per_body + 1))
        assert rejected(alertmanager.parse(body[:100] + body[100:], reading)).reason


class TestSignature:
    SECRET = b"0123456789abcdef0123456789abcdef"
    GUARD = webhook.Guard(SECRET, 300)
    BODY = b'{"a":1}'

    def headers(self, at: datetime, secret: bytes = SECRET, body: bytes = BODY) -> dict[str, str]:
        stamp = int(at.timestamp())
        return {webhook.TIMESTAMP: str(stamp), webhook.SIGNATURE: webhook.sign(secret, stamp, body)}

    def test_a_true_one_and_its_repeat_have_one_id(self) -> None:
        first = self.GUARD.check(self.headers(NOW), self.BODY, NOW)
        assert first == self.GUARD.check(self.headers(NOW), self.BODY, NOW + timedelta(minutes=4))
        other = self.headers(NOW, body=b"[]")
        assert first != self.GUARD.check(other, b"[]", NOW)

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_too_late_or_too_early(self, minutes: int) -> None:
        with pytest.raises(webhook.Untrusted):
            self.GUARD.check(self.headers(NOW), self.BODY, NOW + timedelta(minutes=minutes))

    def test_another_secret_body_or_time(self) -> None:
        good = self.headers(NOW)
        for headers, body in (
            (self.headers(NOW, b"x" * 32), self.BODY),
            (good, b'{"a":2}'),
            ({**good, webhook.TIMESTAMP: str(int(NOW.timestamp()) + 1)}, self.BODY),
            ({**good, webhook.TIMESTAMP: "-1"}, self.BODY),
            ({**good, webhook.TIMESTAMP: "٣"}, self.BODY),
            ({**good, webhook.SIGNATURE: "sha256=é"}, self.BODY),
            ({webhook.TIMESTAMP: good[webhook.TIMESTAMP]}, self.BODY),
            ({}, self.BODY),
        ):
            with pytest.raises(webhook.Untrusted):
                self.GUARD.check(headers, body, NOW)

    def test_a_token(self) -> None:
        token = webhook.Token(b"secret-token-1234")
        assert token.check({"Authorization": "Bearer secret-token-1234"}, b"", NOW) == ""
        for said in ("", "Bearer ", "Bearer secret-token-123", "secret-token-1234"):
            with pytest.raises(webhook.Untrusted):
                token.check({"Authorization": said}, b"", NOW)
