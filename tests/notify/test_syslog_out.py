"""Syslog lines as RFC 5424 wants them, framed as RFC 6587 and 5425 want them."""

from __future__ import annotations

import socket
import ssl

import pytest

from tests.notify import servers
from tests.notify.conftest import NOW
from tlsec.notify import channels
from tlsec.notify.message import Message

TO_SAY = Message('k"]\\ 1', "端口\n变化", "新开 27017\x00", "urgent", id="tlsec-3")


def channel(configure, transport: str, port: int, ca: object = ""):
    text = (
        f"channels:\n  - {{id: s, kind: syslog, host: localhost, port: {port},"
        f" transport: {transport}, ca: '{ca}'}}\n"
    )
    return channels.build(configure(text, connect_seconds=0.5, total_seconds=0.5), "s")


def parts(line: bytes) -> tuple[str, str]:
    head, _bom, text = line.partition(b"\xef\xbb\xbf")
    return head.decode(), text.decode()


def test_udp_carries_one_line(configure) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(2)
        sent = channel(configure, "udp", receiver.getsockname()[1]).send(TO_SAY, NOW)
        head, text = parts(receiver.recv(65536))
    assert sent.ok and "无回执" in sent.detail
    assert head.startswith("<105>1 2026-11-24T04:00:00.000000Z ")  # 13*8+1
    assert '[tlsec@32473 key="k\\"\\]\\\\ 1" urgency="urgent" id="tlsec-3"]' in head
    assert text.startswith("端口 变化：新开 27017")


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_streams_carry_counted_frames(configure, tls_files, transport: str) -> None:
    got: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls_files.cert, tls_files.key)

    def take(connection: socket.socket) -> None:
        if transport == "tls":
            connection = context.wrap_socket(connection, server_side=True)
        whole = b""
        while part := connection.recv(65536):
            whole += part
        got.append(whole)

    with servers.raw(take) as port:
        assert channel(configure, transport, port, tls_files.ca).send(TO_SAY, NOW).ok
    count, _space, line = got[0].partition(b" ")
    assert int(count) == len(line)
    assert parts(line)[1].startswith("端口")


def test_tls_to_a_stranger_is_refused(configure, tls_files) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls_files.cert, tls_files.key)
    with servers.raw(lambda c: context.wrap_socket(c, server_side=True).close()) as port:
        sent = channel(configure, "tls", port).send(TO_SAY, NOW)
    assert not sent.ok and sent.detail == "对方证书不可信"


def test_nobody_there_and_a_reset_are_failures(configure) -> None:
    import struct

    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.recv(1)

    with servers.raw(reset) as port:
        assert not channel(configure, "tcp", port).send(TO_SAY, NOW).ok
    assert not channel(configure, "tcp", port).send(TO_SAY, NOW).ok


def test_a_long_text_is_cut_whole_characters(configure) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(2)
        made = channel(configure, "udp", receiver.getsockname()[1])
        assert made.send(Message("k", "长", "字" * 30_000), NOW).ok
        line = receiver.recv(65536)
    assert len(line) < 8192 and parts(line)[1].endswith("…")
