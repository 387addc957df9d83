"""Reading one certificate: names, key, signature. Never raises anything but WireError."""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from tlsec.wire.hello import sni
from tlsec.wire.reader import Reader, WireError

SM2_CURVE = bytes.fromhex("2a811ccf5501822d")  # 1.2.156.10197.1.301, GM/T 0006
_EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")  # 1.2.840.10045.2.1
_OBJECT_IDENTIFIER, _VERSION = 0x06, 0xA0

# name of the signature algorithm and whether its digest is broken (RFC 6151, RFC 6194)
_SIGNATURES = {
    "1.2.840.113549.1.1.2": ("md2WithRSAEncryption", True),
    "1.2.840.113549.1.1.4": ("md5WithRSAEncryption", True),
    "1.2.840.113549.1.1.5": ("sha1WithRSAEncryption", True),
    "1.3.14.3.2.29": ("sha1WithRSAEncryption", True),
    "1.2.840.10040.4.3": ("dsa-with-SHA1", True),
    "1.2.840.10045.4.1": ("ecdsa-with-SHA1", True),
    "1.2.840.113549.1.1.14": ("sha224WithRSAEncryption", False),
    "1.2.840.113549.1.1.11": ("sha256WithRSAEncryption", False),
    "1.2.840.113549.1.1.12": ("sha384WithRSAEncryption", False),
    "1.2.840.113549.1.1.13": ("sha512WithRSAEncryption", False),
    "1.2.840.10045.4.3.1": ("ecdsa-with-SHA224", False),
    "1.2.840.10045.4.3.2": ("ecdsa-with-SHA256", False),
    "1.2.840.10045.4.3.3": ("ecdsa-with-SHA384", False),
    "1.2.840.10045.4.3.4": ("ecdsa-with-SHA512", False),
    "2.16.840.1.101.3.4.3.1": ("dsa-with-SHA224", False),
    "2.16.840.1.101.3.4.3.2": ("dsa-with-SHA256", False),
    "1.3.101.112": ("Ed25519", False),
    "1.3.101.113": ("Ed448", False),
    "1.2.156.10197.1.501": ("SM2-with-SM3", False),
}
_UNREADABLE = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    x509.DuplicateExtension,
)
_PSS = "1.2.840.113549.1.1.10"


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """What one certificate says. Times are UTC; `signature_weak` is None for an unknown algorithm."""

    subject: str
    issuer: str
    names: list[str]
    not_before: datetime
    not_after: datetime
    key_kind: str  # RSA, EC, SM2, Ed25519, other
    key_bits: int | None
    signature: str
    signature_weak: bool | None
    sha256: str


def load(der: bytes) -> x509.Certificate:
    """The certificate with all its extensions readable, or WireError."""
    try:
        with warnings.catch_warnings():
            # bad manners, such as a serial number of zero, yet the server uses it
            warnings.simplefilter("ignore")
            cert = x509.load_der_x509_certificate(der)
            # these are parsed when first read: what is wrong with them must come out here
            list(cert.extensions)
            _parsed = cert.subject, cert.issuer, cert.not_valid_before_utc, cert.not_valid_after_utc
    except _UNREADABLE as error:
        raise WireError(f"certificate: {error}") from error
    return cert


def describe(cert: x509.Certificate) -> CertificateInfo:
    """The parts of a certificate that people and checks ask for."""
    try:
        kind, bits = _key(cert)
        signature, weak = _signature(cert)
        return CertificateInfo(
            subject=cert.subject.rfc4514_string(),
            issuer=cert.issuer.rfc4514_string(),
            names=alternative_names(cert),
            not_before=cert.not_valid_before_utc,
            not_after=cert.not_valid_after_utc,
            key_kind=kind,
            key_bits=bits,
            signature=signature,
            signature_weak=weak,
            sha256=cert.fingerprint(hashes.SHA256()).hex(),
        )
    except (ValueError, TypeError) as error:
        raise WireError(f"certificate: {error}") from error


def alternative_names(cert: x509.Certificate) -> list[str]:
    """DNS names and IP addresses of subjectAltName, in order; the subject's common name is no name."""
    try:
        extension = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(n.value) for n in extension if isinstance(n, x509.DNSName | x509.IPAddress)]


def name_matches(names: Sequence[str], host: str) -> bool:
    """Whether a certificate for `names` is one for `host` (RFC 9525 §6.3, formerly RFC 6125).

    A wildcard stands for exactly the whole leftmost label, above a name of two labels or more.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        wanted = sni(host)
        return bool(wanted) and any(_dns_matches(sni(name), wanted) for name in names if name)
    return any(_is_address(name, address) for name in names)


def _dns_matches(pattern: str, host: str) -> bool:
    if pattern == host:
        return True
    star, _dot, parent = pattern.partition(".")
    label, _dot, domain = host.partition(".")
    return star == "*" and "." in parent and bool(label) and parent == domain


def _is_address(name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ipaddress.ip_address(name) == address
    except ValueError:
        return False


def _signature(cert: x509.Certificate) -> tuple[str, bool | None]:
    oid = cert.signature_algorithm_oid.dotted_string
    if oid == _PSS:
        try:
            digest = cert.signature_hash_algorithm
        except (UnsupportedAlgorithm, ValueError):
            digest = None
        name = digest.name.upper() if digest else ""
        return f"RSASSA-PSS {name}".rstrip(), name in ("MD5", "SHA1") if digest else None
    return _SIGNATURES.get(oid, (oid, None))


def _key(cert: x509.Certificate) -> tuple[str, int | None]:
    try:
        key = cert.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return ("SM2", 256) if _curve(cert.tbs_certificate_bytes) == SM2_CURVE else ("other", None)
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519", 256
    if isinstance(key, ed448.Ed448PublicKey):
        return "other", 456
    return "other", key.key_size if isinstance(key, dsa.DSAPublicKey) else None


def _curve(tbs: bytes) -> bytes:
    """The named curve of an elliptic key (RFC 5480 §2.1.1), b"" when it is none."""
    try:
        _tag, fields = Reader(tbs).tlv()
        tag, _field = fields.tlv()
        if tag == _VERSION:
            fields.tlv()  # the serial number was not read yet
        for _skipped in range(4):  # signature, issuer, validity, subject
            fields.tlv()
        _tag, key_info = fields.tlv()
        _tag, algorithm = key_info.tlv()
        _tag, oid = algorithm.tlv()
        if oid.rest() != _EC_PUBLIC_KEY:
            return b""
        tag, curve = algorithm.tlv()
        return curve.rest() if tag == _OBJECT_IDENTIFIER else b""
    except WireError:
        return b""
