"""http.page against servers that mean harm: a named failure or honest facts, bounded in time and memory."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import ssl
import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import Authority
from tests.probe import hostile
from tests.probe.kit import facts, failure, gateway, results, target
from tests.probe.sites import QUICK, answer, failed, serve
from tlsec.facts import Failed, Reason
from tlsec.probe.gateway import Stopped
from tlsec.probe.http_page import HttpPage, Page

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """QUICK allows 0.6 s; loading aiohttp the first time and a busy machine take some more."""
    from tlsec.probe import http_client, http_facts

    assert http_client
    assert http_facts
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 8


@pytest.fixture
def small() -> Iterator[None]:
    """Client and server together stay within 12 MB (the cap is 64 KiB)."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 2**20


def endless(block: bytes, head: bytes = b"") -> hostile.Server:
    """Answers the request with `head` and then `block` without end."""

    async def talk(reader: hostile.Reader, writer: hostile.Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(block)
            await writer.drain()
            await asyncio.sleep(0)

    return hostile.serve(talk)


def cut_short(data: bytes) -> hostile.Server:
    """Says `data` and closes."""

    async def talk(reader: hostile.Reader, writer: hostile.Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        writer.write_eof()
        await reader.read(1)

    return hostile.serve(talk)


def reset_after(data: bytes) -> hostile.Server:
    """Says `data`, lets it arrive, and resets the connection."""

    async def talk(reader: hostile.Reader, writer: hostile.Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0.05)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return hostile.serve(talk)


@pytest.mark.parametrize("tls", [False, True])
async def test_silence(tls: bool) -> None:
    assert (await failed(hostile.silent(), tls=tls)).reason is Reason.TIMEOUT


async def test_no_answer_to_a_connect() -> None:
    with hostile.unanswered_port() as port:
        found = await failure(HttpPage(limits=QUICK), target(port))
    assert found.reason is Reason.TIMEOUT


async def test_drops_of_a_byte_a_second() -> None:
    assert (await failed(hostile.drip(OK))).reason is Reason.TIMEOUT


async def test_drops_of_a_body() -> None:
    async def talk(reader: hostile.Reader, writer: hostile.Writer) -> None:
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    assert (await failed(hostile.serve(talk))).reason is Reason.TIMEOUT


async def page(server: hostile.Server) -> Page:
    async with server as at:
        found = (await facts(HttpPage(limits=QUICK), target(at.port))).page
    assert isinstance(found, Page)
    return found


@pytest.mark.parametrize("length", [b"Content-Length: 2147483648\r\n", b""])
async def test_two_gigabytes(small: None, length: bytes) -> None:
    found = await page(endless(b"<p>x" * 2**14, OK + length + b"\r\n"))
    assert (found.truncated, found.text_hash, found.links) == (True, None, None)


@pytest.mark.parametrize("layers", ["gzip", "deflate"])
async def test_a_bomb(small: None, layers: str) -> None:
    packer = zlib.compressobj(9, wbits=31 if layers == "gzip" else 15)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    assert len(bomb) < 2**17
    found = await page(serve(answer(bomb, headers={"Content-Encoding": layers})))
    assert (found.truncated, found.text_hash) == (True, None)


async def test_empty_gzip_members_without_end(small: None) -> None:
    members = gzip.compress(b"") * 3000
    assert (await page(endless(members, OK + b"Content-Encoding: gzip\r\n\r\n"))).truncated


BROKEN = {
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nul": bytes(5000),
    "http/0.9": b"<html>hi</html>\r\n\r\n",
    "one line of a megabyte": OK + b"X: " + b"a" * 2**20 + b"\r\n\r\n",
    "a megabyte of lines": OK + b"X: aaaaaaaaaaaa\r\n" * 2**16 + b"\r\n",
    "status": b"HTTP/1.1 abc No\r\n\r\n",
    "two lengths": OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "negative length": OK + b"Content-Length: -1\r\n\r\nabc",
    "length not reached": OK + b"Content-Length: 100\r\n\r\nabc",
    "chunk size": CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n",
    "huge chunk size": CHUNKED + b"f" * 40 + b"\r\nabc\r\n0\r\n\r\n",
    "chunk too long": CHUNKED + b"2\r\nabcdef\r\n0\r\n\r\n",
    "chunks not ended": CHUNKED + b"3\r\nabc\r\n",
    "no gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
    "half a gzip": OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"a" * 99)[:-12],
    "nothing": b"",
    "half a header": OK,
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
async def test_broken_answers(small: None, data: bytes) -> None:
    found = await failed(cut_short(data))
    assert (found.reason, bool(found.detail)) == (Reason.PROTOCOL, True)


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"", bytes(range(256)) * 64),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"\r\n" * 1000),
        (OK, b"X-Y: z\r\n" * 1000),
        (OK + b"X: ", b"a" * 2**14),
        (CHUNKED + b"5;", b"a" * 2**14),
        (CHUNKED + b"0\r\n", b"X-Y: z\r\n" * 1000),
    ],
    ids=["noise", "continue", "line feeds", "headers", "header", "extension", "trailers"],
)
async def test_answers_without_end(small: None, head: bytes, block: bytes) -> None:
    found = await failed(endless(block, head))
    assert found.reason in (Reason.PROTOCOL, Reason.TIMEOUT)


async def test_more_than_the_length_says() -> None:
    """What follows is no HTTP when it comes at once, and is not read when it comes later."""
    raw, rest = OK + b"Content-Length: 20\r\n\r\n<title>abc</title>xy", b"<title>no</title>"
    assert (await failed(serve(raw + rest))).reason is Reason.PROTOCOL

    async def talk(reader: hostile.Reader, writer: hostile.Writer) -> None:
        for part in (raw, rest):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.1)

    found = await page(hostile.serve(talk))
    assert (found.title, found.text_size, found.truncated) == ("abc", len("abc xy"), False)


@pytest.mark.parametrize("data", [b"", OK, OK + b"Content-Length: 100\r\n\r\nabc", CHUNKED + b"3"])
async def test_reset(data: bytes) -> None:
    assert (await failed(reset_after(data))).reason is Reason.PROTOCOL


async def test_closed() -> None:
    assert (await failed(hostile.closing())).reason is Reason.PROTOCOL


@pytest.mark.parametrize(
    "said",
    [OK + b"\r\n", b"\x16\x03\x03\xff\xff" + b"A" * 70000, b"\x15\x03\x03\x00\x02\x02\x28", b"\0" * 99],
    ids=["plain http", "huge record", "alert", "noise"],
)  # fmt: skip
async def test_no_tls_where_tls_is_meant(said: bytes) -> None:
    found = await failed(hostile.answer(said), tls=True)
    assert (found.reason, bool(found.detail)) == (Reason.PROTOCOL, True)


async def test_tls_that_breaks_off_in_the_middle(tmp_path: Path) -> None:
    """A record of noise after a good handshake."""
    cert = Authority(tmp_path).issue("www", ["www.lanze.test"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, cert.with_suffix(".key"))

    async def talk(reader: hostile.Reader, writer: hostile.Writer) -> None:
        await writer.start_tls(context)
        raw = writer.get_extra_info("socket").fileno()
        await reader.readuntil(b"\r\n\r\n")
        os.write(raw, b"\x17\x03\x03\x00\x40" + b"Z" * 64)
        await reader.read(1)

    assert (await failed(hostile.serve(talk), tls=True)).reason is Reason.PROTOCOL


@pytest.mark.parametrize("host", ["a b", "bad\r\nX: y", "x" * 300, "..", "xn--\u0301", "\ud800"])
async def test_names_that_cannot_be_asked_for(host: str) -> None:
    async with serve(answer("<p>x")) as at:
        (result,) = await results(HttpPage(limits=QUICK), target(at.port, host=host))
    assert result.locator["host"] == host
    if isinstance(result.attempt, Failed):
        assert result.attempt.reason is Reason.PROTOCOL


async def test_the_stop_switch_ends_a_visit_at_once() -> None:
    through = gateway()
    async with hostile.silent() as at:
        visit = asyncio.create_task(failure(HttpPage(), target(at.port), through))
        while not at.connections:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        through.stop()
        with pytest.raises(Stopped):
            await visit
    assert time.monotonic() - began < 8
