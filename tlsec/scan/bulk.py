"""Rows of a scan in bulk: the register's way of it."""

from tlsec.register.rows import CHUNK, insert

__all__ = ["CHUNK", "insert"]
