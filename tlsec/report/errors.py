"""What can go wrong when a paper is made; each message is a sentence for a person."""

from __future__ import annotations


class PaperError(Exception):
    """A paper could not be made. The message says why and what to do."""


class MissingPart(PaperError):
    """Something that has to be installed first: a Python package, a font."""


class Uncovered(PaperError):
    """The fonts at hand lack characters of the text. `characters` names them in order of use."""

    def __init__(self, message: str, characters: tuple[str, ...]) -> None:
        self.characters = characters
        super().__init__(message)
