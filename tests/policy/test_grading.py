"""The two matrices cell by cell, what counts of several objects, and what the content may not be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec import content, marked_yaml
from tlsec.marked_yaml import Faulty
from tlsec.policy import grading
from tlsec.policy.grading import DEGREES, OBJECTS, Form, Gradings

# GB/T 22240-2020 table 1, and what is told of the template of 2025; rows as in OBJECTS
CELLS = {
    "gbt22240-2020": {"nation": (3, 4, 5), "public": (2, 3, 4), "citizens": (1, 2, 2)},
    "mps-2025-template": {"nation": (4, 5, 5), "public": (2, 3, 4), "citizens": (1, 2, 2)},
}


@pytest.fixture(scope="module")
def gradings() -> Gradings:
    return grading.load(content.policies())


def half(*harms: tuple[str, str]) -> dict[str, object]:
    return {"harms": [{"object": object_, "degree": degree} for object_, degree in harms]}


def form(s: list[tuple[str, str]], a: list[tuple[str, str]]) -> Form:
    return Form.model_validate({"s": half(*s), "a": half(*a)})


@pytest.mark.parametrize("matrix", CELLS)
@pytest.mark.parametrize("object_", OBJECTS)
def test_every_cell(gradings: Gradings, matrix: str, object_: str) -> None:
    for degree, level in zip(DEGREES, CELLS[matrix][object_], strict=True):
        answers = form([(object_, degree)], [("citizens", "general")])
        graded = grading.grade(gradings.matrices[matrix], answers)
        assert (graded.s, graded.a, graded.g) == (level, 1, level)
        assert graded.grade == f"S{level}A1G{level}"
        assert graded.outside is (level == 5)


def test_the_cell_that_is_often_wrong(gradings: Gradings) -> None:
    """A draft of 2018 had 3; the published standard has 2."""
    assert all(m.level("citizens", "grave") == 2 for m in gradings.matrices.values())


def test_what_is_not_sure_says_so(gradings: Gradings) -> None:
    answers = form([("nation", "general")], [("public", "general")])
    assert grading.grade(gradings.matrices["gbt22240-2020"], answers).verify == ()
    template = grading.grade(gradings.matrices["mps-2025-template"], answers)
    assert any("待核" in note for note in template.verify)
    assert gradings.matrices["mps-2025-template"].date == "2025-03-08"


harm_lists = st.lists(
    st.tuples(st.sampled_from(OBJECTS), st.sampled_from(DEGREES)),
    min_size=1,
    max_size=3,
    unique_by=lambda pair: pair[0],
)


@given(harm_lists, harm_lists, st.sampled_from(sorted(CELLS)))
def test_the_highest_counts(s: list[tuple[str, str]], a: list[tuple[str, str]], id: str) -> None:
    found = grading.load(content.policies())
    graded = grading.grade(found.matrices[id], form(s, a))
    expected = {
        part: max(CELLS[id][object_][DEGREES.index(degree)] for object_, degree in harms)
        for part, harms in (("s", s), ("a", a))
    }
    assert (graded.s, graded.a) == (expected["s"], expected["a"])
    assert grading.legal(graded.s, graded.a, graded.g)
    assert len(graded.steps) == len(s) + len(a)
    for step in graded.steps:
        assert step.counts is (step.level == expected[step.part])
        assert step.level == CELLS[id][step.object][DEGREES.index(step.degree)]


def test_legal_combinations() -> None:
    legal = [
        f"S{s}A{a}G{g}"
        for g in range(1, 5)
        for s in range(6)
        for a in range(6)
        if grading.legal(s, a, g)
    ]
    assert [sum(each.endswith(f"G{g}") for each in legal) for g in range(1, 5)] == [1, 3, 5, 7]
    assert "S3A2G3" in legal and "S2A2G3" not in legal and "S0A1G1" not in legal


def test_where_the_matrices_differ_is_a_question(gradings: Gradings) -> None:
    one, other = gradings.matrices["gbt22240-2020"], gradings.matrices["mps-2025-template"]
    answers = form([("nation", "general")], [("public", "general")])
    assert grading.differs(grading.grade(one, answers), grading.grade(other, answers)) == ["s"]
    same = form([("public", "grave")], [("citizens", "grave")])
    assert grading.differs(grading.grade(one, same), grading.grade(other, same)) == []


def test_a_form_names_its_faults_with_places(gradings: Gradings) -> None:
    text = """\
s:
  harms:
    - {object: public, degree: serious, consequences: [social, fame]}
    - {object: public, degree: general}
a:
  harms: []
"""
    with pytest.raises(Faulty) as caught:
        grading.read_form(marked_yaml.load(text, "f.yaml"), gradings.questionnaire)
    said = str(caught.value)
    assert "f.yaml:3:" in said and "同一客体只能写一次" in said
    assert "f.yaml:6:10" in said and "至少要有 1 项" in said
    good = text.replace("- {object: public, degree: general}", "").replace(
        "harms: []", "harms: [{object: citizens, degree: general}]"
    )
    with pytest.raises(Faulty, match=r"f\.yaml:3:.*没有后果 fame，可用：function"):
        grading.read_form(marked_yaml.load(good, "f.yaml"), gradings.questionnaire)


def test_a_workspace_adds_a_matrix_and_replaces_none(tmp_path: Path) -> None:
    shipped = content.policies()[0] / "grading" / "gbt22240-2020.yaml"
    own = tmp_path / "grading" / "local.yaml"
    own.parent.mkdir()
    own.write_text(shipped.read_text().replace("matrix: gbt22240-2020", "matrix: local"))
    assert "local" in grading.load([*content.policies(), tmp_path]).matrices
    own.write_text(shipped.read_text())
    with pytest.raises(Faulty, match="已存在，不能替换"):
        grading.load([*content.policies(), tmp_path])
    own.write_text(
        shipped.read_text()
        .replace("matrix: gbt22240-2020", "matrix: local")
        .replace("{general: 3, serious: 4, grave: 5}", "{general: 3, serious: 2, grave: 5}")
    )
    with pytest.raises(Faulty, match=r"local\.yaml:\d+:\d+: .*不随侵害程度加重而降低"):
        grading.load([*content.policies(), tmp_path])
