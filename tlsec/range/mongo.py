"""A document database that answers strangers: hello, buildInfo and the list of its databases.

Wire format: MongoDB wire protocol, OP_MSG (2013) and the older OP_QUERY (2004); BSON 1.1.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from datetime import UTC, datetime
from typing import TypeAlias

from tlsec.range.ground import Ground, Stop, serve_streams

Value: TypeAlias = "str | bool | int | float | datetime | dict[str, Value] | list[Value]"

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_LARGEST = 48_000_000
_VERSION = "6.0.14"


def bson(document: dict[str, Value]) -> bytes:
    """A document as BSON; whole numbers become int32, or int64 when they do not fit."""
    body = b"".join(_element(name, value) for name, value in document.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _element(name: str, value: Value) -> bytes:
    kind, data = _typed(value)
    return kind + name.encode() + b"\0" + data


def _typed(value: Value) -> tuple[bytes, bytes]:
    match value:
        case bool():
            return b"\x08", bytes([value])
        case int():
            if -(2**31) <= value < 2**31:
                return b"\x10", struct.pack("<i", value)
            return b"\x12", struct.pack("<q", value)
        case float():
            return b"\x01", struct.pack("<d", value)
        case str():
            text = value.encode() + b"\0"
            return b"\x02", struct.pack("<i", len(text)) + text
        case datetime():
            return b"\x09", struct.pack("<q", int(value.timestamp() * 1000))
        case dict():
            return b"\x03", bson(value)
        case list():
            return b"\x04", bson({str(i): each for i, each in enumerate(value)})


def first_key(document: bytes) -> str:
    """The name of a command is the first key of its document. "" for what is no document."""
    end = document.find(b"\0", 5)
    if len(document) < 6 or end < 0:
        return ""
    return document[5:end].decode("utf-8", "replace")


def _answer(command: str) -> dict[str, Value]:
    match command.lower():
        case "hello" | "ismaster":
            return {
                "ismaster": True,
                "isWritablePrimary": True,
                "maxBsonObjectSize": 16 * 2**20,
                "maxMessageSizeBytes": _LARGEST,
                "maxWriteBatchSize": 100_000,
                "localTime": datetime.now(UTC),
                "minWireVersion": 0,
                "maxWireVersion": 17,
                "readOnly": False,
                "ok": 1.0,
            }
        case "buildinfo":
            return {"version": _VERSION, "gitVersion": "0" * 40, "bits": 64, "ok": 1.0}
        case "listdatabases":
            return {
                "databases": [{"name": "health", "sizeOnDisk": 73728, "empty": False}],
                "totalSize": 73728,
                "ok": 1.0,
            }
        case "ping":
            return {"ok": 1.0}
    return {"ok": 0.0, "errmsg": f"no such command: '{command}'", "code": 59}


def _reply(request_id: int, opcode: int, body: bytes) -> bytes | None:
    """The whole answer to one message; None for what is no known message."""
    if opcode == _OP_MSG and body[4:5] == b"\0":
        answer = b"\0\0\0\0\0" + bson(_answer(first_key(body[5:])))
        reply_code = _OP_MSG
    elif opcode == _OP_QUERY and (end := body.find(b"\0", 4)) > 0:
        document = bson(_answer(first_key(body[end + 9 :])))
        answer = struct.pack("<iqii", 8, 0, 0, 1) + document
        reply_code = _OP_REPLY
    else:
        return None
    return struct.pack("<iiii", 16 + len(answer), request_id + 1, request_id, reply_code) + answer


async def start(sock: socket.socket, ground: Ground) -> Stop:
    """Serve without asking for a password, which is the trouble."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            size, request_id, _to, opcode = struct.unpack("<iIii", await reader.readexactly(16))
            if not 16 <= size <= 65536:
                return
            reply = _reply(request_id & 0x3FFF_FFFF, opcode, await reader.readexactly(size - 16))
            if reply is None:
                return
            writer.write(reply)
            await writer.drain()

    return await serve_streams(sock, ground, talk)
