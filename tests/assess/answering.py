"""A small catalogue, three questions and two units' systems, for tests of answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # noon in Asia/Shanghai

HEAD = """
catalog: gbt22239-2019
version: 1
zh: 小目录
en: Small catalogue
domains:
  CES: {zh: 安全计算环境, en: Computing}
  CNS: {zh: 安全通信网络, en: Network}
  PES: {zh: 安全物理环境, en: Place}
  ABS: {zh: 安全区域边界, en: Boundary}
  SMC: {zh: 安全管理中心, en: Centre}
  PSS: {zh: 安全管理制度, en: Policies}
extensions: {general: {zh: 通用要求, en: General}, cloud: {zh: 云计算, en: Cloud}}
published: {}
"""
GENERAL = """
extension: general
points:
  - id: ces.identity
    domain: CES
    attr: S
    zh: 身份鉴别
    en: Identity
    lines:
      - id: ces.identity.unique
        zh: 一人一号
        en: One account a person
        methods: [examine]
        subjects: [system]
        by: [H]
        items:
          - {id: 7.1.4.1-a, zh: 登录须鉴别，账号唯一}
          - {id: 8.1.4.1-a, zh: 登录须鉴别，账号唯一，口令定期换}
      - id: ces.identity.remote
        zh: 远程管理不被听到
        en: Not overheard
        methods: [examine]
        subjects: [system]
        by: [N]
        items:
          - {id: 8.1.4.1-c, zh: 远程管理时口令等不得明文过网}
  - id: pss.policy
    domain: PSS
    attr: G
    zh: 管理制度
    en: Rules
    lines:
      - id: pss.policy.written
        zh: 有成文制度
        en: Written rules
        methods: [examine]
        subjects: [document]
        by: [D]
        items:
          - {id: 7.1.6.2-a, zh: 有成文的管理制度}
          - {id: 8.1.6.2-a, zh: 有成文的管理制度并定期评审}
"""
CLOUD = """
extension: cloud
points:
  - id: cloud.pes.location
    domain: PES
    attr: G
    zh: 基础设施位置
    en: Location
    lines:
      - id: cloud.pes.location.inside
        zh: 云基础设施在境内
        en: Inside the country
        methods: [examine]
        subjects: [system]
        by: [D]
        responsibility: provider
        items:
          - {id: 8.2.1.1, zh: 云基础设施须在境内}
"""
ROLES = "roles: {host_admin: {zh: 系统管理员, en: Host admin}, leader: {zh: 领导, en: Leader}}\n"
QUESTIONS = {
    "identity": """
point: ces.identity
questions:
  - question: ces.identity.unique
    version: 1
    line: ces.identity.unique
    methods: [examine]
    ask: {zh: 账号是否一人一号？, en: One account a person?}
    look_for: {zh: 账号清单里没有共用账号, en: No shared accounts}
    stronger: {"3": {zh: 口令策略有更换周期, en: Passwords are renewed}}
    answers:
      - {id: all, means: met, zh: 全部一人一号, en: "All, one each", needs: [list]}
      - {id: some, means: partly, zh: 有少数共用账号, en: A few are shared}
      - {id: none, means: not_met, zh: 普遍共用, en: Mostly shared}
    evidence:
      list: {zh: 账号清单, en: List of accounts, dated_within: 90}
      shot: {zh: 口令策略截图, en: Screenshot of the password policy}
    asked_of: host_admin
    valid_days: 365
    remind_days: 30
  - question: ces.identity.remote
    version: 2
    line: ces.identity.remote
    methods: [interview]
    ask: {zh: 远程管理用什么协议？, en: Which protocol?}
    look_for: {zh: 只有 SSH 与 HTTPS, en: SSH and HTTPS only}
    answers:
      - {id: "yes", means: met, zh: 都加密, en: All encrypted, needs: [shot]}
      - {id: "no", means: not_met, zh: 有明文协议, en: Some are plain}
    evidence: {shot: {zh: 配置截图, en: Screenshot}}
    asked_of: host_admin
    valid_days: 180
""",
    "policy": """
point: pss.policy
questions:
  - question: pss.policy.written
    version: 1
    line: pss.policy.written
    methods: [examine]
    ask: {zh: 有没有成文的制度？, en: Are there written rules?}
    look_for: {zh: 正式发布的文件, en: Issued papers}
    answers:
      - {id: "yes", means: met, zh: 有并已发布, en: Issued, needs: [paper]}
      - {id: "no", means: not_met, zh: 没有, en: None}
    evidence: {paper: {zh: 制度文件, en: The paper}}
    asked_of: leader
""",
    "cloud": """
point: cloud.pes.location
questions:
  - question: cloud.pes.location.inside
    version: 1
    line: cloud.pes.location.inside
    methods: [examine]
    ask: {zh: 机房在境内吗？, en: Inside?}
    look_for: {zh: 机房地址, en: The address}
    answers:
      - {id: "yes", means: met, zh: 在境内, en: Inside, needs: [paper]}
      - {id: "no", means: not_met, zh: 不在, en: Outside}
    evidence: {paper: {zh: 机房证明, en: Proof}}
    asked_of: leader
""",
}


def content(root: Path) -> Path:
    """The policy folder under a workspace's root, self-contained."""
    folder = root / "policies"
    catalog = folder / "catalogs" / "gbt22239-2019"
    catalog.mkdir(parents=True, exist_ok=True)
    for name, text in (("catalog", HEAD), ("general", GENERAL), ("cloud", CLOUD)):
        (catalog / f"{name}.yaml").write_text(text, encoding="utf-8")
    questions = folder / "questions"
    questions.mkdir(exist_ok=True)
    (questions / "roles.yaml").write_text(ROLES, encoding="utf-8")
    for name, text in QUESTIONS.items():
        (questions / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def inquiry(root: Path, **changed: str):  # type: ignore[no-untyped-def]  # Django must be up first
    """An Inquiry on the small content, with files of questions replaced by name."""
    from tlsec.assess.evidence import Store
    from tlsec.assess.inquiry import Inquiry
    from tlsec.policy import catalog, question

    folder = content(root)
    for name, text in changed.items():
        (folder / "questions" / f"{name}.yaml").write_text(text, encoding="utf-8")
    loaded = catalog.load(folder / "catalogs" / "gbt22239-2019")
    found = question.load([folder], loaded)
    return Inquiry(loaded, found, Store(root / "data" / "evidence"), (folder,))


def register() -> None:
    """Units 数据局 and 卫健委; S02 S3A3G3 on cloud, S05 S3A2G3, S20 S2A2G2, S23 the platform, S90 none."""
    from tlsec.inventory.models import Asset, System, Unit, Zone

    city = Unit.objects.create(id="岚泽市", name="岚泽市", kind="city")
    data = Unit.objects.create(
        id="数据局", name="岚泽市数据局", kind="unit", parent=city, county=city
    )
    health = Unit.objects.create(
        id="卫健委", name="岚泽市卫健委", kind="unit", parent=city, county=city
    )
    cloud = Zone.objects.create(id="Z3", name="云前区", role="cloud_front")
    inner = Zone.objects.create(id="Z5", name="交换区", role="exchange")
    rows = [
        ("S02", "政务服务网", data, cloud, 3, 3),
        ("S05", "一人一档", data, inner, 3, 2),
        ("S16", "健康信息", health, inner, 3, 2),
        ("S20", "驿站管理", data, inner, 2, 2),
        ("S23", "政务云平台", data, inner, 3, 3),
        ("S90", "未定级的", data, inner, None, None),
    ]
    for ordinal, (id_, name, unit, zone, s, a) in enumerate(rows):
        grade = f"S{s}A{a}G{max(s, a)}" if s and a else None
        System.objects.create(
            id=id_, name=name, unit=unit, county=city, zone=zone, grade=grade, grade_s=s, grade_a=a,
            level=max(s, a) if s and a else None, status="in_use", ordinal=ordinal,
        )  # fmt: skip
    Asset.objects.create(id="A1", name="一号机", kind="host", system_id="S05", county=city)
    Asset.objects.create(id="A9", name="别人的", kind="host", system_id="S16", county=city)


def file(folder: Path, name: str, text: str = "内容") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text + name, encoding="utf-8")
    return path
