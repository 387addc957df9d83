"""A cursor over bytes that never reads past the end, and the one error of this room."""

from __future__ import annotations


class WireError(ValueError):
    """What came is not what the protocol allows."""


class Reader:
    """Reads big-endian fields from `data`; every short read is a WireError."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __len__(self) -> int:
        return len(self._data) - self._at

    def take(self, n: int) -> bytes:
        """The next `n` bytes."""
        end = self._at + n
        if n < 0 or end > len(self._data):
            raise WireError(f"{n} bytes wanted, {len(self)} there")
        data = self._data[self._at : end]
        self._at = end
        return data

    def uint(self, size: int) -> int:
        """An unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int, *, least: int = 0) -> Reader:
        """A vector with a length field of `size` bytes (RFC 8446 §3.4), holding `least` bytes or more."""
        data = self.take(self.uint(size))
        if len(data) < least:
            raise WireError(f"vector of {len(data)} bytes, at least {least} wanted")
        return Reader(data)

    def tlv(self) -> tuple[int, Reader]:
        """A DER or BER element with a one-byte tag and a definite length (X.690 §8.1)."""
        tag, length = self.uint(1), self.uint(1)
        if length == 0x80 or length > 0x84:
            raise WireError("indefinite or huge length")
        if length > 0x80:
            length = self.uint(length & 0x7F)
        return tag, Reader(self.take(length))

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(len(self))

    def end(self) -> None:
        """WireError unless everything was read."""
        if len(self):
            raise WireError(f"{len(self)} bytes too many")


def vector(data: bytes, size: int) -> bytes:
    """`data` with its length in front, in `size` bytes. The inverse of Reader.vector."""
    if len(data) >= 1 << (8 * size):
        raise WireError(f"{len(data)} bytes do not fit a length of {size} bytes")
    return len(data).to_bytes(size, "big") + data
