"""What the rooms below ask of a period without knowing it: filled in when the program starts."""

from __future__ import annotations


def connect() -> None:
    """Called once by Django when all rooms are loaded.

    The register asks who is on duty and how bad a change during a freeze is; the scanner asks which changes
    were approved.
    """
    from tlsec.period import freezing, roster
    from tlsec.register import people, raising
    from tlsec.scan import waivers

    people.use(roster.source)
    raising.use(freezing.raised)
    waivers.also(freezing.waivers)
