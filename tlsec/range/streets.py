"""Opens, replaces and closes the city's sockets, so that they always match the city as it stands."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tlsec.i18n import _
from tlsec.range import dns, exchange, firewall, greeting, led, mongo, site, ssh, web
from tlsec.range.ca import Authority
from tlsec.range.city import City, Host, Service
from tlsec.range.ground import Ground, Stop, Tally
from tlsec.range.mapping import translate
from tlsec.range.state import AddressTaken, RangeError

Proto: TypeAlias = Literal["tcp", "udp"]
Start: TypeAlias = Callable[[socket.socket, Ground], Awaitable[Stop]]

STARTS: Mapping[str, Start] = {
    "site": site.start,
    "redirect": web.start_redirect,
    "led": led.start,
    "exchange": exchange.start,
    "ssh": ssh.start,
    "dns": dns.start,
    "mongodb": mongo.start,
    **dict.fromkeys(greeting.TALKS, greeting.start),
}


@dataclass
class _Stand:
    """One bound socket and the server on it. The server holds a duplicate of the socket, so that
    it can be replaced without a moment in which visitors are refused."""

    sock: socket.socket
    rule: firewall.Rule
    meaning: object  # what the server was started from; another meaning needs another server
    stop: Stop


class Streets:
    """All sockets of the range."""

    def __init__(self, authority: Authority, port_shift: int) -> None:
        self.tally = Tally()
        self._authority = authority
        self._port_shift = port_shift
        self._stands: dict[tuple[str, int, Proto], _Stand] = {}

    def __len__(self) -> int:
        return len(self._stands)

    async def match(self, city: City) -> None:
        """Make the sockets match the city. AddressTaken when one cannot be had; then some of the
        others may already be open, and `close` closes them."""
        wanted: dict[tuple[str, int, Proto], Ground] = {}
        for host in city.hosts:
            for service in host.services:
                ground = self._ground(city, host, service)
                wanted[host.address, service.port, "tcp"] = ground
                if service.kind == "dns":
                    wanted[host.address, service.port, "udp"] = ground
        for key in self._stands.keys() - wanted.keys():
            await self._close(self._stands.pop(key))
        for key, ground in wanted.items():
            await self._stand(key, ground)

    async def close(self) -> None:
        """Close everything."""
        while self._stands:
            _key, stand = self._stands.popitem()
            await self._close(stand)

    def _ground(self, city: City, host: Host, service: Service) -> Ground:
        return Ground(city, host, service, self._authority, self.tally, self._port_shift)

    async def _stand(self, key: tuple[str, int, Proto], ground: Ground) -> None:
        address, port, proto = key
        rule = firewall.rule_for(ground.city, address, port)
        meaning = _meaning(ground)
        start = dns.start_udp if proto == "udp" else STARTS[ground.service.kind]
        stand = self._stands.get(key)
        if stand is None:
            sock = _bind(*translate(address, port, self._port_shift), proto)
            try:
                firewall.attach(sock, rule)
                if proto == "tcp":
                    sock.listen(128)
                stop = await start(sock.dup(), ground)
            except BaseException:
                sock.close()
                raise
            self._stands[key] = _Stand(sock, rule, meaning, stop)
            return
        if stand.rule != rule:
            firewall.attach(stand.sock, rule)
            stand.rule = rule
        if stand.meaning != meaning:
            await stand.stop()
            stand.stop = await start(stand.sock.dup(), ground)
            stand.meaning = meaning

    async def _close(self, stand: _Stand) -> None:
        stand.sock.close()
        with contextlib.suppress(OSError, TimeoutError):
            await stand.stop()


def _meaning(ground: Ground) -> object:
    if ground.service.kind == "dns":
        return dns.zone_for(ground.city, ground.service)
    return (ground.host.name, ground.service, ground.city.news)


def _bind(address: str, port: int, proto: Proto) -> socket.socket:
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    sock = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK)
    try:
        if proto == "tcp":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
    except OSError as error:
        sock.close()
        place = f"{address}:{port}"
        if error.errno == errno.EADDRINUSE:
            raise AddressTaken(_("{place} 已被占用").format(place=place)) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            why = _("没有权限使用 {place}，请换一个端口偏移")
        else:
            why = _("无法使用 {place}（本机没有这个回环地址）")
        raise RangeError(why.format(place=place)) from error
    return sock
