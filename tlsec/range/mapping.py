"""Paper addresses (RFC 5737 documentation ranges) to loopback and back. Pure.

    203.0.113.h  ↔ 127.113.0.h
    198.51.100.h ↔ 127.100.0.h
    192.0.2.h    ↔ 127.2.0.h

Anything else raises ValueError: the practice range never stands for a real address. The IPv6
documentation prefix 2001:db8::/32 (RFC 3849) has no loopback twin and is refused as well.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Network

from tlsec.i18n import _

# first three octets on paper → first three octets on loopback
_TWINS = {"203.0.113": "127.113.0", "198.51.100": "127.100.0", "192.0.2": "127.2.0"}
_PAPER = {loopback: paper for paper, loopback in _TWINS.items()}

PAPER_BLOCKS = tuple(ipaddress.IPv4Network(f"{prefix}.0/24") for prefix in _TWINS)


def _swap(address: str, table: dict[str, str], problem: str) -> str:
    try:
        prefix, _dot, last = str(ipaddress.IPv4Address(address)).rpartition(".")
        return f"{table[prefix]}.{last}"
    except (ipaddress.AddressValueError, KeyError):
        raise ValueError(problem.format(address=address)) from None


def translate(address: str, port: int, port_shift: int = 0) -> tuple[str, int]:
    """What to dial for a paper address and port. Port 0 (any, for a source) is not shifted.

    Raises ValueError outside the three documentation ranges.
    """
    loopback = _swap(address, _TWINS, _("{address} 不在靶场的文档地址段内"))
    return loopback, port + port_shift if port else 0


def paper(loopback: str) -> str:
    """The paper address behind a loopback address. Raises ValueError when there is none."""
    return _swap(loopback, _PAPER, _("{address} 不是靶场的回环地址"))


def translate_block(block: IPv4Network) -> IPv4Network:
    """A paper block as its loopback twin, same prefix length (at least /24)."""
    if block.prefixlen < 24:
        raise ValueError(_("{address} 不在靶场的文档地址段内").format(address=block))
    network, _port = translate(str(block.network_address), 0)
    return IPv4Network(f"{network}/{block.prefixlen}")
