"""The parser of a server's first flight: exact on what is right, WireError on everything else."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.wire.reader import Reader, WireError, vector
from tlsec.wire.records import (
    MAX_MESSAGE,
    Alert,
    Certificates,
    Encrypted,
    HelloDone,
    Message,
    OtherMessage,
    ServerFlight,
    ServerHello,
    parse_alert,
    parse_certificates,
    parse_handshake,
    parse_server_hello,
)

RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def hello_body(
    version: int = 0x0303,
    suite: int = 0xC02F,
    selected: int | None = None,
    random: bytes = bytes(32),
) -> bytes:
    body = version.to_bytes(2, "big") + random + b"\0" + suite.to_bytes(2, "big") + b"\0"
    if selected is not None:
        body += vector(b"\x00\x2b" + vector(selected.to_bytes(2, "big"), 2), 2)
    return body


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(body, 3)


def record(payload: bytes, kind: int = 22) -> bytes:
    return bytes([kind]) + b"\x03\x03" + vector(payload, 2)


FLIGHT = (
    record(message(2, hello_body()))
    + record(message(11, vector(vector(b"leaf" * 500, 3) + vector(b"root", 3), 3)))
    + record(message(12, b"key exchange"))
    + record(message(14, b""))
)
FLIGHT_MESSAGES: list[Message] = [
    ServerHello(0x0303, 0xC02F),
    Certificates((b"leaf" * 500, b"root")),
    OtherMessage(12),
    HelloDone(),
]


def test_a_whole_flight() -> None:
    assert ServerFlight().feed(FLIGHT) == FLIGHT_MESSAGES


@given(st.lists(st.integers(0, len(FLIGHT)), max_size=30))
def test_cutting_the_stream_anywhere_changes_nothing(cuts: list[int]) -> None:
    flight, found, edges = ServerFlight(), [], [0, *sorted(cuts), len(FLIGHT)]
    for start, end in itertools.pairwise(edges):
        found += flight.feed(FLIGHT[start:end])
    assert found == FLIGHT_MESSAGES


@given(st.integers(1, 4000))
def test_cutting_messages_over_records_changes_nothing(size: int) -> None:
    messages = message(2, hello_body()) + message(11, vector(vector(b"x" * 3000, 3), 3))
    records = b"".join(record(messages[i : i + size]) for i in range(0, len(messages), size))
    assert ServerFlight().feed(records) == [
        ServerHello(0x0303, 0xC02F),
        Certificates((b"x" * 3000,)),
    ]


@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302, 0x0303])
def test_old_versions(version: int) -> None:
    assert parse_server_hello(hello_body(version)) == ServerHello(version, 0xC02F)


def test_tls13_and_retry() -> None:
    assert parse_server_hello(hello_body(suite=0x1301, selected=0x0304)) == ServerHello(
        0x0304, 0x1301
    )
    again = hello_body(suite=0x1302, selected=0x0304, random=RETRY)
    assert parse_server_hello(again) == ServerHello(0x0304, 0x1302, retry=True)
    assert ServerFlight().feed(record(b"?", 23)) == [Encrypted()]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        hello_body()[:-1],
        hello_body() + b"\0",
        hello_body(0x0304),
        hello_body(0x0302, selected=0x0304),
        hello_body(selected=0x0303),
        hello_body()[:34] + b"\x21" + bytes(33) + hello_body()[35:],  # session id of 33 bytes
        hello_body()[:-1] + b"\x01",  # compression
        hello_body() + vector(b"\x00\x17\x00\x00" * 2, 2),  # an extension twice
        hello_body() + vector(b"\x00\x17\x00\x01", 2),
    ],
)
def test_malformed_server_hello(body: bytes) -> None:
    with pytest.raises(WireError):
        parse_server_hello(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\x01",
        vector(vector(b"", 3), 3),
        vector(b"\0\0\x05abc", 3),
        vector(b"", 3) + b"\0",
        vector(vector(b"x", 3) * 33, 3),
    ],
)
def test_malformed_certificates(body: bytes) -> None:
    with pytest.raises(WireError):
        parse_certificates(body)


def test_no_certificate_at_all_is_an_empty_chain() -> None:
    assert parse_certificates(vector(b"", 3)) == Certificates(())


def test_alerts() -> None:
    assert ServerFlight().feed(record(b"\x01\x70", 21) + record(b"\x02\x28", 21)) == [
        Alert(False, 112),
        Alert(True, 40),
    ]
    for wrong in (b"", b"\x02", b"\x03\x28", b"\x02\x28\x00"):
        with pytest.raises(WireError):
            parse_alert(wrong)


@pytest.mark.parametrize(
    "data",
    [
        b"H",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x02",
        b"\x16\x03\x03\x00\x00",
        b"\x16\x03\x03\xff\xff",
        record(b"\x0b" + (MAX_MESSAGE + 1).to_bytes(3, "big")),
        record(b"\x02\0\0\x30") + record(b"\x02\x28", 21),  # an alert inside a message
    ],
)
def test_what_is_not_tls_is_told_from_the_first_wrong_byte(data: bytes) -> None:
    with pytest.raises(WireError):
        ServerFlight().feed(data)


def test_memory_is_bounded_by_one_message() -> None:
    flight = ServerFlight()
    flight.feed(record(b"\x0b" + MAX_MESSAGE.to_bytes(3, "big")))
    for _ in range(7):
        assert flight.feed(record(bytes(16384))) == []
    assert len(flight._handshake) + len(flight._bytes) <= MAX_MESSAGE + 4
    with pytest.raises(WireError):
        flight.feed(record(bytes(16384)))  # it completes as nonsense


@given(st.lists(st.binary(max_size=400), max_size=5))
def test_random_bytes_raise_nothing_but_wire_errors(chunks: list[bytes]) -> None:
    flight = ServerFlight()
    try:
        for chunk in chunks:
            flight.feed(chunk)
    except WireError:
        pass


@given(st.integers(0, len(FLIGHT) - 1), st.integers(0, 255), st.integers(0, len(FLIGHT)))
def test_damaged_flights_raise_nothing_but_wire_errors(at: int, byte: int, end: int) -> None:
    damaged = bytearray(FLIGHT)
    damaged[at] = byte
    with contextlib.suppress(WireError):
        ServerFlight().feed(bytes(damaged[:end]))


@given(st.sampled_from([2, 11, 14, 1, 0, 255]), st.binary(max_size=300))
def test_random_messages_raise_nothing_but_wire_errors(kind: int, body: bytes) -> None:
    with contextlib.suppress(WireError):
        parse_handshake(kind, body)


@given(st.binary(max_size=40), st.integers(0, 5))
def test_reader_never_reads_past_the_end(data: bytes, size: int) -> None:
    reader = Reader(data)
    try:
        while len(reader):
            before = len(reader)
            reader.tlv()
            assert len(reader) < before
    except WireError:
        pass
    reader = Reader(data)
    if size > len(data):
        with pytest.raises(WireError):
            reader.take(size)
    else:
        assert reader.take(size) == data[:size]
