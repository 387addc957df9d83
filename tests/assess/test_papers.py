"""The papers of a kept conclusion: made in every format, equal to what was kept, and no more than it says."""

from __future__ import annotations

import json
import subprocess
import zipfile
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from trestle.oscal.assessment_results import AssessmentResults

from tests.assess.bench import CASES, ELSEWHERE, INTEGRITY, NOW, PORTS, SECRECY, Bench, question
from tests.report.hostile import COVERED
from tlsec import i18n
from tlsec.report import blocks, docx, typst
from tlsec.report.papers import consistency, evaluation, gap, oscal, rectification, self_check
from tlsec.report.papers.annex import annex
from tlsec.report.words import clean
from tlsec.workspace import Config, Workspace

if TYPE_CHECKING:
    from tlsec.assess.models import Conclusion
    from tlsec.report.papers.assessment import Assessment, Problem

HOUR = timedelta(hours=1)


def conclude(bench: Bench, scheme: str = "2025", days: float = 0) -> Conclusion:
    from tlsec.assess import conclude as module

    at = NOW + timedelta(days=days)
    used = bench.content.schemes[scheme]
    return module.conclude(bench.at(days), bench.content, used, at.date(), "丙", at)


def paper(bench: Bench, root: Path, days: float = 0, **other: Any) -> Assessment:
    from tlsec.assess import papers

    place = Workspace(root, Config(city="岚泽市", bureau="岚泽市数据局"))
    return papers.assessment(
        "S02", place, bench.policy, bench.content, NOW + timedelta(days=days), **other
    )


def problem(data: Assessment, line: str, object_: str) -> Problem:
    (found,) = [p for p in data.problems if (p.item, p.object) == (line, object_)]
    return found


def item(no: str, **other: Any) -> Any:
    """A row of the ledger about the first asset's TLS."""
    from tlsec.register.models import RiskItem

    values = {
        "state": "fixing", "check_id": "tls.versions", "title": "t", "subject": "A-S02-1",
        "unit": "甲局", "severity": "high", "description": "坏", "opened": NOW - HOUR,
        "due": NOW + timedelta(days=3), "measure": "换了配置",
    } | other  # fmt: skip
    return RiskItem.objects.create(no=no, **values)


@pytest.fixture
def whole(bench: Bench) -> Bench:
    """One of everything: a failure, a conflict, an answer partly met, an exclusion."""
    from tlsec.assess.models import Exclusion

    bench.more_assets(2)
    bench.verdict("tls.versions", "fail")
    bench.verdict("tls.versions", "pass", subject="A-S02-2", place=ELSEWHERE)
    bench.answer(SECRECY, "met", line=SECRECY, answer="yes")
    bench.answer(PORTS, "partly", answer="half", note="还差两台")
    bench.answer(f"{PORTS}.two", "met", answer="yes")
    Exclusion.objects.create(
        system="S02", line="ces.trust.verification", reason="没有可信根", decided_by="丙", by="甲",
        at=NOW - HOUR,
    )  # fmt: skip
    return bench


# --- what a paper says ---


@pytest.mark.parametrize("scheme", ["2019", "2021", "2025"])
def test_the_numbers_are_those_that_were_kept(whole: Bench, tmp_path: Path, scheme: str) -> None:
    row = conclude(whole, scheme)
    data = paper(whole, tmp_path)
    (number,) = data.scheme.numbers
    kept = row.result["number"]
    assert (number.value.low, number.value.high) == (kept["low"], kept["high"])
    assert float(Fraction(kept["exact"][0])) == pytest.approx(number.value.low, abs=0.01)
    assert data.scheme.coverage == row.result["coverage"]["percent"]
    assert data.totals.applicable == row.result["coverage"]["applicable"]
    assert {i.id: (i.state, i.low, i.high) for i in data.items} == {
        i["line"]: (i["state"], i["low"], i["high"]) for i in row.items
    }
    assert {p.id: p.state for p in data.points} == {
        id_: p["state"] for id_, p in row.result["points"].items()
    }
    assert data.digest == row.digest
    assert len(data.scheme.edges) == len(row.result["edges"])
    assert [e.touched for e in data.scheme.edges] == [e["touched"] for e in row.result["edges"]]
    assert len(data.scheme.conclusions) == len(row.result["conclusion"])
    assert not list(consistency.check(data))


def test_a_paper_keeps_to_its_conclusion_and_says_when_the_evidence_has_moved(
    whole: Bench, tmp_path: Path
) -> None:
    from tlsec.assess import papers

    row = conclude(whole)
    before = paper(whole, tmp_path)
    assert papers.outdated(row, whole.policy, whole.content, NOW + HOUR) == ""
    whole.verdict("tls.versions", "pass")
    assert paper(whole, tmp_path) == before
    told = papers.outdated(row, whole.policy, whole.content, NOW + HOUR)
    assert "2026-11-24" in told and "2 项" in told and "tlsec assess conclude S02" in told


def test_the_language_of_a_conclusion_is_no_change(whole: Bench) -> None:
    from tlsec.assess import papers

    row = conclude(whole)
    i18n.use("en")
    try:
        assert papers.outdated(row, whole.policy, whole.content, NOW + HOUR) == ""
    finally:
        i18n.use("zh")


def test_evidence_is_told_with_its_people_and_numbers(whole: Bench, tmp_path: Path) -> None:
    conclude(whole)
    data = paper(whole, tmp_path)
    found = {o.object: o for o in data.index[SECRECY].objects}
    bad = found["A-S02-1"]
    assert bad.conflict and bad.state == "not_met"
    assert (bad.machine[0].check, bad.machine[0].message) == ("tls.versions", "坏")
    assert bad.machine[0].verdict.isdigit()
    (said,) = bad.answers
    assert (said.person, said.reviewer, said.text) == ("甲", "乙", "是")
    assert "还差两台" in data.index[PORTS].objects[0].answers[0].text
    assert data.index["ces.trust.verification"].note == "没有可信根（丙 决定）"
    assert {p.name: p.role for p in data.people} == {
        "甲": "回答", "乙": "复核", "丙": "汇总并下结论"
    }  # fmt: skip
    assert {a.id for a in data.assets if a.sampled} == {"A-S02-1", "A-S02-2"}
    (scan, _other) = data.scans
    assert (scan.tested, scan.failed, scan.targets) == (1, 1, 1)
    assert problem(data, SECRECY, "A-S02-1").no in scan.problems


# --- problems ---


def test_a_machine_only_suspects_and_a_person_decides_how_grave(
    whole: Bench, tmp_path: Path
) -> None:
    from tlsec.assess import risks

    conclude(whole)
    data = paper(whole, tmp_path)
    found = problem(data, SECRECY, "A-S02-1")
    assert (found.severity, found.suspected) == ("high", True)
    # no case speaks of integrity: the machine alone makes nothing high
    other = problem(data, INTEGRITY, "A-S02-1")
    assert (other.severity, other.suspected) == ("medium", True)
    answered = problem(data, PORTS, "")
    assert (answered.severity, answered.suspected) == ("low", False)  # partly met, and no case
    risks.decide(whole.at(), CASES, "6.2.2.1", "confirmed", "查实", "丁", NOW)
    conclude(whole)
    data = paper(whole, tmp_path)
    found = problem(data, SECRECY, "A-S02-1")
    assert (found.severity, found.suspected) == ("high", False)
    decided = {(r.kind, r.case): r for r in data.risks}
    assert decided["high", "6.2.2.1"].decision == "confirmed"
    assert decided["high", "6.2.2.1"].by == "丁"
    assert decided["major", "6.2.2.1"].trigger == "A-24"
    assert (data.totals.high, data.totals.low) == (1, 1)


def test_what_is_brought_down_counts_as_it_was_brought_down(whole: Bench, tmp_path: Path) -> None:
    from tlsec.assess import risks

    risks.decide(
        whole.at(), CASES, "6.2.2.1", "lowered", "看过", "丁", NOW, mitigation="报文已加密", level="low"
    )  # fmt: skip
    conclude(whole)
    found = problem(paper(whole, tmp_path), SECRECY, "A-S02-1")
    assert (found.severity, found.suspected) == ("low", False)


def test_the_ledger_tells_who_mends_it_by_when(whole: Bench, tmp_path: Path) -> None:
    item("YJ-2026-00001")
    conclude(whole)
    found = problem(paper(whole, tmp_path), SECRECY, "A-S02-1")
    assert (found.register, found.unit, found.state) == ("YJ-2026-00001", "甲局", "fixing")
    assert (found.due, found.measure) == (NOW + timedelta(days=3), "换了配置")
    assert found.advice


def test_an_exception_is_told_with_what_covers_it_meanwhile(whole: Bench, tmp_path: Path) -> None:
    from tlsec.inventory.models import Person, Waiver

    Person.objects.create(id="P", name="甲", unit_id="市")
    Waiver.objects.create(
        id="W-1", kind="exception", check_id="tls.versions", asset_id="A-S02-1", reason="等补丁",
        compensating="限制来源", requested_by_id="P", approved_by_id="P", valid_from=NOW,
        until=NOW + timedelta(days=9),
    )  # fmt: skip
    whole.verdict("tls.versions", "fail", waived="W-1")
    conclude(whole)
    found = problem(paper(whole, tmp_path), INTEGRITY, "A-S02-1")
    assert found.state == "waived"
    assert "W-1" in found.waiver and "等补丁" in found.left and "限制来源" in found.left


def test_what_is_mended_is_in_the_paper_on_rectification_only(whole: Bench, tmp_path: Path) -> None:
    row = item("YJ-2026-00001")
    conclude(whole)
    whole.verdict("tls.versions", "pass")
    row.state, row.closure_reason, row.closed = "closed", "fixed", NOW
    row.retested, row.retest_result = NOW, "通过"
    row.save()
    conclude(whole, days=1)
    assert {p.item for p in paper(whole, tmp_path, 1).problems} == {PORTS}
    data = paper(whole, tmp_path, 1, with_mended=True)
    done = problem(data, SECRECY, "A-S02-1")
    assert (done.state, done.fixed_on, done.measure) == ("closed", NOW, "换了配置")
    assert "通过" in done.proof
    rectification.build(data)
    (old,) = [p for p in data.old_problems if p.state == "closed" and p.severity == "high"]
    assert old.text.startswith("站点：坏")
    assert [p.on for p in data.previous] == [NOW.date()]


def test_a_platform_stands_as_an_object_of_its_tenant(bench: Bench, tmp_path: Path) -> None:
    from tlsec.assess.models import Inheritance

    Inheritance.objects.create(
        system="S02", platform="S23", reference="报告 7", valid_from=date(2026, 1, 1),
        until=date(2026, 11, 30), by="甲", at=NOW - HOUR,
    )  # fmt: skip
    catalog = bench.policy.catalog
    asked = (item.line for item in catalog.select(3, 3, ["cloud"]))
    line = next(id_ for id_ in asked if catalog.lines[id_].responsibility == "provider")
    bench.content.questions.by_id[line] = question(line)  # type: ignore[index]  # a dict of ours
    bench.answer(line, "not_met", line=line, system="S23")
    conclude(bench)
    data = paper(bench, tmp_path)
    found = problem(data, line, "platform:S23")
    assert "S23" in found.where and found.state == "open"
    assert "报告 7" in data.system.platform_report
    assert not list(consistency.check(data))


# --- formats ---

BUILDERS = {
    "selfcheck": self_check.build,
    "gap": gap.build,
    "rectification": rectification.build,
    "evaluation": evaluation.build,
}


def docx_text(path: Path) -> str:
    with zipfile.ZipFile(path) as file:
        return file.read("word/document.xml").decode()


@pytest.mark.parametrize("name", BUILDERS)
def test_every_paper_is_made_in_every_format(whole: Bench, tmp_path: Path, name: str) -> None:
    row = conclude(whole)
    document = BUILDERS[name](paper(whole, tmp_path))
    docx.write(document, tmp_path / "a.docx")
    typst.write(document, tmp_path / "a.pdf")
    printed = subprocess.run(
        ["pdftotext", "-raw", tmp_path / "a.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    number = row.result["number"]
    for text in (docx_text(tmp_path / "a.docx"), printed):
        assert f"{number['low']:.2f}%～{number['high']:.2f}%" in text.replace("\n", "")
        assert "系统 S02" in text


def test_the_annex_and_the_file_for_machines(whole: Bench, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    row = conclude(whole)
    data = paper(whole, tmp_path)
    annex(data, tmp_path / "a.xlsx")
    sheet = load_workbook(tmp_path / "a.xlsx")["条款"]
    assert sheet.max_row == 1 + len(row.items)
    oscal.write(data, tmp_path / "a.json")
    loaded = AssessmentResults.oscal_read(tmp_path / "a.json")
    assert isinstance(loaded, AssessmentResults)
    props = {p.name: p.value for p in loaded.results[0].props or []}
    assert float(props["rate-low"]) == row.result["number"]["low"]
    assert props["sha256"] == row.digest


@pytest.mark.parametrize("kind", COVERED)
def test_hostile_texts_stay_texts(whole: Bench, tmp_path: Path, kind: str) -> None:
    from tlsec.inventory.models import Asset, System

    text = COVERED[kind].replace("\ud800", "")  # no database keeps a lone surrogate
    System.objects.filter(id="S02").update(name=text)
    Asset.objects.filter(id="A-S02-1").update(name=text)
    whole.answer(PORTS, "not_met", answer="no", note=text, by=text[:90])
    conclude(whole)
    data = paper(whole, tmp_path)
    document = evaluation.build(data)
    shown = list(blocks.texts(document))
    assert any(clean(text) in each for each in shown)
    docx.write(document, tmp_path / "a.docx")
    typst.write(document, tmp_path / "a.pdf")
    annex(data, tmp_path / "a.xlsx")
    oscal.write(data, tmp_path / "a.json")
    assert AssessmentResults.oscal_read(tmp_path / "a.json") is not None


# --- the command ---


def run(root: Path, *arguments: str) -> Result:
    from tlsec import cli

    return CliRunner().invoke(cli._build(), ["--workspace", str(root), "report", *arguments])


@pytest.mark.parametrize("name", BUILDERS)
def test_without_a_conclusion_the_command_says_which_one_makes_it(
    bench: Bench, django: Path, name: str
) -> None:
    done = run(django, name, "--system", "S02")
    assert done.exit_code == 2
    assert "tlsec assess conclude S02" in done.stderr
    assert run(django, name).exit_code == 2
    del bench


def test_the_command_writes_all_formats_and_lists_them(bench: Bench, django: Path) -> None:
    from datetime import UTC, datetime

    from tlsec.assess import conclude as module

    now = datetime.now(UTC)
    bench.now = now
    content = bench.content
    module.conclude(bench.at(), content, content.schemes["2025"], now.date(), "丙", now)
    done = run(django, "evaluation", "--system", "S02", "--json")
    assert done.exit_code == 0, done.stderr
    made = [Path(each) for each in json.loads(done.stdout)["papers"]]
    assert [each.suffix for each in made] == [".docx", ".pdf", ".xlsx", ".json"]
    assert all(each.stat().st_size for each in made)
    listed = {
        p["name"]: p["formats"] for p in json.loads(run(django, "list", "--json").stdout)["papers"]
    }
    assert listed["evaluation"] == ["docx", "pdf", "xlsx", "json"]
    assert {"selfcheck", "gap", "rectification", "capability", "secrecy"} <= set(listed)


def test_papers_on_how_units_stand(bench: Bench, django: Path) -> None:
    bench.verdict("tls.versions", "fail")
    for name, extra in (
        ("capability", ()),
        ("capability", ("--county", "岚泽市")),
        ("secrecy", ()),
    ):
        done = run(django, name, *extra, "--json")
        assert done.exit_code == 0, done.stderr
        made = [Path(each) for each in json.loads(done.stdout)["papers"]]
        assert [each.suffix for each in made] == [".docx", ".pdf"]
    assert "没有登记任何网段" in docx_text(made[0])
    assert run(django, "capability", "--unit", "没有的局").exit_code == 2
    assert run(django, "capability", "--county", "没有的县").exit_code == 2
