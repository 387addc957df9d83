"""Certificates: names, paths, and damaged DER."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peers import Authority
from tlsec.wire.chain import ChainResult, check_chain, self_signed, signed_by
from tlsec.wire.reader import WireError
from tlsec.wire.x509 import describe, load, name_matches

NOW = dt.datetime.now(dt.UTC)


@pytest.mark.parametrize(
    ("names", "host", "matches"),
    [
        (["www.lanze.test"], "www.lanze.test", True),
        (["WWW.Lanze.test"], "www.lanze.TEST.", True),
        (["lanze.test"], "www.lanze.test", False),
        (["*.lanze.test"], "www.lanze.test", True),
        (["*.lanze.test"], "lanze.test", False),
        (["*.lanze.test"], "a.www.lanze.test", False),
        (["w*.lanze.test"], "www.lanze.test", False),
        (["www.*.test"], "www.lanze.test", False),
        (["*.test"], "lanze.test", False),
        (["*"], "localhost", False),
        (["xn--zfr164b.lanze.test"], "政务.lanze.test", True),
        (["192.0.2.1"], "192.0.2.1", True),
        (["192.0.2.10"], "192.0.2.1", False),
        (["*.0.2.1"], "192.0.2.1", False),
        (["2001:db8::1"], "2001:DB8:0::1", True),
        (["192.0.2.1"], "www.lanze.test", False),
        ([], "www.lanze.test", False),
        ([""], "", False),
    ],
)
def test_name_matches(names: list[str], host: str, matches: bool) -> None:
    assert name_matches(names, host) is matches


@cache
def _der() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "岚泽市")])
    names = x509.SubjectAlternativeName([x509.DNSName("a.test"), x509.RFC822Name("a@a.test")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + dt.timedelta(9))
    cert = builder.add_extension(names, False).sign(key, hashes.SHA256())
    return cert.public_bytes(Encoding.DER)


def test_only_names_of_servers_are_names() -> None:
    info = describe(load(_der()))
    assert info.names == ["a.test"]
    assert info.subject == info.issuer == "CN=岚泽市"
    assert info.not_before.tzinfo is not None
    assert len(info.sha256) == 64


@settings(max_examples=400)
@given(st.data())
def test_damaged_certificates_raise_nothing_but_wire_errors(data: st.DataObject) -> None:
    damaged = bytearray(_der())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    der = bytes(
        damaged[: data.draw(st.integers(0, len(damaged)))] if data.draw(st.booleans()) else damaged
    )
    try:
        cert = load(der)
        describe(cert)
        self_signed(cert)
        check_chain([cert, cert], [cert], NOW)
    except WireError:
        pass


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01"),  # version 2, which never was
        (b"\x55\x04\x03\x0c", b"\x55\x04\x03\x03"),  # a name made of bits
        (b"\x06\x03\x55\x1d\x11", b"\x06\x03\x55\x1d\x0f"),  # names read as key usage
    ],
)
def test_impossible_fields(right: bytes, wrong: bytes) -> None:
    assert right in _der()
    with pytest.raises(WireError):
        load(_der().replace(right, wrong))


@given(st.binary(max_size=200))
def test_random_bytes_are_no_certificate(der: bytes) -> None:
    with pytest.raises(WireError):
        load(der)


class TestChain:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Authority:
        return Authority(tmp_path, "Root")

    def leaf(self, authority: Authority) -> x509.Certificate:
        path = authority.issue("leaf", ["a.test"], with_chain=False)
        return x509.load_pem_x509_certificate(path.read_bytes())

    def test_links_in_any_order_and_the_root_need_not_be_sent(self, root: Authority) -> None:
        one = Authority(root.folder, "One", root)
        two = Authority(root.folder, "Two", one)
        leaf = self.leaf(two)
        for chain in ([leaf, two.cert, one.cert], [leaf, root.cert, one.cert, two.cert]):
            assert check_chain(chain, [root.cert], NOW) == ChainResult(True)
        assert check_chain([leaf, two.cert], [root.cert], NOW) == ChainResult(
            False, "unknown_issuer"
        )
        assert check_chain([leaf, two.cert], [one.cert], NOW) == ChainResult(True)

    def test_same_name_other_key_is_a_bad_signature(self, root: Authority, tmp_path: Path) -> None:
        impostor = Authority(tmp_path, "Root")
        assert check_chain([self.leaf(impostor)], [root.cert], NOW) == ChainResult(
            False, "bad_signature"
        )
        both = [impostor.cert, root.cert]
        assert check_chain([self.leaf(root)], both, NOW) == ChainResult(True)

    def test_a_server_certificate_may_not_sign(self, root: Authority) -> None:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "leaf")])
        key = ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateBuilder(root.cert.subject, name, key.public_key(), 5)
        builder = builder.not_valid_before(NOW).not_valid_after(NOW + dt.timedelta(9))
        middle = builder.sign(root.key, hashes.SHA256())
        forged = Authority(root.folder, "leaf", key=key)
        assert check_chain([self.leaf(forged), middle], [root.cert], NOW) == ChainResult(
            False, "not_a_ca"
        )

    def test_an_expired_authority(self, tmp_path: Path) -> None:
        old = Authority(tmp_path, "Old", not_after=NOW - dt.timedelta(1))
        assert check_chain([self.leaf(old)], [old.cert], NOW) == ChainResult(False, "ca_expired")
        earlier = NOW - dt.timedelta(2)
        assert check_chain([self.leaf(old)], [old.cert], earlier) == ChainResult(True)

    def test_a_trusted_self_signed_certificate_is_its_own_root(self, root: Authority) -> None:
        own = root.issue("own", ["a.test"], self_signed=True)
        cert = x509.load_pem_x509_certificate(own.read_bytes())
        assert self_signed(cert) is True
        assert check_chain([cert], [cert], NOW) == ChainResult(True)
        assert check_chain([cert], [root.cert], NOW) == ChainResult(False, "self_signed")

    def test_loops_and_crowds_end(self, tmp_path: Path) -> None:
        crowd = [Authority(tmp_path, "Same").cert for _ in range(32)]
        leaf = self.leaf(Authority(tmp_path, "Same"))
        assert check_chain([leaf, *crowd], [], NOW).ok is False

    def test_signed_by_is_about_the_key(self, root: Authority, tmp_path: Path) -> None:
        leaf = self.leaf(root)
        assert signed_by(leaf, root.cert) is True
        assert signed_by(leaf, Authority(tmp_path, "Root").cert) is False
