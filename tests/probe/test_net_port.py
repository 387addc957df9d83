"""net.port on real sockets: open, closed, silent, and when silence may not be believed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.peers import free_port
from tests.probe import hostile
from tests.probe.kit import HERE, gateway, numbers, results, target
from tlsec.facts import Done, Failed, Reason
from tlsec.probe import net_port
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway
from tlsec.probe.net_port import NetPort, PortFacts


def states(found: list[Result]) -> list[object]:
    return [
        result.attempt.facts.port.state
        if isinstance(result.attempt, Done)
        else result.attempt.reason
        for result in found
    ]


def sent_to(address: str, through: Gateway) -> int:
    return sum(t.connections for t in through.traffic() if t.address == address)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_port, "TRY_SECONDS", (0.05, 0.1, 0.1))


@pytest.fixture
def mute() -> Iterator[int]:
    with hostile.unanswered_port() as port:
        yield port


async def test_open_and_closed_in_the_order_of_ports() -> None:
    async with hostile.silent() as one, hostile.silent() as two:
        closed = free_port()
        ports = (two.port, closed, one.port)
        found = await results(NetPort(), target(ports=ports))
    assert numbers(found) == sorted(ports)
    assert dict(zip(numbers(found), states(found), strict=True)) == {
        one.port: "open",
        two.port: "open",
        closed: "closed",
    }
    assert found[0].locator == {
        "address": "127.0.0.1",
        "port": min(ports),
        "proto": "tcp",
        "vantage": "here",
    }
    first = found[0].attempt
    assert isinstance(first, Done)
    assert isinstance(first.facts, PortFacts)
    assert first.facts.port.number == min(ports)


async def test_one_port_of_its_own() -> None:
    assert states(await results(NetPort(), target(free_port()))) == ["closed"]


async def test_silence_takes_three_tries(mute: int) -> None:
    through = gateway()
    await through.port_state("127.0.0.2", free_port(), HERE)  # somebody answers this vantage
    start = time.monotonic()
    assert states(await results(NetPort(), target(mute), through)) == ["silent"]
    assert 2.3 < time.monotonic() - start < 12
    assert sent_to("127.0.0.1", through) == 3


@pytest.mark.usefixtures("impatient")
class TestSilence:
    async def test_is_not_believed_where_nobody_ever_answered(self, mute: int) -> None:
        (result,) = await results(NetPort(), target(mute))
        assert isinstance(result.attempt, Failed)
        assert result.attempt.reason is Reason.TIMEOUT

    async def test_is_believed_beside_a_port_that_answers(self, mute: int) -> None:
        closed = free_port()
        found = await results(NetPort(), target(ports=(mute, closed)))
        assert dict(zip(numbers(found), states(found), strict=True)) == {
            mute: "silent",
            closed: "closed",
        }

    async def test_is_believed_while_the_canary_sings(self, mute: int) -> None:
        through = gateway()
        async with hostile.silent("127.0.0.8") as canary:
            probe = NetPort(canary=("127.0.0.8", canary.port))
            assert states(await results(probe, target(mute), through)) == ["silent"]
        assert sent_to("127.0.0.8", through) == 2, "before and after"

    async def test_is_lost_when_the_canary_is_dead(self, mute: int) -> None:
        with hostile.unanswered_port("127.0.0.9") as dead:
            probe = NetPort(canary=("127.0.0.9", dead))
            closed = free_port()
            found = await results(probe, target(ports=(mute, closed)))
        assert dict(zip(numbers(found), states(found), strict=True)) == {
            mute: Reason.LOST,
            closed: "closed",
        }

    async def test_is_lost_when_the_canary_dies_meanwhile(self, mute: int) -> None:
        through = gateway()
        async with hostile.silent("127.0.0.8") as canary:
            port = canary.port
            probe = NetPort(canary=("127.0.0.8", port))
            assert states(await results(probe, target(free_port()), through)) == ["closed"]
        with hostile.unanswered_port("127.0.0.8", port):
            assert states(await results(probe, target(mute), through)) == [Reason.LOST]

    async def test_many_silent_hosts_do_not_wear_the_canary_out(self, mute: int) -> None:
        through = gateway()
        async with hostile.silent("127.0.0.8") as canary:
            probe = NetPort(canary=("127.0.0.8", canary.port))
            await asyncio.gather(*(results(probe, target(mute), through) for _ in range(20)))
        assert sent_to("127.0.0.8", through) < 20


async def test_outside_scope_every_port_says_so() -> None:
    found = await results(NetPort(), target(ports=(1, 2), address="192.0.2.1"))
    assert states(found) == [Reason.OUT_OF_SCOPE] * 2


async def test_500_hosts_by_16_ports_in_a_few_seconds() -> None:
    through = gateway()
    probe = NetPort()
    hosts = [f"127.7.{i // 250}.{i % 250 + 1}" for i in range(500)]
    ports = tuple(range(20001, 20017))
    async with hostile.serve(_bye, "127.7.0.1") as server:
        start = time.monotonic()
        found = await asyncio.gather(
            *(
                results(probe, target(address=h, ports=(*ports, server.port)), through)
                for h in hosts
            )
        )
        took = time.monotonic() - start
    flat = [state for one in found for state in states(one)]
    assert flat.count("open") == 1
    assert flat.count("closed") == 500 * 17 - 1
    assert took < 60, f"{500 * 17 / took:.0f} ports a second"


async def _bye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_large_ranges_come_in_batches() -> None:
    ports = tuple(range(30000, 30600))
    seen = 0
    async for result in NetPort().run(target(ports=ports), gateway()):
        assert int(result.locator["port"]) == ports[seen]
        seen += 1
    assert seen == 600
