"""What may not be done, said to the user. One exception for the whole register and for assessments."""

from __future__ import annotations


class Refused(Exception):
    """What a table, a guard or a store does not allow; the sentences are for the user."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = list(sentences)
        super().__init__("\n".join(sentences))


class NeedsSecond(Refused):
    """Allowed, but only with the approval of another person (requests.py keeps it waiting)."""
