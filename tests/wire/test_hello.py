"""ClientHello: field by field for each version, as a strict server would read it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from hypothesis import given
from hypothesis import strategies as st

from tlsec.wire.hello import (
    SSL3,
    TLS10,
    TLS12,
    TLS13,
    VERSION_NAMES,
    client_hello,
    fresh_shares,
    sni,
)
from tlsec.wire.reader import Reader, WireError
from tlsec.wire.suites import offered

RANDOM = bytes(range(64))


def read(hello: bytes) -> tuple[int, int, bytes, list[int], dict[int, bytes]]:
    """(record version, legacy version, session id, suites, extensions); strict about every length."""
    outer = Reader(hello)
    assert outer.uint(1) == 22
    record_version = outer.uint(2)
    body = outer.vector(2)
    outer.end()
    assert body.uint(1) == 1
    fields = body.vector(3)
    body.end()
    version = fields.uint(2)
    assert fields.take(32) == RANDOM[:32]
    session = fields.vector(1).rest()
    codes = fields.vector(2)
    suites = [codes.uint(2) for _ in range(len(codes) // 2)]
    codes.end()
    assert fields.vector(1).rest() == b"\0"
    extensions: dict[int, bytes] = {}
    if len(fields):
        block = fields.vector(2)
        while len(block):
            kind = block.uint(2)
            assert kind not in extensions
            extensions[kind] = block.vector(2).rest()
    fields.end()
    return record_version, version, session, suites, extensions


@pytest.mark.parametrize("version", VERSION_NAMES)
def test_each_version_offers_itself_only(version: int) -> None:
    hello = client_hello(
        version,
        offered(version),
        random=RANDOM,
        server_name="www.lanze.test",
        shares=fresh_shares(),
    )
    record_version, legacy, session, suites, extensions = read(hello)
    assert record_version == min(version, TLS10)
    assert legacy == min(version, TLS12)
    assert session == (RANDOM[32:] if version == TLS13 else b"")
    assert suites == [*offered(version), *([0x00FF] if version < TLS13 else [])]
    assert len(hello) < 1400, "fits one packet"
    if version == SSL3:
        assert extensions == {}
        return
    assert extensions[0] == b"\x00\x11\x00\x00\x0ewww.lanze.test"
    assert (13 in extensions) == (version >= TLS12)
    assert 16 not in extensions, "no ALPN"
    assert extensions.get(43) == (b"\x02\x03\x04" if version == TLS13 else None)
    assert (51 in extensions) == (version == TLS13)


def test_key_shares_are_real_keys_and_new_ones_each_time() -> None:
    hello = client_hello(TLS13, [0x1301], random=RANDOM, shares=fresh_shares())
    shares = Reader(read(hello)[4][51]).vector(2)
    assert shares.uint(2) == 29
    x25519.X25519PublicKey.from_public_bytes(shares.vector(2).rest())
    assert shares.uint(2) == 23
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), shares.vector(2).rest())
    shares.end()
    assert fresh_shares() != fresh_shares()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.lanze.test", "www.lanze.test"),
        ("WWW.Lanze.Test.", "www.lanze.test"),
        ("政务.lanze.test", "xn--zfr164b.lanze.test"),
        ("192.0.2.1", ""),
        ("2001:db8::1", ""),
        ("", ""),
        ("a" * 64 + ".test", ""),
        ("a..b", ""),
    ],
)
def test_server_name(host: str, name: str) -> None:
    assert sni(host) == name
    assert (0 in read(client_hello(TLS12, [1], random=RANDOM, server_name=host))[4]) == bool(name)


@given(st.text(max_size=300), st.lists(st.integers(0, 65535), max_size=400))
def test_any_host_and_suites_make_a_well_formed_hello(host: str, suites: list[int]) -> None:
    assert read(client_hello(TLS12, suites, random=RANDOM, server_name=host))[3] == [*suites, 0xFF]


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(WireError):
        client_hello(TLS12, [1] * 40_000, random=RANDOM)
    with pytest.raises(WireError):
        client_hello(TLS13, [1], random=RANDOM[:32])
