"""The listening side in one process: datagrams, streams, TLS, posts and files into a store, all bounded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.ingest.conftest import FOLDERS
from tests.peers import LOOPBACK, Authority, free_port
from tlsec.ingest import limits, settings, severity, webhook
from tlsec.ingest.inbox import Delivery, Inbox
from tlsec.ingest.limits import Limits
from tlsec.ingest.listen import CannotListen
from tlsec.ingest.station import Station
from tlsec.ingest.tail import Mark
from tlsec.marked_yaml import Faulty

TABLES = severity.load(FOLDERS)
SECRET = b"0123456789abcdef0123456789abcdef"
MAP = "map: hids\nversion: 1\nformat: json\nkind: edr\nfields: {check: rule, address: ip}\n"


class Kept:
    """A register that can be made to fail or to wait."""

    def __init__(self) -> None:
        self.batches: list[list[Delivery]] = []
        self.lost: dict[str, int] = {}
        self.failing = 0

    def __call__(self, batch: Sequence[Delivery], lost: Mapping[str, int]) -> None:
        if self.failing:
            self.failing -= 1
            raise OSError("database is away")
        self.batches.append(list(batch))
        for id, n in lost.items():
            self.lost[id] = self.lost.get(id, 0) + n

    @property
    def all(self) -> list[Delivery]:
        return [one for batch in self.batches for one in batch]

    def raw(self, source: str) -> list[bytes]:
        return [one.raw for one in self.all if one.source == source]


class Room:
    """A workspace folder with an ingest.yaml, and a station over it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder, Kept()
        self.port: dict[str, int] = {}
        self.marks: dict[str, Mark] = {}
        self.clock = lambda: datetime.now(UTC)
        self.limits: Limits = limits.load(FOLDERS)

    def write(self, sources: str, *listeners: str) -> settings.Settings:
        (self.folder / "ingest").mkdir(exist_ok=True)
        (self.folder / "ingest" / "hids.yaml").write_text(MAP)
        for name, secret in (("key", SECRET), ("token", b"token-token-token-1")):
            path = self.folder / name
            path.write_bytes(secret)
            path.chmod(0o600)
        text = f"sources:\n{sources}\nlisteners:\n"
        for listener in listeners:
            kind = listener.partition(",")[0]
            self.port[kind] = free_port()
            text += f"  - {{kind: {listener}, port: {self.port[kind]}}}\n"
        (self.folder / "ingest.yaml").write_text(
            text if listeners else text.replace("listeners:\n", "")
        )
        return settings.read(self.folder, TABLES)

    @asynccontextmanager
    async def running(self, said: settings.Settings) -> AsyncIterator[None]:
        ending, ready = asyncio.Event(), asyncio.Event()
        station = Station(
            said, self.limits, self.folder, self.kept, lambda: False,
            lambda _source, path: self.marks.get(path), self.clock, lambda _text: None,
        )  # fmt: skip
        running = asyncio.create_task(station.run(ending, ready.set))
        started = asyncio.create_task(ready.wait())
        await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            started.cancel()
            running.result()
        try:
            yield
        finally:
            ending.set()
            await running

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.01)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def sending(data: bytes, port: int) -> None:
    import socket

    with socket.create_connection((LOOPBACK, port)) as sock:
        sock.sendall(data)


async def test_datagrams_and_streams(room: Room) -> None:
    said = room.write(
        "  - {id: fw, parser: syslog, senders: [127.0.0.0/8]}", "syslog-udp, sources: [fw]",
        "syslog-tcp, sources: [fw]",
    )  # fmt: skip
    async with room.running(said):
        loop = asyncio.get_running_loop()
        transport, _p = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(LOOPBACK, room.port["syslog-udp"])
        )
        for n in range(50):
            transport.sendto(b"<10>udp %d" % n)
        await loop.run_in_executor(
            None, sending, b"<10>line\n9 <10>count<10>no end", room.port["syslog-tcp"]
        )
        await room.until(lambda: len(room.kept.all) == 53)
        transport.close()
    assert set(room.kept.raw("fw")) >= {b"<10>line", b"<10>count", b"<10>no end", b"<10>udp 49"}
    assert {one.sender for one in room.kept.all} == {LOOPBACK}


async def test_strangers_are_not_heard(room: Room) -> None:
    said = room.write(
        "  - {id: fw, parser: syslog, senders: [192.0.2.1]}", "syslog-tcp, sources: [fw]"
    )
    async with room.running(said):
        reader, writer = await asyncio.open_connection(LOOPBACK, room.port["syslog-tcp"])
        assert await reader.read() == b""
        writer.close()
    assert room.kept.all == []


async def test_tls_and_client_certificates(room: Room) -> None:
    authority = Authority(room.folder)
    authority.issue("server", [LOOPBACK])
    authority.issue("client", ["fw01.lanze.test"], client=True)
    (room.folder / "ca.pem").write_bytes(authority.pem)
    listener = (
        "syslog-tls, sources: [fw], certificate: server.pem, key: server.key, clients: ca.pem"
    )
    said = room.write("  - {id: fw, parser: syslog}", listener)
    tls = ssl.create_default_context(cafile=str(room.folder / "ca.pem"))
    async with room.running(said):
        port = room.port["syslog-tls"]
        with contextlib.suppress(OSError):  # TLS 1.3 tells the refusal at the first read, if at all
            reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=tls)
            writer.write(b"<10>unknown\n")
            assert await reader.read() == b""
        tls.load_cert_chain(room.folder / "client.pem", room.folder / "client.key")
        _reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=tls)
        writer.write(b"<10>hello\n")
        await writer.drain()
        await room.until(lambda: len(room.kept.all) == 1)
        writer.close()
        sending(b"\x16\x03\x01 not really TLS \x00" * 10, port)
    assert room.kept.raw("fw") == [b"<10>hello"]


POSTS = (
    "  - {id: hids, parser: webhook, map: hids, secret_file: key}\n"
    "  - {id: am, parser: alertmanager, token_file: token}"
)


def signed(body: bytes, at: datetime, secret: bytes = SECRET) -> dict[str, str]:
    stamp = int(at.timestamp())
    return {webhook.TIMESTAMP: str(stamp), webhook.SIGNATURE: webhook.sign(secret, stamp, body)}


async def test_posts_are_answered_when_they_are_stored(room: Room) -> None:
    said = room.write(POSTS, "http, sources: [hids, am]")
    body = b'{"rule": "r1", "ip": "198.51.100.20"}'
    now = datetime.now(UTC)
    async with room.running(said), aiohttp.ClientSession() as session:
        base = f"http://{LOOPBACK}:{room.port['http']}/v1"

        async def post(source: str, headers: Mapping[str, str], data: bytes = body) -> int:
            async with session.post(f"{base}/{source}", data=data, headers=headers) as answer:
                assert (answer.status == 200) == json.loads(await answer.text())["stored"]
                return answer.status

        room.kept.failing = 1  # the database is away for a moment: the sender is not told a lie
        assert await post("hids", signed(body, now)) == 200
        assert len(room.kept.all) == 1
        assert await post("hids", signed(body, now, b"wrong" * 8)) == 401
        assert await post("hids", signed(body, now - timedelta(minutes=10))) == 401
        assert await post("hids", signed(b"{}", now)) == 401
        assert await post("hids", {}) == 401
        assert await post("hids", signed(body, now)) == 200  # the very same again
        assert await post("am", {"Authorization": "Bearer token-token-token-1"}) == 200
        assert await post("am", {"Authorization": "Bearer no"}) == 401
        assert await post("nobody", {}) == 404
        big = b"x" * (room.limits.reading.body_bytes + 1)
        async with session.post(f"{base}/hids", data=big, headers=signed(big, now)) as answer:
            assert answer.status == 413
        async with session.get(f"{base}/hids") as answer:
            assert answer.status == 405
    first, again = (one for one in room.kept.all if one.source == "hids")
    assert first.id == again.id != ""


async def test_what_cannot_be_stored_in_time_is_to_be_sent_again(room: Room) -> None:
    said = room.write(POSTS, "http, sources: [hids]")
    hurried = room.limits.listening.model_copy(update={"answer_seconds": 1})
    room.limits = room.limits.model_copy(update={"listening": hurried})
    room.kept.failing = 2
    async with room.running(said), aiohttp.ClientSession() as session:
        url = f"http://{LOOPBACK}:{room.port['http']}/v1/hids"
        headers = signed(b"{}", datetime.now(UTC))
        async with session.post(url, data=b"{}", headers=headers) as answer:
            assert answer.status == 503 and answer.headers["Retry-After"]


async def test_a_file_is_followed_and_gone_on_with(room: Room) -> None:
    said = room.write("  - {id: ids, parser: eve, tail: eve.json}")
    path = room.folder / "eve.json"
    path.write_bytes(b'{"a":1}\n{"a":2}\n')
    async with room.running(said):
        await room.until(lambda: len(room.kept.all) == 2)
    last = room.kept.all[-1].mark
    assert last is not None and last.offset == 16
    room.marks[str(path)] = last
    with path.open("ab") as stream:
        stream.write(b'{"a":3}\n')
    async with room.running(said):
        await room.until(lambda: len(room.kept.all) == 3)
    assert room.kept.raw("ids") == [b'{"a":1}', b'{"a":2}', b'{"a":3}']


async def test_what_is_in_hand_at_the_end_is_stored(room: Room) -> None:
    said = room.write("  - {id: fw, parser: syslog}", "syslog-tcp, sources: [fw]")
    room.kept.failing = 1
    async with room.running(said):
        lines = b"".join(b"<10>x %d\n" % n for n in range(2000))
        await asyncio.to_thread(sending, lines, room.port["syslog-tcp"])
    assert len(room.kept.all) == 2000


async def test_a_full_inbox_makes_streams_wait_and_counts_lost_datagrams() -> None:
    held = limits.load(FOLDERS).listening.model_copy(
        update={"queued_events": 100, "batch_events": 60, "batch_wait_ms": 1}
    )
    inbox = Inbox(held)
    now = datetime.now(UTC)
    assert sum(inbox.offer(Delivery("fw", b"x", now)) for _n in range(150)) == 100
    assert inbox.lost() == {"fw": 50} and inbox.lost() == {}
    waiting = asyncio.create_task(inbox.put(Delivery("fw", b"stream", now)))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert len(await inbox.batch()) == 60
    await waiting
    inbox.close()
    assert len(await inbox.batch()) == 41 and await inbox.batch() == []
    by_bytes = Inbox(held.model_copy(update={"queued_bytes": 2**20}))
    assert sum(by_bytes.offer(Delivery("fw", b"x" * 2**19, now)) for _n in range(5)) == 2


async def test_connections_of_one_sender_are_bounded(room: Room) -> None:
    said = room.write("  - {id: fw, parser: syslog}", "syslog-tcp, sources: [fw]")
    few = room.limits.listening.model_copy(update={"connections_per_sender": 3, "idle_seconds": 1})
    room.limits = room.limits.model_copy(update={"listening": few})
    async with room.running(said):
        opened = [
            await asyncio.open_connection(LOOPBACK, room.port["syslog-tcp"]) for _n in range(4)
        ]
        assert await opened[3][0].read() == b""  # one too many
        async with asyncio.timeout(5):
            assert await opened[0][0].read() == b""  # silent for too long
        for _reader, writer in opened:
            writer.close()


async def test_a_port_that_is_taken(room: Room) -> None:
    said = room.write("  - {id: fw, parser: syslog}", "syslog-tcp, sources: [fw]")
    server = await asyncio.start_server(lambda _r, _w: None, LOOPBACK, room.port["syslog-tcp"])
    async with server:
        with pytest.raises(CannotListen):
            async with room.running(said):
                pass


@pytest.mark.parametrize(
    ("sources", "listener", "said"),
    [
        ("  - {id: fw, parser: syslog}", "syslog-udp, address: 0.0.0.0, sources: [fw]", "ingest.yaml:4:33"),
        ("  - {id: fw, parser: syslog}", "syslog-udp, sources: [other]", "ingest.yaml:4:34"),
        ("  - {id: fw, parser: syslog}", "http, sources: [fw]", "ingest.yaml:4:28"),
        ("  - {id: fw, parser: syslog}", "syslog-tls, sources: [fw]", "ingest.yaml:4:5"),
        ("  - {id: fw, parser: syslog, senders: [nobody]}", "syslog-udp, sources: [fw]", "ingest.yaml:2:"),
        ("  - {id: fw, parser: syslog, map: hids}", "syslog-udp, sources: [fw]", "ingest.yaml:2:35"),
        ("  - {id: fw, parser: syslog, map: none}", "syslog-udp, sources: [fw]", "ingest.yaml:2:35"),
        ("  - {id: am, parser: alertmanager}", "http, sources: [am]", "ingest.yaml:4:28"),
        ("  - {id: am, parser: alertmanager, token_file: token}", "http, address: 192.0.2.1, sources: [am]",
         "ingest.yaml:4:"),
        ("  - {id: am, parser: alertmanager, token_file: gone}", "http, sources: [am]", "ingest.yaml:2:48"),
        ("  - {id: h, parser: webhook, secret_file: key}", "http, sources: [h]", "ingest.yaml:2:5"),
        ("  - {id: t, parser: table, map: hids, tail: x}", "http, sources: [t]", "ingest.yaml:2:"),
        ("  - {id: a, parser: eve}\n  - {id: a, parser: eve}", "syslog-udp, sources: [a]", "ingest.yaml:3:"),
        ("  - {id: a, parser: eve, timezone: ../../etc}", "syslog-udp, sources: [a]", "ingest.yaml:2:"),
    ],
)  # fmt: skip
def test_faults_of_ingest_yaml(room: Room, sources: str, listener: str, said: str) -> None:
    with pytest.raises(Faulty) as caught:
        room.write(sources, listener)
    assert any(fault.where.startswith(said) for fault in caught.value.faults), str(caught.value)


def test_a_secret_that_others_may_read_or_that_is_short(room: Room) -> None:
    room.write(POSTS, "http, sources: [hids]")
    (room.folder / "key").chmod(0o644)
    (room.folder / "token").write_bytes(b"short")
    with pytest.raises(Faulty) as caught:
        settings.read(room.folder, TABLES)
    assert len(caught.value.faults) == 2
