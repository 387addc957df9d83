"""What the rooms below ask of a period without knowing it: filled in when the program starts."""

from __future__ import annotations


def connect() -> None:
    """Called once by Django when all rooms are loaded."""
