"""DNS messages: what is an answer to the question, and what only pretends to be one."""

from __future__ import annotations

from itertools import pairwise

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.wire.dns import MALFORMED, answer, is_name, question

NAME = "www.lanze.test"
ASKED = question(NAME, "A", 4711)


def reply(*records: tuple[str, str, str], asked: bytes = ASKED, rcode: int = 0) -> bytes:
    """An answer with (name, kind, value) records."""
    message = dns.message.make_response(dns.message.from_wire(asked))
    message.set_rcode(dns.rcode.Rcode(rcode))
    for name, kind, value in records:
        message.answer.append(dns.rrset.from_text(name + ".", 60, "IN", kind, value))
    return message.to_wire()


def test_addresses_and_the_chain_to_them() -> None:
    found = answer(
        ASKED,
        reply(
            (NAME, "CNAME", "edge.lanze.test."),
            ("edge.lanze.test", "CNAME", "n1.lanze.test."),
            ("n1.lanze.test", "A", "203.0.113.10"),
            ("other.lanze.test", "A", "203.0.113.99"),
        ),
    )
    assert (found.status, found.chain) == ("ok", ("edge.lanze.test", "n1.lanze.test"))
    assert found.values == ("203.0.113.10",)


@pytest.mark.parametrize(
    ("rcode", "status"),
    [(0, "ok"), (3, "nxdomain"), (2, "servfail"), (5, "refused"), (4, "refused")],
)
def test_codes(rcode: int, status: str) -> None:
    found = answer(ASKED, reply(rcode=rcode))
    assert (found.status, found.values) == (status, ())


def test_another_id_name_or_kind_is_no_answer() -> None:
    for other in (
        question(NAME, "A", 4712),
        question("x.test", "A", 4711),
        question(NAME, "NS", 4711),
    ):
        assert answer(ASKED, reply(asked=other)) == MALFORMED


def test_a_question_sent_back_is_no_answer() -> None:
    assert answer(ASKED, ASKED) == MALFORMED


def test_a_chain_that_bites_its_tail() -> None:
    circle = reply((NAME, "CNAME", "b.test."), ("b.test", "CNAME", f"{NAME}."))
    assert answer(ASKED, circle) == MALFORMED
    inner = reply(
        (NAME, "CNAME", "b.test."), ("b.test", "CNAME", "c.test."), ("c.test", "CNAME", "b.test.")
    )
    assert answer(ASKED, inner) == MALFORMED


def test_an_endless_chain() -> None:
    names = [NAME, *(f"n{n}.test" for n in range(40))]
    steps = [(a, "CNAME", f"{b}.") for a, b in pairwise(names)]
    assert answer(ASKED, reply(*steps)) == MALFORMED


def test_a_cut_answer_says_so() -> None:
    message = dns.message.make_response(dns.message.from_wire(ASKED))
    message.flags |= dns.flags.TC
    assert answer(ASKED, message.to_wire()).truncated


def test_a_compression_pointer_to_itself() -> None:
    head = ASKED[:2] + bytes.fromhex("8180 0001 0001 0000 0000".replace(" ", ""))
    assert answer(ASKED, head + b"\xc0\x0c\x00\x01\x00\x01" + b"\xc0\x0c") == MALFORMED


@given(st.binary(max_size=200))
def test_noise_is_malformed_and_never_raises(noise: bytes) -> None:
    assert answer(ASKED, noise) == MALFORMED
    answer(ASKED, ASKED[:2] + noise)


@given(st.data())
def test_cut_anywhere_is_never_taken_for_whole(data: st.DataObject) -> None:
    whole = reply((NAME, "A", "203.0.113.10"))
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assert answer(ASKED, cut) == MALFORMED


def test_names() -> None:
    assert all(map(is_name, ("a.test", "岚泽.test", "_x.a.test", "a.test.")))
    assert not any(
        map(is_name, ("", ".", "a..test", "x" * 64 + ".test", ".".join(["abcdefg"] * 40)))
    )
    with pytest.raises(ValueError, match="a\\.\\.test"):
        question("a..test", "A", 1)
