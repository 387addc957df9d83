"""A capture file made by hand: one TCP conversation over IPv4 with a request and an answer."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address
from pathlib import Path

_SYN, _SYN_ACK, _ACK, _PUSH, _FIN = 0x02, 0x12, 0x10, 0x18, 0x11


def write(path: Path, client: str, server: str, port: int, request: bytes, answer: bytes) -> None:
    """A pcap of the whole conversation, handshake and end included."""
    sides = ((client, 51514), (server, port))
    numbers = [1000, 2000]
    packets = []

    def say(side: int, flags: int, data: bytes = b"") -> None:
        source, target = sides[side], sides[1 - side]
        packets.append(_packet(source, target, numbers[side], numbers[1 - side], flags, data))
        numbers[side] += len(data) + bool(flags & 0x03)

    say(0, _SYN)
    say(1, _SYN_ACK)
    say(0, _ACK)
    say(0, _PUSH, request)
    say(1, _ACK)
    say(1, _PUSH, answer)
    say(0, _ACK)
    say(0, _FIN)
    say(1, _FIN)
    say(0, _ACK)
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    records = (
        struct.pack("<IIII", 1795492800, n * 1000, len(data), len(data)) + data
        for n, data in enumerate(packets)
    )
    path.write_bytes(head + b"".join(records))


def _packet(
    source: tuple[str, int],
    target: tuple[str, int],
    number: int,
    acked: int,
    flags: int,
    data: bytes,
) -> bytes:
    ends = IPv4Address(source[0]).packed + IPv4Address(target[0]).packed
    acked = acked if flags != _SYN else 0
    tcp = struct.pack(">HHIIBBHHH", source[1], target[1], number, acked, 5 << 4, flags, 64240, 0, 0)
    pseudo = ends + struct.pack(">BBH", 0, 6, len(tcp) + len(data))
    tcp = tcp[:16] + struct.pack(">H", _checksum(pseudo + tcp + data)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(data), 1, 0x4000, 64, 6, 0) + ends
    ip = ip[:10] + struct.pack(">H", _checksum(ip)) + ip[12:]
    ethernet = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0"
    return ethernet + ip + tcp + data


def _checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
