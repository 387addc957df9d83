"""Evidence files of answers: the register's store, and the proof that every answer's files are untouched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tlsec.i18n import _
from tlsec.register import evidence
from tlsec.register.evidence import Kept, inside
from tlsec.register.refused import Refused

__all__ = ["Damage", "Kept", "Refused", "Store", "inside"]


@dataclass(frozen=True, slots=True)
class Damage:
    """A stored file that is not what was handed in. `answer`: row of the answer it belongs to."""

    sha256: str
    name: str
    answer: int
    what: Literal["missing", "altered"]

    def __str__(self) -> str:
        said = _("已丢失") if self.what == "missing" else _("已被改动")
        return _("证据“{name}”（{sha}）{said}，属于第 {answer} 号答复").format(
            name=self.name, sha=self.sha256[:12], said=said, answer=self.answer
        )


class Store(evidence.Store):
    """The folder that holds the files, asked about the answers."""

    def verify(self) -> Iterator[Damage]:
        """Every file of every answer that is missing or altered, each file read once."""
        from tlsec.assess.models import EvidenceFile

        state: dict[str, Literal["missing", "altered"] | None] = {}
        for row in EvidenceFile.objects.order_by("id").iterator(chunk_size=500):
            if row.sha256 not in state:
                state[row.sha256] = self.state(row.sha256)
            if what := state[row.sha256]:
                yield Damage(row.sha256, row.name, row.answer_id, what)
