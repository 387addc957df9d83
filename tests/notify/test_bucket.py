"""No minute ever sees more than the limit, and the reserve is for urgent ones only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tlsec.notify.bucket import WINDOW, Bucket
from tlsec.notify.ladder import Limit


def limit(most: int, kept: int) -> Limit:
    return Limit(per_minute=most, reserved=kept, penalty_seconds=600, text_bytes=100, source="x")


steps = st.lists(
    st.tuples(st.floats(0, 30, allow_nan=False), st.booleans()), min_size=1, max_size=200
)


@given(steps, st.integers(2, 25), st.integers(0, 24))
def test_in_any_minute_the_limit_holds_and_the_reserve_is_kept(
    asked: list[tuple[float, bool]], most: int, kept: int
) -> None:
    rule = limit(most, min(kept, most - 1))
    now, stamps = 1_000_000.0, []
    went: list[tuple[float, bool]] = []
    for wait, urgent in asked:
        now += wait
        bucket = Bucket.of(rule, stamps, now)
        if bucket.free(urgent):
            stamps = list(bucket.take(now).sent)
            went.append((now, urgent))
        else:
            later = now + bucket.next_free(urgent, now) + 0.001
            assert Bucket.of(rule, stamps, later).free(urgent)
    for at, _urgent in went:
        window = [each for each in went if at - WINDOW < each[0] <= at]
        assert len(window) <= most
        if all(not each[1] for each in window):
            assert len(window) <= rule.for_normal


def test_a_clock_set_back_frees_nothing() -> None:
    bucket = Bucket.of(limit(2, 0), [5000.0, 5001.0], 1000.0)
    assert bucket.free(True) == 0
    assert Bucket.of(limit(2, 0), bucket.sent, 1061.0).free(True) == 2
