"""Tables of the assessment. Everything a person says is append-only: a later row counts, none is changed.

`system` is the id of the register's graded object, `by`, `reviewer` and the like are names of people.
"""

from __future__ import annotations

import builtins

from django.db import models


class _Said(models.Model):
    """Who said it and when."""

    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        abstract = True


class Grading(_Said):
    """One version of a system's grade: the questionnaire's answers and what followed from them.

    `form`: the filled questionnaire (see policies/grading/questionnaire). `matrix`: id of the matrix used.
    `before`: the grade that the inventory held at the time, "" for none.
    """

    system = models.CharField(max_length=64)
    version = models.IntegerField()
    s = models.IntegerField()
    a = models.IntegerField()
    matrix = models.CharField(max_length=64)
    form = models.JSONField()
    reason = models.CharField(max_length=1000)
    before = models.CharField(max_length=6, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "version"], name="one_grading_a_version")
        ]

    @property
    def grade(self) -> str:
        """S3A2G3"""
        return f"S{self.s}A{self.a}G{max(self.s, self.a)}"


class Milestone(_Said):
    """A dated fact of a system's grading life: filing, certificate, expert review, evaluation …

    `kind`: one of policies/ladders/grading-duties.yaml. `until`: end of validity, where there is one.
    """

    system = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    on = models.DateField()
    until = models.DateField(null=True)
    number = models.CharField(max_length=100, blank=True)
    party = models.CharField(max_length=200, blank=True)  # evaluator, authority, experts
    result = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["system", "kind", "-on"])]


class Answer(_Said):
    """An answer to one question about a system, or about one of its objects. Never changed."""

    system = models.CharField(max_length=64)
    object = models.CharField(max_length=100, blank=True)  # asset id; "" for the system as a whole
    question = models.CharField(max_length=100)
    question_version = models.IntegerField()
    line = models.CharField(max_length=100)
    answer = models.CharField(max_length=40)
    means = models.CharField(max_length=10)
    note = models.CharField(max_length=2000, blank=True)
    expires = models.DateTimeField()
    source = models.CharField(max_length=200, blank=True)  # file it came from, "" when typed

    class Meta:
        indexes = [models.Index(fields=["system", "question", "object", "-id"])]


class Review(_Said):
    """Another person's look at an answer; without an accepting one the answer does not count."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="reviews")
    accepted = models.BooleanField()
    note = models.CharField(max_length=1000, blank=True)


class EvidenceFile(_Said):
    """A file handed in with an answer, kept by its SHA-256 under data/evidence/."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=40)  # key of the question's evidence
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    dated = models.DateField(null=True)  # of the paper itself

    class Meta:
        indexes = [models.Index(fields=["sha256"])]


class Exclusion(_Said):
    """A decision that a line does not apply to a system; never an answer. `ended` takes it back."""

    system = models.CharField(max_length=64)
    line = models.CharField(max_length=100)
    reason = models.CharField(max_length=1000)
    decided_by = models.CharField(max_length=100)
    until = models.DateField(null=True)
    ended = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["system", "line", "-id"])]


class Inheritance(_Said):
    """A cloud tenant takes over its platform's results for what is the provider's, until a day.

    `platform`: a system of the register, or "" with the report's own conclusion in `reference`.
    """

    system = models.CharField(max_length=64)
    platform = models.CharField(max_length=64)
    reference = models.CharField(max_length=200)  # number of the platform's evaluation report
    valid_from = models.DateField()
    until = models.DateField()
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["system", "-id"])]


class RiskDecision(_Said):
    """A person's decision on a suspected high risk or a candidate of 重大风险隐患.

    `basis`: what the suspicion rested on when it was decided, as keys of risks.key_of; what comes up
    later than that is not covered by the decision.
    """

    class Decision(models.TextChoices):
        CONFIRMED = "confirmed"  # it is high
        LOWERED = "lowered"  # a mitigation brings it down
        DISMISSED = "dismissed"  # the suspicion was wrong

    system = models.CharField(max_length=64)
    list = models.CharField(max_length=64)  # id of the list of cases
    case = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)  # high, major
    decision = models.CharField(max_length=10, choices=Decision.choices)
    level = models.CharField(max_length=10, blank=True)  # what a lowered one is: medium, low
    mitigation = models.CharField(max_length=1000, blank=True)
    reason = models.CharField(max_length=1000)
    basis = models.JSONField(default=builtins.list)  # the column above hides list

    class Meta:
        indexes = [models.Index(fields=["system", "list", "case", "-id"])]


class Conclusion(_Said):
    """A conclusion as it was drawn: scheme, numbers, and the state of every item at that moment."""

    system = models.CharField(max_length=64)
    grade = models.CharField(max_length=6)
    scheme = models.CharField(max_length=40)  # id@version
    report_date = models.DateField()
    catalog = models.CharField(max_length=64)
    profile = models.CharField(max_length=80)
    result = models.JSONField()  # numbers, intervals, coverage, edges, as schemes.Result
    items = models.JSONField()  # [{id, line, state, low, high, raw, objects, why, refs}]
    risks = models.JSONField()  # suspicions with their decisions
    digest = models.CharField(max_length=64)  # SHA-256 of what it rests on

    class Meta:
        indexes = [models.Index(fields=["system", "-id"])]


class CapabilityReading(_Said):
    """安全防护能力评估 of one unit or county as it was computed, to compare the next one with."""

    level = models.CharField(max_length=10)  # unit, county, city
    name = models.CharField(max_length=100)
    numbers = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["level", "name", "-id"])]
