"""From events to alerts: once each, counted truly, never merged by name, never closed by absence."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.conftest import NOW
from tests.ingest.lines import mixed
from tlsec.ingest import identity, syslog
from tlsec.ingest.event import Event, Parsed, Rejected
from tlsec.ingest.reading import Reading

MINUTE = timedelta(minutes=1)
_NUMBERS = count()


def some(**other: Any) -> Event:
    values: dict[str, Any] = {
        "source": "ids", "at": NOW, "received": NOW, "check": "1:2024792", "title": "ET attack",
        "severity": "medium", "kind": "ids", "address": "198.51.100.20", "port": 443,
        "actors": ("203.0.113.9",), "raw": b"raw",
    }  # fmt: skip
    values |= other
    values.setdefault("event_id", f"event {next(_NUMBERS)}")
    return Event(**values)


def read(lines: Iterable[bytes], reading: Reading) -> list[Parsed]:
    return [one for line in lines for one in syslog.parse(line, reading)]


def take(parsed: list[Parsed], ground: Any, now: Any = NOW, batch: int = 500) -> Any:
    from tlsec.register import intake

    taken = intake.Taken()
    for at in range(0, len(parsed), batch):
        taken += intake.receive(parsed[at : at + batch], now, ground)
    return taken


def heads() -> dict[str, tuple[int, str, str]]:
    from tlsec.register.models import Alert

    found = Alert.objects.values_list("fingerprint", "count", "severity", "condition")
    return {key: rest for key, *rest in found}


def test_replaying_mixed_lines_gives_the_same_alerts_with_twice_the_counts(
    ground: Any, read_with: Callable[..., Reading]
) -> None:
    from tlsec.register.models import RiskItem
    from tlsec.register.models_intake import ToOpen

    lines = list(mixed(5000))
    first = take(read(lines, read_with()), ground)
    before, items = heads(), RiskItem.objects.count() + ToOpen.objects.count()
    assert first.new == len(before) > 100 and first.quarantined == 0
    assert sum(n for n, *_rest in before.values()) == first.new + first.again
    assert first.new + first.again + first.left == 5000
    later = NOW + 10 * MINUTE
    second = take(read(lines, read_with(received=later)), ground, later)
    assert second.new == 0 and second.repeated == 0
    after = heads()
    assert after.keys() == before.keys()
    assert all(after[key][0] == 2 * n for key, (n, *_rest) in before.items())
    assert RiskItem.objects.count() + ToOpen.objects.count() == items


def test_one_delivery_counts_once_however_often_it_comes(ground: Any) -> None:
    events: list[Parsed] = [some(event_id=f"e{n}") for n in range(10)]
    assert take(events + events, ground).repeated == 10
    assert take(list(reversed(events)), ground, NOW + MINUTE).repeated == 10
    assert [n for n, *_rest in heads().values()] == [10]
    # bytes without an id are the same within five seconds of each other
    plain = some(event_id="", raw=b"x")
    again = replace(plain, received=NOW + timedelta(seconds=1))
    later = replace(plain, received=NOW + timedelta(seconds=60))
    assert take([plain, again, later], ground).repeated == 1


def test_the_same_title_on_two_assets_is_two_alerts(ground: Any) -> None:
    take([some(), some(address="198.51.100.21"), some(port=80), some(check="1:7")], ground)
    assert len(heads()) == 4


def test_worse_is_told_again_and_better_is_not_believed(ground: Any) -> None:
    from tlsec.register.models import Alert

    take([some(severity="low", event_id="a")], ground)
    Alert.objects.update(told_at=NOW)
    assert take([some(severity="low", event_id="b")], ground).worse == 0
    assert Alert.objects.get().told_at is not None
    assert take([some(severity="high", event_id="c")], ground).worse == 1
    assert Alert.objects.get().told_at is None
    take([some(severity="low", event_id="d")], ground)
    assert Alert.objects.get().severity == "high"


def test_a_change_of_content_is_a_revision_and_a_count_in_the_text_is_none(ground: Any) -> None:
    from tlsec.register.models_intake import Identity

    take(
        [some(message="seen 3 times", event_id="a"), some(message="seen 4 times", event_id="b")],
        ground,
    )
    assert Identity.objects.get().revision == 1
    take([some(message="now encrypted", event_id="c")], ground)
    row = Identity.objects.get()
    assert row.revision == 2 and (row.rule, row.rule_version) == ("ingest", 1)


def test_resolved_makes_the_condition_clear_and_closes_nothing(ground: Any) -> None:
    from tlsec.register.models import Alert, RiskItem

    take([some(severity="high", event_id="a")], ground)
    taken = take([some(severity="high", condition="clear", event_id="b")], ground, NOW + MINUTE)
    assert taken.cleared == 1
    head = Alert.objects.get()
    assert head.open and head.condition == "clear" and head.count == 1
    assert RiskItem.objects.get().state == "new"
    take([some(condition="clear", check="never fired", event_id="c")], ground)
    assert Alert.objects.count() == 1


def test_an_import_without_a_finding_closes_nothing(ground: Any) -> None:
    from tlsec.register.models import Alert, RiskItem

    both: list[Parsed] = [
        some(kind="vuln", check="CVE-2026-1", event_id="r1#0"),
        some(kind="vuln", check="CVE-2026-2", event_id="r1#1"),
    ]
    take(both, ground)
    items = dict(RiskItem.objects.values_list("no", "state"))
    take([some(kind="vuln", check="CVE-2026-1", event_id="r2#0")], ground, NOW + MINUTE)
    gone = Alert.objects.get(check_id="CVE-2026-2")
    assert gone.open and gone.condition == "firing" and gone.count == 1
    assert dict(RiskItem.objects.values_list("no", "state")) == items and len(items) == 2


def test_what_opens_an_item_is_a_rule_of_the_policy(ground: Any) -> None:
    from tlsec.register.models import RiskItem

    take([some(severity="medium", event_id="a")], ground)
    assert RiskItem.objects.count() == 0
    take([some(severity="low", kind="vuln", check="CVE-1", title="旧版组件", event_id="b")], ground)
    item = RiskItem.objects.get()
    assert item.title == "旧版组件" and item.source == "import" and not item.probed
    assert item.address == "198.51.100.20:443"


def test_more_new_alerts_than_a_batch_opens_items_for(ground: Any) -> None:
    from tlsec.register import opening
    from tlsec.register.models import RiskItem

    per = ground.limits.per_batch_items
    events: list[Parsed] = [
        some(severity="high", port=n, event_id=str(n)) for n in range(1, per + 6)
    ]
    assert take(events, ground).opened == per
    assert opening.open_waiting(NOW, per) == 5 and opening.open_waiting(NOW, per) == 0
    assert RiskItem.objects.count() == per + 5


def test_storm_keeps_few_and_counts_all(ground: Any) -> None:
    from tlsec.register import storm
    from tlsec.register.models_intake import HourCount, RawEvent

    events: list[Parsed] = [some(event_id=str(n), raw=b"raw %d" % n) for n in range(1000)]
    take(events, ground, batch=300)
    row = HourCount.objects.get()
    first, each = ground.limits.storm.first_raw, ground.limits.storm.then_one_in
    assert row.count == 1000 and row.kept == first + -(-(1000 - first) // each)
    kept = RawEvent.objects.exclude(raw=None)
    assert kept.count() == row.kept and RawEvent.objects.count() == 1000
    assert zlib.decompress(bytes(kept.order_by("pk")[0].raw)) == b"raw 0"
    assert storm.banner(NOW).merged == 999
    assert storm.banner(NOW + timedelta(hours=3)).events == 0


def test_places_without_number_become_one(ground: Any) -> None:
    from tlsec.register.models import Alert

    most = ground.limits.storm.places_per_hour
    events: list[Parsed] = [
        some(locus={"path": f"/p{n}"}, event_id=str(n), raw=b"%d" % n) for n in range(most + 50)
    ]
    take(events, ground, batch=70)
    assert Alert.objects.count() == most + 1
    rest = Alert.objects.get(locator__place=identity.ELSEWHERE)
    assert rest.count == 50


def test_attackers_are_a_set_and_a_key_of_their_own(ground: Any) -> None:
    from tlsec.register.models_intake import Actor, Identity

    most = ground.limits.storm.actors
    events: list[Parsed] = [
        some(actors=(f"203.0.113.{n}",), event_id=f"a{n}") for n in range(1, most + 11)
    ]
    events += [some(address="198.51.100.99", actors=("203.0.113.1",), event_id="other")]
    take(events, ground)
    known = Identity.objects.get(address="198.51.100.20")
    assert len(known.actors) == most and known.actors_more == 10
    actor = Actor.objects.get()
    assert (actor.network, actor.family, actor.count) == ("203.0.113.0/24", "1", most + 11)
    assert actor.assets == ["u:198.51.100.20", "u:198.51.100.99"]


def test_an_asset_on_record_is_found_either_way_round(ground: Any) -> None:
    from tlsec.inventory import models, store
    from tlsec.register.models import Alert

    county = models.Unit.objects.create(id="c", name="青禾区", kind="county", county_id="c")
    models.Asset.objects.create(
        id="A1",
        name="门户",
        kind="server",
        county=county,
        addresses=["198.51.100.20"],
        hosts=["www.lanze.test"],
    )
    models.AssetAddress.objects.create(asset_id="A1", hex=store.hex_of("198.51.100.20"))
    models.AssetHost.objects.create(asset_id="A1", host="www.lanze.test")
    take(
        [
            some(event_id="a"),
            some(address="203.0.113.5", actors=("198.51.100.20",), check="1:9", event_id="b"),
            some(address="", host="www.lanze.test", check="1:10", event_id="c"),
        ],
        ground,
    )
    assert set(Alert.objects.values_list("subject", flat=True)) == {"A1"}
    out = Alert.objects.get(check_id="1:9")
    assert out.locator["address"] == "198.51.100.20"


def test_an_address_that_gets_an_owner_keeps_its_alert_and_item(ground: Any) -> None:
    from tlsec.inventory import models, store
    from tlsec.register import journal
    from tlsec.register.models import Alert, RiskItem
    from tlsec.register.models_intake import FingerprintAlias

    take([some(severity="high")], ground)
    assert RiskItem.objects.get().subject == "u:198.51.100.20"
    county = models.Unit.objects.create(id="c", name="青禾区", kind="county", county_id="c")
    models.Asset.objects.create(
        id="A1", name="门户", kind="server", county=county, addresses=["198.51.100.20"]
    )
    models.AssetAddress.objects.create(asset_id="A1", hex=store.hex_of("198.51.100.20"))
    taken = take([some(severity="high")], ground, NOW + 5 * MINUTE)
    assert (taken.new, taken.again) == (0, 1)
    head, item = Alert.objects.get(), RiskItem.objects.get()
    assert head.subject == item.subject == "A1" and head.count == 2 and item.county == "青禾区"
    assert FingerprintAlias.objects.get().new == head.fingerprint
    assert list(journal.verify()) == []


def test_what_another_alert_explains_is_counted_so(ground: Any) -> None:
    from tlsec.register import inhibition
    from tlsec.register.models import Alert

    inhibition.add(NOW, "李", "all", "", "u:198.51.100.1", ["1:"])
    take([some(address="198.51.100.1", check="gateway.down", kind="avail")], ground)
    taken = take([some(), some(address="198.51.100.21"), some(check="2:1")], ground, NOW + MINUTE)
    assert (taken.new, taken.inhibited) == (3, 2) and Alert.objects.filter(open=True).count() == 4


def test_what_cannot_be_read_is_kept_once_and_counted(ground: Any) -> None:
    from tlsec.register.models_intake import Quarantine, Source

    bad: list[Parsed] = [
        Rejected("fw", NOW, "没有优先级", b"garbage %d" % (n % 2)) for n in range(10)
    ]
    taken = take([*bad, some(event_id="ok")], ground)
    assert taken.quarantined == 10 and taken.new == 1
    assert sorted(Quarantine.objects.values_list("count", flat=True)) == [5, 5]
    long = Rejected("fw", NOW, "过长", b"x" * 100_000)
    take([long], ground)
    row = Quarantine.objects.get(reason="过长")
    assert row.size == 100_000 and len(row.raw) == ground.limits.storm.quarantine_bytes
    many: list[Parsed] = [
        Rejected("fw", NOW, "x", b"%d" % n) for n in range(ground.limits.storm.quarantine_rows + 50)
    ]
    take(many, ground)
    assert Quarantine.objects.filter(source="fw").count() == ground.limits.storm.quarantine_rows
    assert Source.objects.get(pk="fw").quarantined == 11 + len(many)


def test_a_batch_is_taken_whole_or_not_at_all(ground: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tlsec.register import identities, intake
    from tlsec.register.models import Alert
    from tlsec.register.models_intake import RawEvent, Source

    def fail(*_args: object) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(identities, "note", fail)
        with pytest.raises(RuntimeError):
            intake.receive([some()], NOW, ground)
    assert (
        not Alert.objects.exists() and not RawEvent.objects.exists() and not Source.objects.exists()
    )
    assert take([some()], ground).new == 1


def test_a_delivery_that_makes_us_stumble_goes_to_quarantine_alone(
    ground: Any, read_with: Callable[..., Reading]
) -> None:
    from tlsec.ingest.inbox import Delivery
    from tlsec.register import feed
    from tlsec.register.models_intake import Quarantine

    class Stumbling:
        def parse(self, source: str, raw: bytes, *_rest: Any) -> list[Parsed]:
            if raw == b"poison":
                raise ZeroDivisionError
            return [some(event_id=raw.decode())]

    batch = [Delivery("ids", raw, NOW) for raw in (b"a", b"b", b"poison", b"c", b"d")]
    taken = feed.store(batch, {}, NOW, ground, Stumbling())  # type: ignore[arg-type]
    assert taken.new + taken.again == 4 and taken.quarantined == 1
    assert bytes(Quarantine.objects.get().raw) == b"poison"


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    title=texts, message=texts, severity=st.sampled_from(["low", "critical"]), actor=texts,
    locus=st.dictionaries(st.sampled_from(["path", "account", "proto"]), texts, max_size=3),
    minutes=st.integers(0, 9**6),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_volatile_fields_keep_the_key_and_the_place_changes_it(
    title: str, message: str, severity: Any, actor: str, locus: dict[str, str], minutes: int
) -> None:
    first = some(locus=locus)
    when = NOW + timedelta(minutes=minutes)
    backwards = dict(reversed(locus.items()))
    other = replace(
        first, title=title, message=message, severity=severity, actors=(actor,), at=when, received=when,
        event_id="z", locus=backwards, raw=b"?", attributes={"rev": "2"}, source="another",
    )  # fmt: skip
    key = identity.identify(first, "A1").fingerprint
    assert identity.identify(other, "A1").fingerprint == key
    for moved in (
        identity.identify(first, "A2"),
        identity.identify(replace(first, check="1:1"), "A1"),
        identity.identify(replace(first, port=444), "A1"),
        identity.identify(replace(first, kind="waf"), "A1"),
        identity.identify(replace(first, locus={**locus, "resolver": "x"}), "A1"),
    ):
        assert moved.fingerprint != key


def test_parts_never_run_together_and_nothing_to_merge_by_merges_nothing() -> None:
    one = identity.identify(some(check="ab", locus={"path": "c"}, port=0), "A")
    two = identity.identify(some(check="a", locus={"path": "bc"}, port=0), "A")
    assert one.fingerprint != two.fingerprint
    blank = some(check="", port=0, address="", event_id="1")
    first = identity.identify(blank, "u:")
    second = identity.identify(replace(blank, event_id="2"), "u:")
    assert first.loose and first.fingerprint != second.fingerprint
