"""The range's own certificate authority: a root, an issuing CA below it, EC P-256 leaves.

Made anew at every start. Only the root certificate is ever written to disk; keys stay in memory.
Extensions follow RFC 5280 §4.2 so that strict verifiers accept the chain.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# a certificate of "9 days" still has 9 whole days when it is read an hour after the start
_SLACK = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server shows: PEM chain (leaf first) and PEM key."""

    chain: bytes
    key: bytes


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "岚泽市演练靶场"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, span: _Span
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(span.start)
        .not_valid_after(span.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


class Authority:
    """Issues certificates for one run of the range. `now` is timezone-aware."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC).replace(microsecond=0)
        span = _Span(self._now - timedelta(days=400), self._now + timedelta(days=3650))
        root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        root_name = _name("岚泽靶场根证书")
        root = (
            _builder(root_name, root_name, root_key.public_key(), span)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        self._issuer = (
            _builder(_name("岚泽靶场签发证书"), root_name, self._key.public_key(), span)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .add_extension(_issued_by(root_key.public_key()), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        self.root_pem = root.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        names: Iterable[str],
        *,
        days: int = 300,
        age: int = 60,
        self_signed: bool = False,
    ) -> Identity:
        """A leaf for host names and addresses; the first is the common name.

        It ends `days` from now (negative: it ended that long ago) and began `age` days ago.
        """
        wanted = list(names)
        key = ec.generate_private_key(ec.SECP256R1())
        end = self._now + timedelta(days=days) + _SLACK
        start = min(self._now - timedelta(days=age), end - timedelta(days=365 if days < 0 else 1))
        subject = _name(wanted[0])
        issuer = subject if self_signed else self._issuer.subject
        signer, signer_public = (key, key.public_key()) if self_signed else (self._key, None)
        leaf = (
            _builder(subject, issuer, key.public_key(), _Span(start, end))
            .add_extension(x509.SubjectAlternativeName(list(map(_alternative, wanted))), False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(_issued_by(signer_public or self._key.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        chain = [leaf] if self_signed else [leaf, self._issuer]
        return Identity(
            b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )


def _issued_by(key: ec.EllipticCurvePublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
