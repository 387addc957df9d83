"""Messages out of a TCP or TLS stream of syslog: RFC 6587, both ways. Sans-I/O."""

from __future__ import annotations

import re

# a length is known by the priority behind it: other lines may begin with a number too
_LENGTH = re.compile(rb"([1-9]\d{0,8}) (?=<)")
_LENGTH_SO_FAR = re.compile(rb"[1-9]\d{0,8} ?")
_BETWEEN = b"\n\r\0"


class Frames:
    """Feed it bytes, take whole messages: octet-counted where a length stands first, else by line.

    Holds no more than one message of `most` bytes and what was fed last. Of a longer one the first
    `most` + 1 bytes are given out, so that its reader sees that it is too long, and the rest is skipped.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = bytearray()
        self._skip = 0  # bytes of a counted message that are not wanted
        self._cutting = False  # within the rest of a line that was too long

    def feed(self, data: bytes) -> list[bytes]:
        self._held += data
        found: list[bytes] = []
        while (message := self._next()) is not None:
            if message:
                found.append(message)
        return found

    def end(self) -> list[bytes]:
        """What was left when the stream ended: a last line without its newline, a message cut short."""
        rest = bytes(self._held).strip(_BETWEEN)
        wanted = rest and not self._cutting and not self._skip
        self._held.clear()
        return [rest] if wanted else []

    def _next(self) -> bytes | None:
        """The next message, b"" for one to pass over, None to wait for more."""
        if self._skip:
            gone = min(self._skip, len(self._held))
            del self._held[:gone]
            self._skip -= gone
            if self._skip:
                return None
        if not self._cutting:
            del self._held[: len(self._held) - len(self._held.lstrip(_BETWEEN))]
            if found := _LENGTH.match(self._held):
                return self._counted(int(found[1]), found.end())
            if _LENGTH_SO_FAR.fullmatch(self._held):
                return None
        return self._line()

    def _counted(self, size: int, start: int) -> bytes | None:
        wanted = min(size, self._most + 1)
        if len(self._held) < start + wanted:
            return None
        message = bytes(self._held[start : start + wanted])
        del self._held[: start + wanted]
        self._skip = size - wanted
        return message

    def _line(self) -> bytes | None:
        at = self._held.find(b"\n")
        if at < 0:
            at = self._held.find(b"\0")  # some end their messages with NUL
        if self._cutting:
            del self._held[: at + 1 if at >= 0 else len(self._held)]
            self._cutting = at < 0
            return None if self._cutting else b""
        if at < 0 and len(self._held) <= self._most:
            return None
        if 0 <= at <= self._most:
            line = bytes(self._held[:at])
            del self._held[: at + 1]
            return line.rstrip(b"\r")
        line = bytes(self._held[: self._most + 1])
        self._cutting = at < 0
        del self._held[: at + 1 if at >= 0 else len(self._held)]
        return line
