"""The zone matrix for real: a classic BPF filter on each listening socket drops forbidden SYNs.

The filter (SO_ATTACH_FILTER, needs no privilege on a stock kernel) reads the IPv4 source address of every packet that
reaches the listener. A forbidden source gets no answer at all, as behind a firewall that drops.
A port where nothing listens still refuses everybody: no socket, no filter.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from tlsec.i18n import _
from tlsec.range.city import ANY, INTERNET, City
from tlsec.range.mapping import translate, translate_block
from tlsec.range.state import RangeError

OWN_BROWSER = IPv4Network("127.0.0.0/24")  # a person at this machine may open everything

_SO_ATTACH_FILTER = getattr(socket, "SO_ATTACH_FILTER", 26)
_SO_DETACH_FILTER = getattr(socket, "SO_DETACH_FILTER", 27)
# linux/filter.h, linux/bpf_common.h
_LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_SOURCE_ADDRESS = 0xFFF00000 + 12  # SKF_NET_OFF: the IPv4 header; +12: its source address
_WHOLE_PACKET = 0x40000


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may open one port, in loopback blocks: `never`, then `accept`, then `refuse`, then `otherwise`."""

    accept: tuple[IPv4Network, ...]
    refuse: tuple[IPv4Network, ...] = ()
    otherwise: bool = False
    never: tuple[IPv4Network, ...] = ()  # their line is cut

    def allows(self, source: str) -> bool:
        """What the filter does to a SYN from this loopback address."""
        ip = IPv4Address(source)
        if any(ip in block for block in self.never):
            return False
        if any(ip in block for block in self.accept):
            return True
        return self.otherwise and not any(ip in block for block in self.refuse)


OPEN = Rule((), otherwise=True)


def rule_for(city: City, address: str, port: int) -> Rule:
    """The rule the zone matrix gives one port (1-65535) of a paper address. Pure."""
    never = tuple(IPv4Network(translate(each, 0)[0]) for each in city.cut)
    return replace(_by_matrix(city, address, port), never=never)


def _by_matrix(city: City, address: str, port: int) -> Rule:
    scanner, _port = translate(city.scanner, 0)
    accept = [OWN_BROWSER, IPv4Network(scanner)]
    internet = False
    ip = IPv4Address(address)
    home = city.zone_of(address)
    if home is not None:
        accept += map(translate_block, home.blocks)
    for flow in city.flows:
        if flow.ports and port not in flow.ports:
            continue
        if flow.target != ANY and not any(ip in block for block in city.blocks(flow.target)):
            continue
        if flow.source == ANY:
            return OPEN
        accept += map(translate_block, city.blocks(flow.source))
        internet = internet or flow.source == INTERNET
    if not internet:
        return Rule(tuple(dict.fromkeys(accept)))
    inside = (block for zone in city.zones if zone.id != INTERNET for block in zone.blocks)
    return Rule(tuple(dict.fromkeys(accept)), tuple(map(translate_block, inside)), otherwise=True)


def program(rule: Rule) -> bytes:
    """The rule as classic BPF: 8 bytes an instruction, four instructions a block."""
    code: list[tuple[int, int, int, int]] = []
    for blocks, verdict in (
        (rule.never, 0),
        (rule.accept, _WHOLE_PACKET),
        (rule.refuse, 0),
    ):
        for block in blocks:
            code += [
                (_LOAD_WORD, 0, 0, _SOURCE_ADDRESS),
                (_AND, 0, 0, int(block.netmask)),
                (_JUMP_IF_EQUAL, 0, 1, int(block.network_address)),
                (_RETURN, 0, 0, verdict),
            ]
    code.append((_RETURN, 0, 0, _WHOLE_PACKET if rule.otherwise else 0))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def attach(sock: socket.socket, rule: Rule) -> None:
    """Put the rule on a socket, replacing the one it has; works while it listens.

    Raises RangeError where the kernel keeps this to root.
    """
    if rule == OPEN:
        detach(sock)
        return
    text = program(rule)
    buffer = ctypes.create_string_buffer(text, len(text))
    # struct sock_fprog {unsigned short len; struct sock_filter *filter}, native alignment
    fprog = struct.pack("HP", len(text) // 8, ctypes.addressof(buffer))
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, fprog)
    except PermissionError as error:  # Linux asks no privilege for this, some hardened kernels do
        raise RangeError(
            _("本机内核不许普通用户给套接字设过滤规则，靶场立不起防火墙；请用 root 运行靶场")
        ) from error


def detach(sock: socket.socket) -> None:
    """Let everybody in."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
    except FileNotFoundError:  # it had none
        return
