"""Tables of warnings and incidents. Every row equals what its last record in the journal says (`journalled`).

The five ladders of warning.md stay five: colour of a warning, level and response of a case, level of a flaw; the
risk grade is the ledger's. `version` rises with each command; a stale command is refused.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

_NAME, _LINE, _TEXT = 100, 300, 4000


class _Kept(models.Model):
    """A row that the journal proves. `drill`: practised only; its number begins with 演, nobody is told."""

    journalled: ClassVar[bool] = True

    class Meta:
        abstract = True


class Warning(_Kept):
    """A 预警通报 for the inside; one row an edition. Empty text: not known. Times: see warning.md §7.

    `no` is given at drafting; `number` (年-级别字-流水) when it is signed. `replaces`: the edition that this
    one up- or downgrades, in force until this one is issued. `matches`: affected assets as matching.py found them.
    """

    no = models.CharField(max_length=20, unique=True)
    number = models.CharField(max_length=30, blank=True)
    version = models.IntegerField(default=1)
    edition = models.PositiveIntegerField(default=1)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by"
    )
    drill = models.BooleanField(default=False)
    state = models.CharField(max_length=20)

    title = models.CharField(max_length=200)
    importance = models.CharField(max_length=20, blank=True)
    damage = models.CharField(max_length=20, blank=True)
    colour_proposed = models.CharField(max_length=10, blank=True)
    rule = models.CharField(max_length=_LINE, blank=True)  # how the colour was proposed
    marks = models.JSONField(default=list)  # 待核 of that rule
    colour = models.CharField(max_length=10, blank=True)  # confirmed by a person
    colour_reason = models.CharField(max_length=1000, blank=True)
    category = models.CharField(max_length=60)  # key of ladders/event-classes.yaml
    source = models.CharField(max_length=20)  # a key of words.SOURCES
    source_ref = models.CharField(max_length=200, blank=True)
    flaw = models.CharField(max_length=60, blank=True)  # CVE or CNVD number
    flaw_level = models.CharField(max_length=20, blank=True)  # of GB/T 30279, as its publisher says
    starts = models.DateTimeField()
    until = models.DateTimeField(null=True)
    nature = models.CharField(max_length=_TEXT, blank=True)  # 事件性质
    threat = models.CharField(max_length=_TEXT, blank=True)
    products = models.JSONField(default=list)  # rules of policy/product_match.py
    zones = models.JSONField(default=list)
    scope = models.CharField(max_length=_TEXT, blank=True)
    matches = models.JSONField(default=list)
    matched = models.DateTimeField(null=True)
    effect = models.CharField(max_length=_TEXT, blank=True)  # 影响程度
    advice = models.CharField(max_length=_TEXT, blank=True)  # 警示事项
    measures = models.CharField(max_length=_TEXT, blank=True)
    handle_by = models.DateTimeField(null=True)
    feedback = models.CharField(max_length=1000, blank=True)
    issuer = models.CharField(max_length=_NAME)
    secrecy = models.CharField(max_length=40, blank=True)
    circulation = models.CharField(max_length=200, blank=True)
    attachments = models.JSONField(default=list)  # name, sha256, size

    drafted_by = models.CharField(max_length=_NAME)
    concluded_by = models.CharField(max_length=_NAME, blank=True)
    signed_by = models.CharField(max_length=_NAME, blank=True)
    ended_by = models.CharField(max_length=_NAME, blank=True)
    discovered = models.DateTimeField()
    drafted = models.DateTimeField()
    concluded = models.DateTimeField(null=True)
    signed = models.DateTimeField(null=True)
    issued = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)  # lifted, replaced or not issued
    ended_why = models.CharField(max_length=1000, blank=True)
    told = models.JSONField(default=list)  # reminders already given

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["number"], condition=~models.Q(number=""), name="one_warning_a_number"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-id"])]


class WarningReceipt(_Kept):
    """What one unit does with one warning. A unit without a matched asset owes its 无涉及 all the same."""

    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, related_name="receipts")
    unit = models.CharField(max_length=_NAME)
    state = models.CharField(max_length=20)
    version = models.IntegerField(default=1)
    contact = models.CharField(max_length=_NAME, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    matched = models.PositiveIntegerField(default=0)  # assets of this unit when it was issued
    delivered = models.DateTimeField()
    sign_by = models.DateTimeField()
    feedback_by = models.DateTimeField()
    signed = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=_NAME, blank=True)
    first_feedback = models.DateTimeField(null=True)
    done = models.DateTimeField(null=True)
    reply = models.CharField(max_length=10, blank=True)  # affected, none
    affected = models.PositiveIntegerField(null=True)  # as the unit says
    fixed = models.PositiveIntegerField(null=True)
    text = models.CharField(max_length=_TEXT, blank=True)
    reported_by = models.CharField(max_length=_NAME, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["warning", "unit"], name="one_receipt_a_unit")
        ]
        indexes: ClassVar = [models.Index(fields=["state", "sign_by"])]


class Case(_Kept):
    """事件: something that has happened. Starts the statutory clocks (policy/reporting.py).

    `found_machine`, `found_person`: both discovery times; clocks go by the earlier. `told`: when each duty was
    done, by the duty's id. `reminded`: the share of each clock that was already told of. `values`: numbers by
    measure of ladders/incident-thresholds.yaml, from which the level is proposed; only a person sets `level`.
    """

    no = models.CharField(max_length=20, unique=True)
    version = models.IntegerField(default=1)
    drill = models.BooleanField(default=False)
    state = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=60)  # key of ladders/event-classes.yaml
    category_reason = models.CharField(max_length=1000, blank=True)
    unit = models.CharField(max_length=_NAME, blank=True)
    county = models.CharField(max_length=_NAME, blank=True)
    system = models.CharField(max_length=_NAME, blank=True)
    system_id = models.CharField(max_length=64, blank=True)
    place = models.CharField(max_length=_LINE, blank=True)
    course = models.CharField(max_length=_TEXT, blank=True)  # 简要经过
    operator = models.CharField(max_length=20)
    crime = models.BooleanField(default=False)  # suspected
    occurred = models.DateTimeField(null=True)
    found_machine = models.DateTimeField(null=True)
    found_person = models.DateTimeField()
    found_by = models.CharField(max_length=_NAME)
    values = models.JSONField(default=dict)
    level_proposed = models.CharField(max_length=10, blank=True)
    level_basis = models.JSONField(default=list)
    level_marks = models.JSONField(default=list)
    level = models.CharField(max_length=10, blank=True)
    level_by = models.CharField(max_length=_NAME, blank=True)
    level_at = models.DateTimeField(null=True)
    level_reason = models.CharField(max_length=1000, blank=True)
    response = models.CharField(max_length=10, blank=True)  # 响应级别, by the emergency plan
    items = models.JSONField(default=list)  # numbers of ledger items
    alerts = models.JSONField(default=list)  # fingerprints
    told = models.JSONField(default=dict)
    reminded = models.JSONField(default=dict)
    opened = models.DateTimeField()
    opened_by = models.CharField(max_length=_NAME)
    handled = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=_NAME, blank=True)
    ended_why = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "-id"])]


class CaseReport(_Kept):
    """A 报告单: 首报, 续报 or 处置总结, numbered within its case. `content`: by item of reporting-clocks.yaml.

    What it says of the case is frozen in `facts`, so that it can be printed again as it was sent.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    n = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)  # first, more, summary
    content = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    written = models.DateTimeField()
    reporter = models.CharField(max_length=_NAME)
    phone = models.CharField(max_length=60, blank=True)
    signer = models.CharField(max_length=_NAME, blank=True)
    delivered = models.JSONField(default=dict)  # duty id → time, channel, receiver

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "n"], name="one_report_a_number")
        ]


class CaseEvidence(_Kept):
    """A file that belongs to a case, kept by its SHA-256 in the evidence store."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    taken = models.DateTimeField()  # when it was collected
    taken_by = models.CharField(max_length=_NAME)
    origin = models.CharField(max_length=_LINE, blank=True)  # from which device, how
    added = models.DateTimeField()


class Transfer(_Kept):
    """线索移送: what is handed to the police. `evidence`: files with hashes as they were when it was made."""

    no = models.CharField(max_length=20, unique=True)
    version = models.IntegerField(default=1)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="transfers")
    to = models.CharField(max_length=_NAME)
    suspicion = models.CharField(max_length=_LINE)
    facts = models.CharField(max_length=_TEXT)
    clues = models.CharField(max_length=_TEXT, blank=True)
    preserved = models.CharField(max_length=_TEXT, blank=True)  # 现场保护情况
    evidence = models.JSONField(default=list)
    made = models.DateTimeField()
    made_by = models.CharField(max_length=_NAME)
    approved_by = models.CharField(max_length=_NAME)
    contact = models.CharField(max_length=_NAME, blank=True)
    received = models.DateTimeField(null=True)
    received_by = models.CharField(max_length=_NAME, blank=True)
    receipt_no = models.CharField(max_length=60, blank=True)
