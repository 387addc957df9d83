"""测评报告 in the form that the scheme of the report's date asks for."""

from __future__ import annotations

from tlsec.report.blocks import Document
from tlsec.report.papers import evaluation_2021, evaluation_2025
from tlsec.report.papers.assessment import Assessment


def build(data: Assessment) -> Document:
    """The paper in the edition of its scheme. Raises Inconsistent."""
    if data.scheme.edition == "2025":
        return evaluation_2025.build(data)
    return evaluation_2021.build(data)
