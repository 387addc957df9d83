"""dns.records against real dnsmasq processes and resolvers that lie, stammer or keep silent."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rrset
import pytest

from tests.peers import Peer, free_port, need, start
from tests.probe import hostile
from tests.probe.kit import NOW, facts, failure, gateway, results, scope, target
from tlsec.facts import Reason, Target
from tlsec.probe.dns_records import Answer, Dns, DnsRecords, split_resolver
from tlsec.probe.gateway import Stopped

NAME = "shidu.lanze.test"
QUICK = DnsRecords(wait=0.3)


def resolver(peer: Peer) -> str:
    return f"{peer.host}:{peer.port}"


@contextlib.contextmanager
def dnsmasq(folder: Path, *options: str, host: str = "127.0.0.1") -> Iterator[Peer]:
    """dnsmasq that knows only what the options say."""
    port = free_port(host)
    fixed = [
        "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
        "--user=", "--group=", "--pid-file=", "--log-facility=-", f"--listen-address={host}", f"--port={port}",
    ]  # fmt: skip
    with start([need("dnsmasq"), *fixed, *options], folder, port, host) as peer:
        yield peer


def asked(*resolvers: str, name: str = NAME) -> Target:
    return target(host=name, resolvers=tuple(resolvers))


async def ask(*resolvers: str, name: str = NAME, probe: DnsRecords = QUICK) -> Dns:
    found = await facts(probe, asked(*resolvers, name=name))
    assert isinstance(found.dns, Dns)
    return found.dns


@pytest.mark.peer
async def test_two_resolvers_that_disagree(tmp_path: Path) -> None:
    with (
        dnsmasq(
            tmp_path, "--local=/lanze.test/", f"--address=/{NAME}/203.0.113.23", host="127.2.0.180"
        ) as main,
        dnsmasq(
            tmp_path, "--local=/lanze.test/", f"--address=/{NAME}/203.0.113.99", host="127.2.0.181"
        ) as spare,
    ):
        found = await ask(resolver(main), resolver(spare))
        same = await ask(resolver(main), resolver(main))
    assert [(a.status, a.a, a.aaaa, a.cname) for a in found.answers] == [
        ("ok", ["203.0.113.23"], [], ""),
        ("ok", ["203.0.113.99"], [], ""),
    ]
    assert (found.answered, found.agreed) == (2, False)
    assert found.addresses == ["203.0.113.23", "203.0.113.99"]
    assert (same.agreed, same.addresses) == (True, ["203.0.113.23"])


@pytest.mark.peer
async def test_every_kind_of_record(tmp_path: Path) -> None:
    options = (
        "--host-record=edge.lanze.test,203.0.113.10,2001:db8::10", "--cname=www.lanze.test,edge.lanze.test",
        "--local=/lanze.test/",
    )  # fmt: skip
    with dnsmasq(tmp_path, *options) as peer:
        found = await ask(resolver(peer), name="WWW.lanze.test.")
        gone = await ask(resolver(peer), name="nothing.lanze.test")
        refused = await ask(resolver(peer), name="www.elsewhere.test")
    (answer,) = found.answers
    assert (found.name, found.agreed) == ("www.lanze.test", None)
    assert (answer.a, answer.aaaa, answer.cname) == (
        ["203.0.113.10"], ["2001:db8::10"], "edge.lanze.test",
    )  # fmt: skip
    assert (gone.answers[0].status, gone.answered, gone.addresses) == ("nxdomain", 1, [])
    assert (refused.answers[0].status, refused.answered, refused.addresses) == ("refused", 0, None)


@pytest.mark.peer
async def test_a_name_with_one_kind_of_address(tmp_path: Path) -> None:
    """dnsmasq says NXDOMAIN for the kind it does not know, though the name is there."""
    options = ("--local=/lanze.test/", "--address=/six.lanze.test/2001:db8::6")
    with dnsmasq(tmp_path, *options) as peer:
        (answer,) = (await ask(resolver(peer), name="six.lanze.test")).answers
    assert (answer.status, answer.a, answer.aaaa) == ("ok", [], ["2001:db8::6"])


@pytest.mark.peer
async def test_ipv6_resolver(tmp_path: Path) -> None:
    with dnsmasq(
        tmp_path, "--local=/lanze.test/", f"--address=/{NAME}/203.0.113.23", host="::1"
    ) as peer:
        found = await ask(f"[::1]:{peer.port}")
    assert found.addresses == ["203.0.113.23"]


@contextlib.asynccontextmanager
async def udp(talk: Callable[[bytes], bytes | None], port: int = 0) -> AsyncIterator[str]:
    """A resolver that answers a datagram with what `talk` makes of it; yields "address:port"."""

    class Talker(asyncio.DatagramProtocol):
        transport: asyncio.DatagramTransport

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            # the selector loop's own class is none of this kind before Python 3.12
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            if (said := talk(data)) is not None:
                self.transport.sendto(said, addr)

    loop = asyncio.get_running_loop()
    transport, _protocol = await loop.create_datagram_endpoint(Talker, ("127.0.0.1", port))
    try:
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()


def says(
    address: str = "203.0.113.23", *, cut: bool = False, ns: int = 0
) -> Callable[[bytes], bytes]:
    """Answers A with the address and NS with that many name servers."""

    def talk(wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        message = dns.message.make_response(query)
        (question,) = query.question
        if cut:
            message.flags |= dns.flags.TC
        elif question.rdtype == dns.rdatatype.A:
            message.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", address))
        elif question.rdtype == dns.rdatatype.NS and ns:
            names = [f"ns{n}.lanze.test." for n in range(ns)]
            message.answer.append(dns.rrset.from_text(question.name, 60, "IN", "NS", *names))
        return message.to_wire(max_size=65535)

    return talk


async def test_name_servers() -> None:
    async with udp(says(ns=2)) as there:
        found = await ask(there)
    assert found.answers == [
        Answer(there, "ok", ["203.0.113.23"], [], "", ["ns0.lanze.test", "ns1.lanze.test"])
    ]


async def test_name_servers_that_are_not_told_are_not_none() -> None:
    def talk(wire: bytes) -> bytes | None:
        kind = dns.message.from_wire(wire).question[0].rdtype
        return None if kind == dns.rdatatype.NS else says()(wire)

    async with udp(talk) as there:
        (answer,) = (await ask(there)).answers
    assert (answer.status, answer.ns) == ("ok", None)


def over_tcp(talk: Callable[[bytes], bytes]) -> hostile.Server:
    async def hold(reader: hostile.Reader, writer: hostile.Writer) -> None:
        wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        said = talk(wire)
        writer.write(len(said).to_bytes(2, "big") + said)
        await writer.drain()
        await reader.read(1)

    return hostile.serve(hold)


async def test_a_cut_answer_is_asked_for_again_by_tcp() -> None:
    async with over_tcp(says(ns=200)) as stream, udp(says(cut=True), stream.port) as there:
        (answer,) = (await ask(there)).answers
    assert (answer.a, len(answer.ns or [])) == (["203.0.113.23"], 200)
    assert stream.connections == 3


async def test_cut_and_no_tcp_is_no_empty_answer() -> None:
    async with udp(says(cut=True)) as there:
        failed = await failure(QUICK, asked(there))
    assert failed.reason is Reason.REFUSED


async def test_tcp_that_stays_silent_is_bounded() -> None:
    async with hostile.silent() as stream, udp(says(cut=True), stream.port) as there:
        began = time.monotonic()
        failed = await failure(QUICK, asked(there))
    assert failed.reason is Reason.TIMEOUT
    assert time.monotonic() - began < 5


def with_id(change: Callable[[int], int]) -> Callable[[bytes], bytes]:
    def talk(wire: bytes) -> bytes:
        number = change(int.from_bytes(wire[:2], "big")) & 0xFFFF
        return number.to_bytes(2, "big") + says()(wire)[2:]

    return talk


def pointing_at_itself(wire: bytes) -> bytes:
    return (
        wire[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + b"\xc0\x0c\x00\x01\x00\x01\xc0\x0c"
    )


def in_circles(wire: bytes) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(wire))
    for here, there in ((NAME, "b.test"), ("b.test", NAME)):
        message.answer.append(dns.rrset.from_text(here + ".", 60, "IN", "CNAME", there + "."))
    return message.to_wire()


@pytest.mark.parametrize(
    "talk",
    [
        with_id(lambda number: number + 1),
        lambda wire: says()(wire)[:20],
        lambda wire: says()(wire)[:-3],
        lambda wire: wire[:1],
        lambda wire: b"\xff" * 4000,
        lambda wire: wire,
        lambda wire: says()(wire.replace(b"\x05shidu", b"\x05other")),
        pointing_at_itself,
        in_circles,
    ],
    ids=[
        "id",
        "scrap",
        "cut",
        "byte",
        "noise",
        "echo",
        "other-question",
        "pointer-loop",
        "cname-loop",
    ],
)
async def test_nonsense_is_malformed_and_counts_as_no_answer(
    talk: Callable[[bytes], bytes],
) -> None:
    async with udp(talk) as there, udp(says()) as good:
        began = time.monotonic()
        found = await ask(there, good)
        alone = await ask(there)
    assert time.monotonic() - began < 5
    assert [a.status for a in found.answers] == ["malformed", "ok"]
    assert (found.answers[0].a, found.answered, found.agreed) == ([], 1, None)
    assert (alone.answered, alone.addresses) == (0, None)


async def test_ids_cannot_be_foretold() -> None:
    seen: list[int] = []

    def talk(wire: bytes) -> bytes:
        seen.append(int.from_bytes(wire[:2], "big"))
        return says()(wire)

    async with udp(talk) as there:
        for _round in range(20):
            await ask(there)
    assert len(set(seen)) > 50
    assert len({b - a for a, b in pairwise(seen)}) > 40


async def test_silence_is_a_timeout_and_asked_twice() -> None:
    heard: list[bytes] = []

    async with udp(lambda wire: heard.append(wire)) as there:
        failed = await failure(QUICK, asked(there))
        assert (failed.reason, len(heard)) == (Reason.TIMEOUT, 2)
        async with udp(says()) as good:
            found = await ask(good, there)
    assert [a.status for a in found.answers] == ["ok", "timeout"]
    assert (found.answered, found.agreed) == (1, None)
    assert found.addresses == ["203.0.113.23"]


async def test_nobody_there() -> None:
    failed = await failure(QUICK, asked(f"127.0.0.1:{free_port()}"))
    assert failed.reason is Reason.REFUSED


async def test_a_resolver_out_of_scope_is_not_asked() -> None:
    heard: list[bytes] = []

    async with udp(lambda wire: heard.append(wire)) as there:
        through = gateway(scope("127.9.0.0/16"), now=NOW)
        failed = await failure(QUICK, asked(there), through)
    assert (failed.reason, heard) == (Reason.OUT_OF_SCOPE, [])
    assert [(t.datagrams, t.refused_by_scope) for t in through.traffic()] == [(0, 1)]


@pytest.mark.parametrize("name", ["", "a..test", "x" * 64 + ".test", "203.0.113.1", "2001:db8::1"])
async def test_what_is_no_name_is_not_asked(name: str) -> None:
    failed = await failure(QUICK, asked("127.0.0.1:1", name=name))
    assert failed.reason is Reason.PROTOCOL


async def test_no_resolver_is_no_answer() -> None:
    assert (await failure(QUICK, asked())).reason is Reason.UNREACHABLE


async def test_locator_is_name_and_vantage() -> None:
    async with udp(says()) as there:
        (result,) = await results(QUICK, asked(there))
    assert result.locator == {"name": NAME, "vantage": "here"}


async def test_the_stop_switch_ends_it_at_once() -> None:
    async with udp(lambda wire: None) as there:
        through = gateway()
        asyncio.get_running_loop().call_later(0.1, through.stop)
        began = time.monotonic()
        with pytest.raises(Stopped):
            await results(DnsRecords(wait=30), asked(there, there), through)
    assert time.monotonic() - began < 5


def test_resolver_addresses() -> None:
    assert [
        split_resolver(text)
        for text in ("192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]", "[::1]:5353", "1.2.3.4:x")
    ] == [
        ("192.0.2.1", 53), ("192.0.2.1", 5353), ("2001:db8::1", 53), ("2001:db8::1", 53),
        ("::1", 5353), ("1.2.3.4", 0),
    ]  # fmt: skip
