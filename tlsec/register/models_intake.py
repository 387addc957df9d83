"""Tables of what comes in from other systems: sources, deliveries, identities, counts, what could not be read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Source(models.Model):
    """A system that sends to us, as ingest.yaml names it, and how it has been doing.

    `heartbeat_minutes`: silence of this long is an alert of its own; null for one that may be silent.
    `expected_per_hour`: fewer events an hour are said in the list. `skew`: how many seconds its clock is
    behind ours (smoothed; negative: ahead). `silent_since`: the silence that was alarmed.
    """

    id = models.CharField(max_length=40, primary_key=True)
    title = models.CharField(max_length=100, blank=True)
    parser = models.CharField(max_length=20)
    parser_version = models.IntegerField(default=1)
    heartbeat_minutes = models.PositiveIntegerField(null=True)
    expected_per_hour = models.PositiveIntegerField(null=True)
    watched = models.BooleanField(default=True)  # still in ingest.yaml
    first_seen = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    watched_from = models.DateTimeField(null=True)  # silence counts from here until it first speaks
    silent_since = models.DateTimeField(null=True)
    skew = models.FloatField(null=True)
    hour = models.DateTimeField(null=True)  # the hour `in_hour` counts
    in_hour = models.PositiveIntegerField(default=0)
    last_hour = models.PositiveIntegerField(null=True)  # the count of the hour before
    events = models.BigIntegerField(default=0)  # taken as alerts, each once
    repeated = models.BigIntegerField(default=0)  # deliveries of what was there already
    left = models.BigIntegerField(default=0)  # read well, no alert
    quarantined = models.BigIntegerField(default=0)
    lost = models.BigIntegerField(
        default=0
    )  # dropped before they could be read: the queue was full
    left_what = models.JSONField(default=dict)


class Position(models.Model):
    """How far a file of a source has been read. `head`: hash of its first bytes, to know it again."""

    source = models.CharField(max_length=40)
    path = models.CharField(max_length=400)
    inode = models.BigIntegerField()
    head = models.CharField(max_length=64, blank=True)
    head_size = models.IntegerField(default=0)
    offset = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "path"], name="one_position_a_file")
        ]


class RawEvent(models.Model):
    """One delivery, for all time not twice. `raw`: zlib; null where storm control kept no sample."""

    delivery_key = models.CharField(max_length=64, unique=True)
    source = models.CharField(max_length=40)
    received = models.DateTimeField(db_index=True)
    at = models.DateTimeField()
    fingerprint = models.CharField(max_length=70)
    content_hash = models.CharField(max_length=32)
    raw = models.BinaryField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["fingerprint", "-id"],
                condition=models.Q(raw__isnull=False),
                name="raw_samples",
            )
        ]


class Identity(models.Model):
    """What a fingerprint was made of, by which rule and version, and what is known of it over all episodes.

    `address`, `host`: kept, so that it can be linked anew when the register learns the asset. `revision`
    counts changes of content. `actors`: the first attackers, [address, count]; `actors_more`: sightings of
    all others.
    """

    fingerprint = models.CharField(max_length=70, primary_key=True)
    rule = models.CharField(max_length=20)
    rule_version = models.IntegerField()
    source = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    asset_ref = models.CharField(max_length=100)
    check_ref = models.CharField(max_length=80)
    locus = models.JSONField()
    address = models.CharField(max_length=45, blank=True)
    host = models.CharField(max_length=253, blank=True)
    title = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=32)
    revision = models.IntegerField(default=1)
    total = models.BigIntegerField(default=0)
    actors = models.JSONField(default=list)
    actors_more = models.BigIntegerField(default=0)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["asset_ref", "check_ref", "first_seen"])]


class FingerprintAlias(models.Model):
    """A key that became another, and why: `asset` when the inventory learnt whose the address is."""

    old = models.CharField(max_length=70, db_index=True)
    new = models.CharField(max_length=70, db_index=True)
    at = models.DateTimeField()
    why = models.CharField(max_length=20)


class HourCount(models.Model):
    """True counts of a fingerprint in an hour, and how many raw events were kept of them."""

    fingerprint = models.CharField(max_length=70)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fingerprint", "hour"], name="one_count_an_hour")
        ]
        indexes: ClassVar = [models.Index(fields=["hour", "-count"])]


class Actor(models.Model):
    """One attacker's network against one family of checks on one day, over all assets: material for 封禁."""

    network = models.CharField(max_length=49)
    family = models.CharField(max_length=60)
    day = models.DateField()
    count = models.BigIntegerField(default=0)
    addresses = models.JSONField(default=list)
    assets = models.JSONField(default=list)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["network", "family", "day"], name="one_actor_a_day")
        ]
        indexes: ClassVar = [models.Index(fields=["day", "-count"])]


class Quarantine(models.Model):
    """What could not be read, once a distinct text; `raw` is cut to a bound."""

    digest = models.CharField(max_length=64, unique=True)
    source = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    raw = models.BinaryField()
    size = models.BigIntegerField()  # before it was cut
    count = models.BigIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["source", "-last_seen"])]


class ToOpen(models.Model):
    """An alert whose ledger item is still to be opened: opened by the register's own command, a few at a time."""

    alert = models.OneToOneField("register.Alert", on_delete=models.CASCADE, primary_key=True)
    queued = models.DateTimeField()
