"""Small servers that are known by their greeting or by their answer to a first line.

Each speaks just enough of its protocol to be recognised and holds no data.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Mapping

from tlsec.range.ground import Ground, Stop, Talk, serve_streams

_LINES = 200  # lines one conversation may have


async def _redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RESP: PING, INFO and an error for all else, without asking who is there."""
    info = "# Server\r\nredis_version:7.2.4\r\nredis_mode:standalone\r\nos:Linux\r\n"
    for _line in range(_LINES):
        words = await _redis_command(reader)
        command = words[0].upper() if words else b""
        if command == b"PING":
            writer.write(b"+PONG\r\n")
        elif command == b"INFO":
            writer.write(f"${len(info)}\r\n{info}\r\n".encode())
        elif command == b"QUIT":
            writer.write(b"+OK\r\n")
            return
        else:
            writer.write(b"-ERR unknown command\r\n")
        await writer.drain()


async def _redis_command(reader: asyncio.StreamReader) -> list[bytes]:
    """An inline command or an array of bulk strings."""
    line = await reader.readuntil(b"\n")
    if not line.startswith(b"*"):
        return line.split()
    words = []
    for _word in range(min(_number(line), 16)):
        size = _number(await reader.readuntil(b"\n"))
        words.append((await reader.readexactly(min(size, 4096) + 2))[:-2])
    return words


def _number(line: bytes) -> int:
    digits = line[1:].strip()
    return int(digits) if digits.isdigit() and len(digits) < 6 else 0


async def _memcached(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Text protocol: version, stats, ERROR."""
    for _line in range(_LINES):
        command = (await reader.readuntil(b"\n")).strip().lower()
        if command == b"version":
            writer.write(b"VERSION 1.6.24\r\n")
        elif command == b"stats":
            writer.write(b"STAT version 1.6.24\r\nSTAT curr_items 0\r\nEND\r\n")
        elif command == b"quit":
            return
        else:
            writer.write(b"ERROR\r\n")
        await writer.drain()


async def _mysql(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Protocol::HandshakeV10, then access denied (1045) to whoever answers it."""
    capabilities = 0xDFFF_F7FF  # of a usual server; CLIENT_SSL (0x800) is not offered
    plugin = b"caching_sha2_password"
    nonce = secrets.token_bytes(20).replace(b"\0", b"\1")
    greeting = b"".join(
        [
            b"\x0a8.0.36\0",
            (4711).to_bytes(4, "little"),
            nonce[:8] + b"\0",
            (capabilities & 0xFFFF).to_bytes(2, "little"),
            b"\xff" + (2).to_bytes(2, "little"),
            (capabilities >> 16).to_bytes(2, "little"),
            bytes([21]) + bytes(10) + nonce[8:] + b"\0",
            plugin + b"\0",
        ]
    )
    writer.write(_mysql_packet(0, greeting))
    await writer.drain()
    head = await reader.readexactly(4)
    await reader.readexactly(min(int.from_bytes(head[:3], "little"), 65536))
    denied = b"\xff" + (1045).to_bytes(2, "little") + b"#28000Access denied"
    writer.write(_mysql_packet(head[3] + 1 & 0xFF, denied))


def _mysql_packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


async def _rdp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """X.224 connection confirm (ITU-T X.224 §13.4) to a connection request, as remote desktops do."""
    head = await reader.readexactly(4)  # TPKT, RFC 1006 §6
    size = int.from_bytes(head[2:4])
    if head[0] != 3 or not 7 <= size <= 1024:
        return
    request = await reader.readexactly(size - 4)
    if request[1] & 0xF0 != 0xE0:
        return
    # an RDP_NEG_REQ (type 1, 8 bytes) at the end is answered with network level authentication
    negotiation = b"\x02\x1f\x08\0\x02\0\0\0" if request[-8:-7] == b"\x01" else b""
    confirm = b"\xd0" + request[4:6] + b"\x12\x34\0" + negotiation
    body = bytes([len(confirm)]) + confirm
    writer.write(b"\x03\0" + (len(body) + 4).to_bytes(2) + body)
    await writer.drain()
    await reader.read(4096)


async def _telnet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Option negotiation (RFC 854), a login prompt, and nobody gets in."""
    writer.write(b"\xff\xfd\x18\xff\xfb\x01\xff\xfb\x03\r\nlanze-switch login: ")
    for _attempt in range(3):
        await reader.readuntil(b"\n")
        writer.write(b"Password: ")
        await reader.readuntil(b"\n")
        writer.write(b"\r\nLogin incorrect\r\nlanze-switch login: ")


async def _backup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A backup node's own line protocol, which nobody outside the city knows."""
    writer.write(b"LANZE-BACKUP-NODE 3 READY\r\n")
    for _line in range(_LINES):
        await writer.drain()
        await reader.readuntil(b"\n")
        writer.write(b"LANZE-BACKUP-NODE 3 NO SUCH ORDER\r\n")


async def _proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A forward proxy that wants a password first: 407 (RFC 9110 §15.5.8), and never forwards."""
    await reader.readuntil(b"\r\n\r\n")
    page = b"<html><head><title>407</title></head><body>Proxy authentication required</body></html>"
    writer.write(
        b"HTTP/1.1 407 Proxy Authentication Required\r\n"
        b"Via: 1.1 qinghe-exit\r\n"
        b'Proxy-Authenticate: Basic realm="qinghe-exit"\r\n'
        b"Content-Type: text/html\r\n"
        b"Content-Length: " + str(len(page)).encode() + b"\r\n"
        b"Connection: close\r\n\r\n" + page
    )


TALKS: Mapping[str, Talk] = {
    "redis": _redis,
    "memcached": _memcached,
    "mysql": _mysql,
    "rdp": _rdp,
    "telnet": _telnet,
    "backup": _backup,
    "proxy": _proxy,
}


async def start(sock: socket.socket, ground: Ground) -> Stop:
    """Serve the greeting that the service's kind names."""
    return await serve_streams(sock, ground, TALKS[ground.service.kind])
