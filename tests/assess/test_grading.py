"""Versions of a grade, dated facts, what they say of the inventory; the commands on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tlsec import content
from tlsec.policy import duties
from tlsec.policy import grading as rules
from tlsec.policy.grading import Form

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # noon in Asia/Shanghai
TODAY = date(2026, 11, 24)


@pytest.fixture
def city(tables: Path, tmp_path: Path) -> Iterator[Any]:
    """The sample city in the register; a system by its id."""
    from tlsec.inventory.importer import import_register
    from tlsec.inventory.models import System
    from tlsec.inventory.sample import write

    write(tmp_path / "city", TODAY)
    import_register(tmp_path / "city" / "inventory")
    yield lambda id: System.objects.get(id=id)


def form(s: str = "serious", a: str = "serious", **more: str) -> Form:
    return Form.model_validate(
        {
            "s": {"harms": [{"object": more.get("object", "public"), "degree": s}]},
            "a": {"harms": [{"object": "public", "degree": a}]},
        }
    )


def record(system: Any, answers: Form, reason: str = "", now: datetime = NOW) -> Any:
    from tlsec.assess import grading

    matrix = rules.load(content.policies()).matrices[rules.DEFAULT]
    return grading.record(system, answers, rules.grade(matrix, answers), reason, "周若川", now)


def test_versions_with_reasons(city: Any) -> None:
    from tlsec.assess import grading
    from tlsec.register import journal
    from tlsec.register.models import Journal

    first = record(city("S05"), form("serious", "general"))
    assert (first.new, first.row.version, first.row.grade) == (True, 1, "S3A2G3")
    assert first.row.before == "S3A2G3"
    again = record(city("S05"), form("serious", "general"), "没有变")
    assert (again.new, again.row.pk) == (False, first.row.pk)
    with pytest.raises(grading.ReasonNeeded, match="第 1 版定级 S3A2G3"):
        record(city("S05"), form())
    second = record(city("S05"), form(), "服务范围扩大到全省")
    assert (second.row.version, second.row.grade) == (2, "S3A3G3")
    assert [row.version for row in grading.history("S05")] == [1, 2]
    assert grading.latest("S05") == second.row
    said = Journal.objects.filter(command="assess.grade").order_by("seq")
    assert [(row.object, row.reason) for row in said] == [
        ("S05", "首次填写"),
        ("S05", "服务范围扩大到全省"),
    ]
    assert list(journal.verify()) == []
    assert city("S05").grade == "S3A2G3"  # the inventory is not edited


def test_what_differs_from_the_inventory_is_told_with_what_to_do(city: Any) -> None:
    from tlsec.assess import grading

    assert grading.differences(city("S05"), "S3A2G3", 3) == []
    (said,) = grading.differences(city("S05"), "S3A3G3", 3)
    assert "台账里 一人一档一企一档 是 S3A2G3，问卷得出 S3A3G3" in said
    assert "systems.yaml 中 S05 的 grade 改为 S3A3G3" in said and "inventory import" in said
    ungraded = city("S05")
    ungraded.grade = None
    (said,) = grading.differences(ungraded, "S3A3G3", 3)
    assert "grade: S3A3G3" in said


def test_a_platform_is_not_below_what_it_carries(city: Any) -> None:
    from tlsec.assess import grading

    (said,) = grading.platform_remarks(city("S02"), 4)
    assert said.startswith("云平台 政务云管理平台（第3级）低于它承载的 政务服务网（第4级）")
    assert len(grading.platform_remarks(city("S23"), 2)) == 9  # tenants at level 3
    assert grading.platform_remarks(city("S23"), 3) == []


def test_personal_data_below_level_three_is_asked_about(city: Any) -> None:
    from tlsec.assess import grading

    gradings = rules.load(content.policies())
    (said,) = grading.floor_remarks(city("S17"), 2, gradings)
    assert "不低于第三级" in said
    assert grading.floor_remarks(city("S17"), 3, gradings) == []
    assert grading.floor_remarks(city("S18"), 2, gradings) == []


def test_two_matrices_a_question(city: Any) -> None:
    from tlsec.assess import grading

    gradings = rules.load(content.policies())
    answers = form("general", object="nation")
    (said,) = grading.matrix_question(
        answers, rules.grade(gradings.matrices[rules.DEFAULT], answers), gradings
    )
    assert "按 mps-2025-template 为 S4A3G4" in said and "是否重新定级" in said


def test_dates_are_recorded_once_and_judged(city: Any) -> None:
    from tlsec.assess import milestones
    from tlsec.assess.milestones import Entry, Refused
    from tlsec.assess.models import Milestone
    from tlsec.register.models import Journal

    ladder = duties.load(content.policies())
    entry = Entry("certificate", date(2025, 3, 20), number="34010000001-25001")
    first = milestones.record(city("S02"), entry, ladder, "周若川", NOW)
    assert milestones.record(city("S02"), entry, ladder, "吴景和", NOW) == first
    assert Milestone.objects.count() == Journal.objects.filter(command="assess.dates").count() == 1
    for wrong, said in (
        (Entry("filled", TODAY), "没有 filled 这种记录"),
        (Entry("filed", TODAY + timedelta(days=1)), "还没有到"),
        (Entry("certificate", TODAY, date(2026, 1, 1)), "应晚于"),
    ):
        with pytest.raises(Refused, match=said):
            milestones.record(city("S02"), wrong, ladder, "周若川", NOW)
    (found,) = milestones.duties_of([city("S02")], ladder, TODAY)
    states = {each.duty.id: each for each in found.states}
    assert states["certificate"].due == date(2028, 3, 20)
    assert [duties.STATES.index(s.state) for s in found.states] == sorted(
        duties.STATES.index(s.state) for s in found.states
    )


def test_only_a_grade_that_the_inventory_took_over_starts_a_clock(city: Any) -> None:
    from tlsec.assess import milestones
    from tlsec.inventory.models import System

    def graded() -> list[date]:
        facts = milestones.facts_of([city("S05")])["S05"]
        return [fact.on for fact in facts if fact.kind == "graded"]

    record(city("S05"), form("serious", "general"))
    assert graded() == []  # writes down what is filed already
    record(city("S05"), form(), "范围扩大", NOW + timedelta(days=1))
    assert graded() == []  # a proposal so far
    System.objects.filter(id="S05").update(grade="S3A3G3", grade_a=3)
    assert graded() == [TODAY + timedelta(days=1)]
    System.objects.filter(id="S06").update(filing="")
    record(city("S06"), form())
    facts = milestones.facts_of([city("S06")])["S06"]
    assert [fact.on for fact in facts] == [TODAY]  # a new system's first grade


# --- commands ---


@dataclass(frozen=True)
class Office:
    """Commands in this process, on the session's workspace."""

    root: Path
    folder: Path  # for files to hand in

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        from tlsec import cli

        command = ["--workspace", str(self.root), "--as", "周若川", *arguments]
        done = CliRunner().invoke(cli._build(), command, input=typed, env={"COLUMNS": "200"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def office(city: Any, django: Path, tmp_path: Path) -> Office:
    return Office(django, tmp_path)


def test_bad_input_is_a_sentence_and_two(office: Office) -> None:
    bad = office.folder / "bad.yaml"
    bad.write_text("s: {harms: [{object: state, degree: grave}]}\n")
    for arguments, said in (
        (["grade"], "要给哪个系统定级"),
        (["grade", "S99"], "不在终端里"),
        (["grade", "S99", "--show"], "台账里没有系统 S99"),
        (["grade", "S02", "--s-object", "public"], "成对给出"),
        (["grade", "S02", "--form", "none.yaml"], "没有文件 none.yaml"),
        (["grade", "S02", "--form", str(bad)], "bad.yaml:1:22: s.harms.0.object: 只能是"),
        (["grade", "S02", "--form", str(bad), "--show"], "只能用一种"),
        (["grade", "S02", "--form", str(bad), "--matrix", "x"], "没有定级矩阵 x"),
        (["dates", "S02", "--add", "filed"], "要写全"),
        (["dates", "--add", "filed", "--on", "2026-01-01"], "要写全"),
        (["dates", "S02", "--add", "filed", "--on", "2026-02-30"], "2026-02-30 不是日期"),
        (["dates", "S02", "--add", "filed", "--on", "2126-02-03"], "还没有到"),
        (["dates", "S02", "--number", "1"], "只与 --add 一起用"),
    ):
        done = office.run("assess", *arguments)
        assert (done.exit_code, done.stdout) == (2, ""), arguments
        assert said in done.stderr, (arguments, done.stderr)


def test_grade_by_form_and_see_what_is_due(office: Office) -> None:
    template = office.run("assess", "grade", "--form-template").stdout
    assert "#   citizens" in template and 'object: ""' in template
    filled = template.replace('object: ""', "object: public").replace(
        'degree: ""', "degree: serious"
    )
    file = office.folder / "form.yaml"
    file.write_text(filled, encoding="utf-8")
    given = ("--form", str(file))
    tried = office.json("assess", "grade", "S01", *given, "--dry-run")
    assert (tried["version"], tried["grade"]) == (None, "S3A3G3")
    made = office.json("assess", "grade", "市政府门户", *given)
    assert (made["system"], made["version"], made["new"], made["g"]) == ("S01", 1, True, 3)
    assert "应由人决定是否重新定级" in made["remarks"][0]
    assert office.json("assess", "grade", "S01", *given)["new"] is False
    (version,) = office.json("assess", "grade", "S01", "--show")["versions"]
    assert (version["grade"], version["matrix"]) == ("S3A3G3", "gbt22240-2020")
    own = office.run("assess", "grade", "S01", "--form-template").stdout
    assert 'object: "public"' in own
    office.json("assess", "dates", "S01", "--add", "filed", "--on", "2024-03-01")
    found = office.json("assess", "dates")["systems"]
    assert len(found) == 33
    due = {each["duty"]: each for each in found[0]["duties"]}
    assert (due["evaluation"]["state"], due["evaluation"]["due"]) == ("overdue", "2025-03-01")
    assert due["evaluation"]["basis"]
    table = office.run("assess", "dates")
    assert table.exit_code == 0 and "逾期" in table.stdout and "未知" in table.stdout


def test_level_five_is_said_plainly(office: Office) -> None:
    done = office.run(
        "assess", "grade", "S10", "--dry-run", "--s-object", "nation", "--s-degree", "grave",
        "--a-object", "public", "--a-degree", "general",
    )  # fmt: skip
    assert done.exit_code == 0
    assert "第五级：GB/T 22239-2019 的条款目录只到第四级" in done.stderr


def test_asked_in_a_terminal(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Description, then an object at a time: degree, consequences, why; at last a confirmation."""
    from tlsec.assess.models import Grading

    answers = [
        "办件信息", "0", "?", "2", "1 5", "影响面大", "0",
        "网上办事", "0", "1", "9", "2", "", "0", "y",
    ]  # fmt: skip
    monkeypatch.setattr("tlsec.cli.assess.grade._terminal", lambda: True)
    done = office.run("assess", "grade", "S04", typed="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.stderr
    assert "S3A2G3" in done.stdout and "已存 好差评系统 第 1 版定级" in done.stdout
    assert "机关履职的秩序" in done.stdout  # help on demand
    kept = Grading.objects.get(system="S04").form
    assert kept["s"]["description"] == "办件信息"
    assert kept["s"]["harms"] == [
        {"object": "public", "degree": "serious", "consequences": ["function", "social"], "why": "影响面大"}
    ]  # fmt: skip
    assert kept["a"]["harms"][0]["consequences"] == ["capacity"]


def test_papers_of_a_system(office: Office) -> None:
    none = office.run("report", "grading", "--system", "S33")
    assert none.exit_code == 2 and "先运行 tlsec assess grade S33" in none.stderr
    assert office.run("report", "filing").exit_code == 2
    wrong = office.run("report", "filing", "--system", "S33", "--edition", "1999")
    assert wrong.exit_code == 2 and "没有 1999 年表式" in wrong.stderr
    made = office.json("report", "filing", "--system", "S33")["papers"]
    assert Path(made[0]).suffix == ".docx"
    assert any(path.endswith(".xlsx") for path in made)
