"""The gateway: scope, stop, rates, caps and counts, with real sockets."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time as clock
from typing import Any

import pytest

from tests.peers import free_port
from tests.probe import hostile
from tests.probe.kit import HERE, NOW, gateway, results, scope, target
from tlsec.facts import Reason, Scope, Vantage
from tlsec.probe.gateway import Gateway, GatewayError, Stopped
from tlsec.probe.net_port import NetPort
from tlsec.probe.net_service import NetService
from tlsec.probe.pace import Bucket
from tlsec.probe.tls_handshake import TlsHandshake

_opened: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event in ("socket.connect", "socket.bind", "socket.sendto"):
        _opened.append(f"{event} {arguments[1:]}")


sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Every connect, bind and sendto of this process while the block runs."""
    global _opened
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


async def _all_ways(through: Gateway, address: str, port: int = 443) -> list[Reason]:
    reasons = []
    for way in (
        lambda: through.port_state(address, port, HERE),
        lambda: through.datagram(address, port, b"?", HERE),
        lambda: _connect(through, address, port),
    ):
        try:
            await way()
        except GatewayError as error:
            reasons.append(error.failed.reason)
    return reasons


async def _connect(through: Gateway, address: str, port: int) -> bytes:
    async with through.connect(address, port, HERE) as stream:
        return await stream.receive(10)


class TestScope:
    @pytest.mark.parametrize(
        ("address", "scopes"),
        [
            ("127.0.0.1", []),
            ("127.0.0.1", [scope("127.9.0.0/16")]),
            ("127.0.0.1", [scope("::1/128")]),
            ("127.0.0.1", [scope("::/0")]),
            ("::1", [scope("0.0.0.0/0")]),
            ("::ffff:127.0.0.1", [scope("::/0")]),
            ("127.0.0.1", [scope(until=NOW)]),
            ("127.0.0.1", [scope(valid_from=NOW + dt.timedelta(seconds=1))]),
            ("127.0.0.1", [scope(excluded=scope("127.0.0.1/32").blocks)]),
            ("127.0.0.1", [scope(), scope("127.9.0.0/16", excluded=scope("127.0.0.0/24").blocks)]),
            ("127.0.0.1", [scope(quiet_hours=((clock(9, 0), clock(11, 0)),))]),
            ("localhost", [scope("0.0.0.0/0")]),
            ("127.1", [scope("0.0.0.0/0")]),
        ],
    )
    async def test_not_one_socket_outside_scope(self, address: str, scopes: list[Scope]) -> None:
        refused: list[tuple[str, int, str]] = []
        through = gateway(
            *(scopes or [scope("192.0.2.0/24")]),
            now=NOW,
            on_refusal=lambda *place: refused.append(place),
        )
        with watched() as opened:
            assert await _all_ways(through, address) == [Reason.OUT_OF_SCOPE] * 3
        assert opened == []
        assert [place[:2] for place in refused] == [(address, 443)] * 3
        assert all(why for _address, _port, why in refused)
        assert sum(traffic.refused_by_scope for traffic in through.traffic()) == 3
        assert sum(traffic.connections + traffic.datagrams for traffic in through.traffic()) == 0

    async def test_the_watch_itself_sees_sockets_inside_scope(self) -> None:
        with watched() as opened:
            await gateway().port_state("127.0.0.1", free_port(), HERE)
        assert any(event.startswith("socket.connect") for event in opened)

    async def test_a_scope_that_ends_while_waiting_sends_nothing_more(self) -> None:
        moment = [NOW]
        through = Gateway([scope(rate_per_second=5)], lambda: moment[0])
        port = free_port()
        await through.port_state("127.0.0.1", port, HERE)
        second = asyncio.create_task(through.port_state("127.0.0.1", port, HERE))
        await asyncio.sleep(0.05)
        moment[0] = NOW + dt.timedelta(days=2)
        with pytest.raises(GatewayError) as caught:
            await second
        assert caught.value.failed.reason is Reason.OUT_OF_SCOPE
        assert through.traffic()[0].connections == 1

    @pytest.mark.parametrize(
        ("utc", "quiet"),
        [
            ((13, 59), False),  # 21:59 in Shanghai
            ((14, 0), True),
            ((16, 30), True),  # after midnight
            ((21, 59), True),
            ((22, 0), False),  # 06:00
        ],
    )
    def test_quiet_hours_are_shanghai_time(self, utc: tuple[int, int], quiet: bool) -> None:
        night = scope(quiet_hours=((clock(22, 0), clock(6, 0)),))
        through = Gateway([night], lambda: NOW.replace(hour=utc[0], minute=utc[1]))
        if quiet:
            with pytest.raises(GatewayError):
                through.permit("127.0.0.1", 1)
        else:
            assert through.permit("127.0.0.1", 1) is night

    async def test_an_address_that_cannot_be_translated_is_out_of_scope(self) -> None:
        def translate(address: str, port: int) -> tuple[str, int]:
            raise ValueError("no such place on loopback")

        with watched() as opened:
            through = gateway(translate=translate)
            assert await _all_ways(through, "127.0.0.1") == [Reason.OUT_OF_SCOPE] * 3
        assert opened == []

    async def test_a_port_that_cannot_be_is_a_reason_not_a_crash(self) -> None:
        for port in (0, -1, 65536):
            assert await _all_ways(gateway(), "127.0.0.1", port) == [Reason.UNREACHABLE] * 3


class TestStop:
    async def test_everything_that_waits_ends_within_a_second(self) -> None:
        through = gateway(
            scope("127.0.0.1/32", "127.0.0.2/32", valid_from=NOW - dt.timedelta(3650)),
            scope("127.0.0.3/32", id="slow", rate_per_second=1),
            now=NOW,
        )

        async def read() -> None:
            async with through.connect("127.0.0.2", server.port, HERE) as stream:
                await stream.receive(1, 30)

        with hostile.unanswered_port() as mute:
            async with hostile.serve(_never, "127.0.0.2") as server:
                waits = [
                    *(through.port_state("127.0.0.1", mute, HERE, 30) for _ in range(20)),
                    *(_connect(through, "127.0.0.1", mute) for _ in range(3)),
                    *(through.port_state("127.0.0.3", 9, HERE, 30) for _ in range(5)),
                    *(read() for _ in range(4)),
                    through.stopping(),
                ]
                tasks = [asyncio.ensure_future(wait) for wait in waits]
                await asyncio.sleep(0.2)
                before = time.monotonic()
                through.stop()
                ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 1)
        assert time.monotonic() - before < 0.5
        assert ended.pop() is None
        assert ended[23] == "closed", "the one that had the first token"
        assert {type(end) for at, end in enumerate(ended) if at != 23} == {Stopped}

    async def test_probes_end_too(self) -> None:
        with hostile.unanswered_port() as mute:
            async with hostile.silent() as server:
                for probe, port in (
                    (NetPort(), mute),
                    (NetService(), server.port),
                    (TlsHandshake(), server.port),
                ):
                    through = gateway()
                    asyncio.get_running_loop().call_later(0.1, through.stop)
                    before = time.monotonic()
                    with pytest.raises(Stopped):
                        await results(probe, target(port), through)
                    assert time.monotonic() - before < 0.5

    async def test_after_the_stop_no_socket_opens(self) -> None:
        through = gateway()
        through.stop()
        with watched() as opened:
            with pytest.raises(Stopped):
                await through.port_state("127.0.0.1", 9, HERE)
            with pytest.raises(Stopped):
                await _connect(through, "127.0.0.1", 9)
        assert opened == []

    async def test_stop_from_another_thread(self) -> None:
        through = gateway()
        async with hostile.silent() as server, through.connect("127.0.0.1", server.port, HERE) as s:
            threading.Timer(0.1, through.stop).start()
            before = time.monotonic()
            with pytest.raises(Stopped):
                await s.receive(1, 20)
            assert time.monotonic() - before < 1

    async def test_a_timeout_of_the_caller_and_a_cancel_stay_what_they_are(self) -> None:
        through = gateway()
        with hostile.unanswered_port() as mute:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await through.port_state("127.0.0.1", mute, HERE, 5)
            task = asyncio.create_task(through.port_state("127.0.0.1", mute, HERE, 5))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await through.port_state("127.0.0.1", mute, HERE, 0.05) == "no_answer"


async def _never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


class TestPace:
    def test_bucket_keeps_the_rate_for_waiters_that_come_at_once(self) -> None:
        bucket = Bucket(10)
        delays = [bucket.delay(100.0) for _ in range(11)]
        assert delays == pytest.approx([i / 10 for i in range(11)])
        assert bucket.delay(101.0) == pytest.approx(0.1)

    def test_bucket_bursts_a_tenth_after_a_rest(self) -> None:
        bucket = Bucket(100)
        bucket.delay(1.0)
        assert sum(bucket.delay(60.0) == 0 for _ in range(50)) == 10

    async def test_a_hundred_waiters_on_many_hosts_keep_the_rate(self) -> None:
        through = gateway(scope(rate_per_second=100), now=NOW)
        start = time.monotonic()
        tries = (through.port_state(f"127.0.1.{i}", 9, HERE) for i in range(1, 61))
        await asyncio.gather(*tries)
        assert 0.45 < time.monotonic() - start < 1.5

    async def test_at_most_two_connections_to_one_host_at_once(self) -> None:
        most = now = 0

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal most, now
            now += 1
            most = max(most, now)
            writer.write(b"x")
            await asyncio.sleep(0.02)
            now -= 1

        through = gateway()
        async with hostile.serve(talk) as server:

            async def one() -> None:
                async with through.connect("127.0.0.1", server.port, HERE) as stream:
                    await stream.receive(1)
                    await asyncio.sleep(0.03)

            await asyncio.gather(*(one() for _ in range(8)))
        assert most == 2


class TestStream:
    async def test_bytes_are_capped(self) -> None:
        through = gateway()
        async with (
            hostile.garbage() as server,
            through.connect("127.0.0.1", server.port, HERE, max_bytes=100_000) as stream,
        ):
            read = 0
            with pytest.raises(GatewayError) as caught:
                while True:
                    read += len(await stream.receive(8192))
        assert caught.value.failed.reason is Reason.PROTOCOL
        assert read <= 100_000
        assert through.traffic()[0].bytes_read <= 108_192

    async def test_total_time_is_capped_however_busy_the_peer(self) -> None:
        through = gateway()
        async with (
            hostile.drip(every=0.05) as server,
            through.connect("127.0.0.1", server.port, HERE, deadline=0.3) as stream,
        ):
            start = time.monotonic()
            with pytest.raises(GatewayError) as caught:
                while True:
                    await stream.receive(100)
        assert caught.value.failed.reason is Reason.TIMEOUT
        assert time.monotonic() - start < 0.5

    async def test_reset_refusal_and_silence_are_told_apart(self) -> None:
        through = gateway()
        async with (
            hostile.reset(1) as server,
            through.connect("127.0.0.1", server.port, HERE) as stream,
        ):
            await stream.send(b"x")
            with pytest.raises(GatewayError) as caught:
                await stream.receive(1)
            assert caught.value.failed.reason is Reason.PROTOCOL
        with pytest.raises(GatewayError) as caught:
            await _connect(through, "127.0.0.1", free_port())
        assert caught.value.failed.reason is Reason.REFUSED
        with hostile.unanswered_port() as mute, pytest.raises(GatewayError) as caught:
            async with through.connect("127.0.0.1", mute, HERE, 0.1):
                pass
        assert caught.value.failed.reason is Reason.TIMEOUT


class TestAddresses:
    async def test_ipv6(self) -> None:
        port = free_port("::1")
        through = gateway()
        assert await through.port_state("::1", port, HERE) == "closed"
        async with hostile.serve(_never, "::1") as server:
            assert await through.port_state("::1", server.port, HERE) == "open"
            async with through.connect("0:0:0:0:0:0:0:1", server.port, HERE) as stream:
                await stream.send(b"x")
        assert [traffic.address for traffic in through.traffic()] == ["::1"]
        assert through.traffic()[0].connections == 3

    async def test_paper_addresses_are_translated_and_the_vantage_is_the_source(self) -> None:
        peers: list[str] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peers.append(writer.get_extra_info("peername")[0])

        def translate(address: str, port: int) -> tuple[str, int]:
            return address.replace("192.0.2.", "127.2.0."), port

        through = gateway(scope("192.0.2.0/24"), now=NOW, translate=translate)
        office = Vantage("z6", source="192.0.2.170")
        async with hostile.serve(talk, "127.2.0.10") as server:
            assert await through.port_state("192.0.2.10", server.port, office) == "open"
            async with through.connect("192.0.2.10", server.port, office) as stream:
                assert await stream.receive(1) == b""
        assert peers == ["127.2.0.170"] * 2
        assert [traffic.address for traffic in through.traffic()] == ["192.0.2.10"]

    async def test_a_vantage_that_is_not_on_this_machine_is_lost_not_closed(self) -> None:
        abroad = Vantage("abroad", source="192.0.2.170")
        with pytest.raises(GatewayError) as caught:
            await gateway().port_state("127.0.0.1", free_port(), abroad)
        assert caught.value.failed.reason is Reason.LOST
        assert caught.value.failed.detail.startswith("本机无法发出连接")

    async def test_heard_is_a_vantage_of_its_own(self) -> None:
        through = gateway()
        assert not through.heard_within(HERE, 60)
        await through.port_state("127.0.0.1", free_port(), HERE)
        assert through.heard_within(HERE, 60)
        assert not through.heard_within(Vantage("there"), 60)
