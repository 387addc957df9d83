"""What does not load, and that the message leads to the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.policy.conftest import CHECK, FACT_TYPES
from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import bundle, check, profile
from tlsec.policy.bundle import Policy

Write = Callable[..., Path]
SHIPPED = content.policies()[0]


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


REFUSALS = {
    "misspelt fact": ("thing.count <= params.most", "thing.cuont <= params.most", "cuont"),
    "misspelt asset field": ("version: 1", "version: 1\nwhen: asset.registred", "registred"),
    "misspelt parameter": ("<= params.most", "<= params.mots", "mots"),
    "value outside the closed list": ("thing.count <= params.most", 'thing.state == "open"', "on、off"),
    "has": ("thing.count <= params.most", "has(thing.count)", "has"),
    "matches": ("thing.count <= params.most", 'thing.label.matches("a")', "matches"),
    "not a condition": ("thing.count <= params.most", "thing.count + params.most", "真假"),
    "no pass fixture": ("expect: pass", "expect: fail", "pass"),
    "no fail fixture": ("expect: fail", "expect: pass", "fail"),
    "no unknown fixture": ("expect: unknown", "expect: pass", "unknown"),
    "key twice": ("version: 1", "version: 1\nversion: 2", "version"),
    "misspelt key": ("severity: low", "severity: low\nremedy: x", "remedy"),
    "unknown severity": ("severity: low", "severity: dire", "critical"),
    "unknown parameter in a fixture": ("expect: fail,", "expect: fail, params: {least: 1},", "least"),
    "unknown clause in a fixture": ("expect: fail,", "expect: fail, clauses: [frist],", "frist"),
    "misspelt fact in a fixture": ("{thing: {count: 30}}", "{thing: {cuont: 30}}", "cuont"),
    "wrong type in a fixture": ("{thing: {count: 30}}", "{thing: {count: many}}", "int"),
    "misspelt asset field in a fixture": ("expect: fail,", "expect: fail, asset: {registred: true},", "registred"),
    "wrong placeholder": ("数量 {thing.count} 过多", "数量 {thing.cuont} 过多", "thing.cuont"),
    "unknown probe": ("test.thing@1", "test.thing@2", "test.thing@2"),
    "wrong default": ("default: 10", "default: ten", "int"),
    "wrong direction": ("stricter: lower", "stricter: subset", "subset"),
    "unknown port list": ("default: 10", 'default: "@nope"', "nope"),
    "anchor": ("severity: low", "severity: &a low", "&"),
    "missing part": ("severity: low\n", "", "severity"),
    "two clauses of one name": (
        "  - id: first", "  - {id: first, expr: thing.ok, fail: {zh: 甲, en: A}}\n  - id: first", "重复",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), REFUSALS.values(), ids=REFUSALS)
def test_refused_with_file_and_line(write: Write, old: str, new: str, says: str) -> None:
    assert old in CHECK
    text = CHECK.replace(old, new, 1)
    file = write(text)
    with pytest.raises(Faulty) as caught:
        check.load(file, FACT_TYPES, {})
    told = [fault for fault in caught.value.faults if says in fault.message]
    assert told, caught.value
    path, line, column = told[0].where.rsplit(":", 2)
    assert (path, int(line) > 0, int(column) > 0) == (str(file), True, True)


@pytest.mark.parametrize(
    "case", ["misspelt fact", "wrong placeholder", "misspelt fact in a fixture"]
)
def test_the_line_is_the_right_one(write: Write, case: str) -> None:
    old, new, says = REFUSALS[case]
    text = CHECK.replace(old, new, 1)
    with pytest.raises(Faulty) as caught:
        check.load(write(text), FACT_TYPES, {})
    lines = {int(f.where.rsplit(":", 2)[1]) for f in caught.value.faults if says in f.message}
    assert lines == {line_of(text, new)}


def test_all_faults_of_a_file_come_at_once(write: Write) -> None:
    text = CHECK.replace("thing.count <= params.most", "thing.cuont <= 1").replace(
        "expect: unknown", "expect: pass"
    )
    with pytest.raises(Faulty) as caught:
        check.load(write(text), FACT_TYPES, {})
    assert len(caught.value.faults) == 2


def test_the_file_is_named_like_the_check(write: Write) -> None:
    with pytest.raises(Faulty, match=r"my\.check\.yaml"):
        check.load(write(CHECK, "other.yaml"), FACT_TYPES, {})


@pytest.mark.parametrize("old", ["thing.count <= params.most"])
@pytest.mark.parametrize(
    "new", ["thing.count == null || true", "!(thing.count != null)", "null == thing.ok"]
)
def test_null_cannot_be_written(write: Write, old: str, new: str) -> None:
    with pytest.raises(Faulty, match="null"):
        check.load(write(CHECK.replace(old, new)), FACT_TYPES, {})


# --- a workspace's own content over the shipped ---

PROFILE = """\
profile: strict
version: 1
zh: 从严
en: Strict
catalog: gbt22239-2019@2
params: {PARAMS}
exclude: [EXCLUDE]
"""


def profile_file(folder: Path, params: str, exclude: str = "") -> Path:
    file = folder / "profiles" / "strict.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = PROFILE.replace("{PARAMS}", params).replace("EXCLUDE", exclude)
    file.write_text(text, encoding="utf-8")
    return file


def loaded(folder: Path, name: str = "default") -> Policy:
    return bundle.load([SHIPPED, folder], {**content.fact_types(), **FACT_TYPES}, name)


def test_a_workspace_may_add_a_check(write: Write, tmp_path: Path) -> None:
    write(CHECK)
    assert "my.check" in loaded(tmp_path).checks


def test_a_workspace_may_not_replace_a_check(tmp_path: Path) -> None:
    file = tmp_path / "checks" / "net.ssh-v1.yaml"
    file.parent.mkdir(parents=True)
    file.write_bytes((SHIPPED / "checks" / "net" / "net.ssh-v1.yaml").read_bytes())
    with pytest.raises(Faulty) as caught:
        loaded(tmp_path)
    (fault,) = caught.value.faults
    assert fault.where == f"{file}:1:8"
    assert "net.ssh-v1" in fault.message


def test_a_line_that_the_catalogue_lacks(write: Write, tmp_path: Path) -> None:
    file = write(CHECK.replace("mms.assets.list", "mms.assets.lst"))
    with pytest.raises(Faulty) as caught:
        loaded(tmp_path)
    (fault,) = caught.value.faults
    assert fault.where.startswith(f"{file}:{line_of(CHECK, 'maps') + 1}:")
    assert "mms.assets.lst" in fault.message


def test_faults_of_several_files_come_at_once(write: Write, tmp_path: Path) -> None:
    write(CHECK.replace("thing.count <=", "thing.cuont <="))
    other = CHECK.replace("my.check", "my.other").replace("severity: low", "severity: dire")
    write(other, "my.other.yaml")
    (tmp_path / "ports").mkdir()
    (tmp_path / "ports" / "more.yaml").write_text("id: more\nzh: 又\nsource: 自拟\ndate: 2026\n")
    with pytest.raises(Faulty) as caught:
        loaded(tmp_path)
    told = {fault.where.rsplit(":", 2)[0].rsplit("/", 1)[1] for fault in caught.value.faults}
    assert told == {"my.check.yaml", "my.other.yaml", "more.yaml"}


def test_a_workspace_may_add_ports_to_a_list(tmp_path: Path) -> None:
    (tmp_path / "ports").mkdir()
    (tmp_path / "ports" / "own.yaml").write_text(
        'id: high-risk\nzh: 本市补充\nsource: 自拟\ndate: "2026"\nports:\n  - {port: 9100, zh: 打印}\n',
        encoding="utf-8",
    )
    default = loaded(tmp_path).checks["net.exposure"].check.params["forbidden"].default
    assert {9100, 3389} <= set(default)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ("{tls.cert-days: {min_days: 14}}", "min_days"),
        ("{life.zombie: {cert_days: 181}}", "cert_days"),
        ("{tls.versions: {allowed: [TLSv1.0, TLSv1.2]}}", "allowed"),
        ("{net.exposure: {forbidden: [3389]}}", "forbidden"),
        ("{net.exposure: {forbiden: [3389]}}", "forbiden"),
        ("{net.exposrue: {forbidden: [3389]}}", "net.exposrue"),
        ("{tls.cert-days: {min_days: many}}", "int"),
        ("{tls.cert-days: {min_days: true}}", "int"),
        ("{net.exposure: {forbidden: [a]}}", "int"),
    ],
)
def test_a_profile_may_not_loosen(tmp_path: Path, params: str, says: str) -> None:
    file = profile_file(tmp_path, params)
    with pytest.raises(Faulty) as caught:
        loaded(tmp_path, "strict")
    (fault,) = caught.value.faults
    assert fault.where.startswith(f"{file}:6:")
    assert says in fault.message


def test_a_profile_may_tighten(tmp_path: Path) -> None:
    profile_file(
        tmp_path,
        "{tls.cert-days: {min_days: 30}, tls.versions: {allowed: [TLSv1.3]}, life.zombie: {cert_days: 90}}",
    )
    policy = loaded(tmp_path, "strict")
    assert policy.profile.params_of(policy.checks["tls.cert-days"]) == {"min_days": 30}
    assert policy.profile.params_of(policy.checks["life.zombie"])["visit_days"] == 180


def test_an_exclusion_needs_a_reason_and_somebody(tmp_path: Path) -> None:
    whole = "{check: net.ssh-v1, reason: 无此类设备, decided_by: 周若川}"
    profile_file(tmp_path, "{}", whole)
    assert loaded(tmp_path, "strict").profile.excluded == {"net.ssh-v1": "无此类设备（周若川）"}
    for part in (", reason: 无此类设备", ", decided_by: 周若川"):
        file = profile_file(tmp_path, "{}", whole.replace(part, ""))
        with pytest.raises(Faulty) as caught:
            profile.load(file, {})
        assert caught.value.faults[0].where.startswith(f"{file}:7:")


def test_no_such_profile(tmp_path: Path) -> None:
    with pytest.raises(Faulty, match="nowhere"):
        loaded(tmp_path, "nowhere")


def test_one_file_beside_a_policy(write: Write, shipped: Policy) -> None:
    types = {**content.fact_types(), **FACT_TYPES}
    assert bundle.load_check(write(CHECK), shipped, types).check.id == "my.check"
    own = SHIPPED / "checks" / "net" / "net.ssh-v1.yaml"
    assert bundle.load_check(own, shipped, types).check.id == "net.ssh-v1"
    with pytest.raises(Faulty, match=r"nowhere\.line"):
        bundle.load_check(write(CHECK.replace("mms.assets.list", "nowhere.line")), shipped, types)


def test_a_profile_written_for_another_edition_of_the_catalogue(tmp_path: Path) -> None:
    file = profile_file(tmp_path, "{}")
    text = file.read_text(encoding="utf-8").replace("gbt22239-2019@2", "gbt22239-2019@1")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Faulty) as caught:
        loaded(tmp_path, "strict")
    (fault,) = caught.value.faults
    assert fault.where == f"{file}:5:10"
    assert "gbt22239-2019@1" in fault.message
