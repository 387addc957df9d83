"""Syslog as devices write it: headers of both RFCs, bad clocks, other encodings, both framings, ugly bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.conftest import NOW
from tlsec.ingest import syslog
from tlsec.ingest.event import Event, Left, Rejected
from tlsec.ingest.frames import Frames
from tlsec.ingest.reading import Reading, text_of

PLAIN = "<34>Oct 11 22:14:15 mymachine su[231]: 'su root' failed for lonvick on /dev/pts/8"


def one(raw: bytes | str, reading: Reading) -> object:
    parsed = syslog.parse(raw.encode() if isinstance(raw, str) else raw, reading)
    assert len(parsed) == 1
    return parsed[0]


def test_rfc3164(reading: Reading) -> None:
    line = syslog.read(PLAIN, reading)
    assert (line.severity, line.facility, line.host, line.app, line.pid) == (
        2,
        4,
        "mymachine",
        "su",
        "231",
    )
    # written in local time without a year: the year that brings it nearest
    assert line.at == datetime(2026, 10, 11, 14, 14, 15, tzinfo=UTC)
    event = one(PLAIN, reading)
    assert isinstance(event, Event)
    assert (
        event.severity == "critical" and event.host == "mymachine" and event.check.startswith("su:")
    )


@pytest.mark.parametrize(
    ("text", "host", "app", "hour"),
    [
        ("<34>Oct 11 22:14:15 10.1.2.3 su: x", "10.1.2.3", "su", 14),
        ("<34>Oct  1 22:14:15 fw01 su: x", "fw01", "su", 14),
        ("<34>Oct 11 2026 22:14:15 fw01 %ASA-3-1: x", "fw01", "%ASA-3-1", 14),
        ("<189>123456: Oct 11 22:14:15.123: %SYS-5-CONFIG: x", "", "%SYS-5-CONFIG", 14),
        ("<189>*Oct 11 22:14:15.123 UTC: %SYS-5-CONFIG: x", "", "%SYS-5-CONFIG", 14),
        ("<13>2026-10-11T22:14:15.123456+08:00 web01 nginx[9]: x", "web01", "nginx", 14),
        ("<13>2026-10-11T14:14:15Z web01 nginx: x", "web01", "nginx", 14),
        ("<13>2026-10-11 22:14:15 web01 nginx: x", "web01", "nginx", 14),
        ("Oct 11 22:14:15 web01 nginx: no priority in a file", "web01", "nginx", 14),
        ("<13>Oct 11 22:14:15 su[1]: no host", "", "su", 14),
    ],
)
def test_headers_as_they_come(reading: Reading, text: str, host: str, app: str, hour: int) -> None:
    line = syslog.read(text, reading)
    assert (line.host, line.app) == (host, app)
    assert line.at is not None and line.at.hour == hour


def test_a_line_without_time_is_taken_as_received(read_with: Callable[..., Reading]) -> None:
    event = one("<12>kernel: oom", read_with(sender="198.51.100.7"))
    assert isinstance(event, Event) and event.at == NOW
    assert event.address == "198.51.100.7" and event.check == "kernel:oom"


def test_rfc5424(reading: Reading) -> None:
    text = (
        "<165>1 2026-10-11T22:14:15.003Z host.lanze.test evntslog - ID47 "
        '[a@1 u="he said \\"no\\" \\\\ \\]" k="v"][b@2 x="1"] \ufeffAn event'
    )
    line = syslog.read(text, reading)
    assert line.data == {"a@1.u": 'he said "no" \\ ]', "a@1.k": "v", "b@2.x": "1"}
    assert (line.host, line.app, line.pid, line.msgid) == (
        "host.lanze.test",
        "evntslog",
        "",
        "ID47",
    )
    assert line.message == "An event"
    assert syslog.read("<11>1 - - - - - - text", reading).at is None


@pytest.mark.parametrize(
    "text",
    [
        "<999>Oct 11 22:14:15 x y: z",
        "<a>Oct 11",
        "<>",
        "no header at all",
        "<13>1 2026-10-11T22:14:15Z h",
        '<13>1 2026-10-11T22:14:15Z h a p m [id a="never ends',
        "<13>1 2026-10-11T22:14:15Z h a p m [id a=b] x",
        "<13>1 2026-10-11T22:14:15Z h a p m garbage",
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason(reading: Reading, text: str) -> None:
    found = one(text, reading)
    assert isinstance(found, Rejected) and found.reason and found.raw == text.encode()


def test_a_clock_far_off_is_read_as_it_says(reading: Reading) -> None:
    for year in (1970, 2099):
        event = one(f"<10>{year}-01-01T00:00:00Z fw su: x", reading)
        assert isinstance(event, Event) and event.at.year == year and event.received == NOW
    for nonsense in ("0000-00-00T00:00:00Z", "9999-99-99T99:99:99Z"):
        assert isinstance(one(f"<10>{nonsense} fw su: x", reading), Event)


def test_the_year_that_is_not_written(read_with: Callable[..., Reading]) -> None:
    after = read_with(received=datetime(2027, 1, 1, 0, 5, tzinfo=UTC), zone=UTC)
    event = one("<10>Dec 31 23:59:50 fw su: x", after)
    assert isinstance(event, Event) and event.at.year == 2026
    before = read_with(received=datetime(2026, 12, 31, 23, 59, tzinfo=UTC), zone=UTC)
    event = one("<10>Jan  1 00:00:10 fw su: x", before)
    assert isinstance(event, Event) and event.at.year == 2027
    leap = one("<10>Feb 29 12:00:00 fw su: x", before)  # the nearest year that has it is far away
    assert isinstance(leap, Event)


def test_encodings() -> None:
    assert text_of("登录失败".encode()) == text_of("登录失败".encode("gbk")) == "登录失败"
    assert "x" in text_of(b"\xff\xfe\x00x\x80")


def test_gbk_in_a_line(reading: Reading) -> None:
    event = one("<10>Oct 11 22:14:15 fw waf: 检测到攻击".encode("gbk"), reading)
    assert isinstance(event, Event) and event.title == "检测到攻击"


def test_ordinary_lines_are_counted_and_left(reading: Reading) -> None:
    assert one("<14>Oct 11 22:14:15 fw cron: ran", reading) == Left("s1", NOW, "severity.6")
    assert isinstance(one(b"\r\n", reading), Left)


def test_a_line_too_long(read_with: Callable[..., Reading], reading: Reading) -> None:
    found = one(b"<10>" + b"x" * reading.limits.line_bytes, reading)
    assert isinstance(found, Rejected)


def test_the_same_line_with_other_numbers_is_the_same_check(reading: Reading) -> None:
    def check(text: str) -> str:
        event = one(text, reading)
        assert isinstance(event, Event)
        return event.check

    first = check(
        "<10>Oct 11 22:14:15 fw sshd[1]: Failed password for root from 203.0.113.9 port 51"
    )
    again = check(
        "<10>Oct 12 23:14:15 fw sshd[2]: Failed password for root from 203.0.113.77 port 6"
    )
    other = check("<10>Oct 11 22:14:15 fw sshd[1]: Connection reset")
    assert first == again != other


class TestFrames:
    def test_octet_counted(self) -> None:
        message = b"<13>1 - - - - - - a\nb"
        frames = Frames(100)
        assert frames.feed(b"%d %s%d %s" % (len(message), message, 8, b"<13>x: y")) == [
            message,
            b"<13>x: y",
        ]

    def test_by_newline_with_cr_and_nul(self) -> None:
        assert Frames(100).feed(b"<1>a\r\n\n<1>b\n") == [b"<1>a", b"<1>b"]
        assert Frames(100).feed(b"<1>a\0<1>b\0") == [b"<1>a", b"<1>b"]

    def test_a_line_that_begins_with_a_number(self) -> None:
        assert Frames(100).feed(b"12 monkeys\n") == [b"12 monkeys"]

    def test_both_in_one_stream(self) -> None:
        assert Frames(100).feed(b"5 <1>ab<1>cd\n5 <1>ef") == [b"<1>ab", b"<1>cd", b"<1>ef"]

    def test_too_long_is_given_once_and_skipped(self) -> None:
        frames = Frames(10)
        found = frames.feed(b"<1>" + b"x" * 50)
        found += frames.feed(b"y" * 50 + b"\n<1>next\n")
        assert found == [b"<1>xxxxxxxx", b"<1>next"] and len(found[0]) == 11
        counted = Frames(10)
        assert counted.feed(b"30 <1>" + b"x" * 27 + b"<1>next\n") == [b"<1>xxxxxxxx", b"<1>next"]

    def test_the_last_line_without_an_end(self) -> None:
        frames = Frames(100)
        assert frames.feed(b"<1>a\n<1>b") == [b"<1>a"]
        assert frames.end() == [b"<1>b"] and frames.end() == []

    @given(st.binary(max_size=400), st.integers(1, 40))
    @settings(max_examples=200, deadline=None)
    def test_any_bytes_in_any_pieces(self, data: bytes, step: int) -> None:
        frames, whole = Frames(50), Frames(50)
        pieces = [m for at in range(0, len(data), step) for m in frames.feed(data[at : at + step])]
        assert pieces + frames.end() == whole.feed(data) + whole.end()
        assert all(0 < len(message) <= 51 for message in pieces)

    @given(st.lists(st.binary(min_size=1, max_size=60).map(lambda b: b"<1>" + b), max_size=8))
    @settings(max_examples=100, deadline=None)
    def test_counted_messages_come_out_as_they_went_in(self, messages: list[bytes]) -> None:
        sent = b"".join(b"%d %s" % (len(message), message) for message in messages)
        assert Frames(100).feed(sent) == messages


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_bytes_are_too_ugly(read_with: Callable[..., Reading], data: bytes) -> None:
    for raw in (data, b"<13>" + data, b"<13>1 - - - - - " + data, b"<13>Oct 11 22:14:15 " + data):
        for found in syslog.parse(raw, read_with()):
            if isinstance(found, Event):
                assert found.check and found.title.isprintable()
                assert abs(found.at - NOW) < timedelta(days=4_000_000)
