"""Resolver: answers for the city's domain over UDP and TCP, each with its own records."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

from tlsec.range.city import City, Service
from tlsec.range.ground import Ground, Stop, serve_streams

TTL = 300
_UDP_LIMIT = 512  # RFC 1035 §4.2.1, for a client that announces no more


@dataclass(frozen=True, slots=True)
class Zone:
    """The records of one resolver: host name → addresses, all below `domain`."""

    domain: str
    a: Mapping[str, str]
    aaaa: Mapping[str, str]
    servers: tuple[str, ...]

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """One question answered: data, NOERROR without data, NXDOMAIN, or REFUSED elsewhere."""
        response = dns.message.make_response(query, recursion_available=False)
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            response.set_rcode(dns.rcode.NOTIMP)
            return response
        question = query.question[0]
        name = question.name.canonicalize()
        apex = dns.name.from_text(self.domain)
        if not name.is_subdomain(apex):
            response.set_rcode(dns.rcode.REFUSED)
            return response
        response.flags |= dns.flags.AA
        text = name.to_text(omit_final_dot=True)
        values = self._values(text, question.rdtype)
        if values:
            kind = dns.rdatatype.to_text(question.rdtype)
            response.answer.append(dns.rrset.from_text(question.name, TTL, "IN", kind, *values))
            return response
        if name != apex and text not in self.a:
            response.set_rcode(dns.rcode.NXDOMAIN)
        response.authority.append(dns.rrset.from_text(apex, TTL, "IN", "SOA", self._soa()))
        return response

    def _values(self, name: str, kind: dns.rdatatype.RdataType) -> list[str]:
        apex = name == self.domain
        if kind == dns.rdatatype.A:
            return [self.a[name]] if name in self.a else []
        if kind == dns.rdatatype.AAAA:
            return [self.aaaa[name]] if name in self.aaaa else []
        if kind == dns.rdatatype.NS and apex:
            return [f"{server}." for server in self.servers]
        if kind == dns.rdatatype.SOA and apex:
            return [self._soa()]
        return []

    def _soa(self) -> str:
        return f"{self.servers[0]}. hostmaster.{self.domain}. 2026112001 3600 600 604800 {TTL}"


def zone_for(city: City, service: Service) -> Zone:
    """What a resolver of the city says, with the service's own differing records."""
    named = [host for host in city.hosts if host.name]
    a = {city.full_name(host): host.address for host in named}
    if f"www.{city.domain}" in a:
        a[city.domain] = a[f"www.{city.domain}"]
    a |= {f"{name}.{city.domain}": address for name, address in service.records.items()}
    aaaa = {
        city.full_name(host): str(ipaddress.IPv6Address(host.address6))
        for host in named
        if host.address6
    }
    resolvers = [h for h in named if any(each.kind == "dns" for each in h.services)]
    return Zone(city.domain, a, aaaa, tuple(city.full_name(host) for host in resolvers))


def _respond(zone: Zone, wire: bytes, limit: int | None) -> bytes | None:
    """The answer to one message, cut for UDP with the TC flag; None for what is no question."""
    try:
        query = dns.message.from_wire(wire)
        if query.flags & dns.flags.QR:
            return None
    except (dns.exception.DNSException, ValueError):
        return _format_error(wire)
    response = zone.answer(query)
    if limit is None:
        return response.to_wire()
    room = max(limit, query.payload if query.edns >= 0 else 0)
    try:
        return response.to_wire(max_size=room)
    except dns.exception.TooBig:
        short = dns.message.make_response(query)
        short.flags |= dns.flags.TC
        return short.to_wire()


def _format_error(wire: bytes) -> bytes | None:
    """FORMERR with the question's id (RFC 1035 §4.1.1); nothing for a scrap or an answer."""
    if len(wire) < 12 or wire[2] & 0x80:
        return None
    return wire[:2] + bytes([0x80, dns.rcode.FORMERR]) + bytes(8)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone, ground: Ground) -> None:
        self._zone, self._ground = zone, ground

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self._ground.count()
        answer = _respond(self._zone, data, _UDP_LIMIT)
        if answer is not None:
            self._transport.sendto(answer, addr)


async def start_udp(sock: socket.socket, ground: Ground) -> Stop:
    """Answer datagrams on a bound UDP socket."""
    zone = zone_for(ground.city, ground.service)
    transport, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(zone, ground), sock=sock
    )

    async def stop() -> None:
        transport.close()

    return stop


async def start(sock: socket.socket, ground: Ground) -> Stop:
    """Answer over TCP: messages with a two-byte length before each (RFC 7766 §8)."""
    zone = zone_for(ground.city, ground.service)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            size = int.from_bytes(await reader.readexactly(2))
            answer = _respond(zone, await reader.readexactly(size), None)
            if answer is None:
                return
            writer.write(len(answer).to_bytes(2) + answer)
            await writer.drain()

    return await serve_streams(sock, ground, talk)
