"""Signatures between certificates, and the way from a server's certificate to a trusted root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

MAX_DEPTH = 8
_MAX_SIGNATURES = 64

Problem: TypeAlias = Literal[
    "self_signed",  # the server's own certificate signs itself and is no root of ours
    "unknown_issuer",  # an issuer is neither presented nor a root
    "bad_signature",
    "not_a_ca",  # an issuer may not sign certificates
    "path_too_long",
    "ca_expired",  # an issuer is outside its dates
    "unverifiable",  # a signature algorithm we cannot compute, such as SM2
]


@dataclass(frozen=True, slots=True)
class ChainResult:
    """`ok` is None when a signature could not be computed; `problem` is "" when ok."""

    ok: bool | None
    problem: Problem | Literal[""] = ""


def signed_by(cert: x509.Certificate, issuer: x509.Certificate) -> bool | None:
    """Whether the issuer's key made the certificate's signature; None when we cannot compute it.

    Unlike a validator, this also computes signatures with MD5 and SHA-1: it states what is.
    """
    try:
        key, digest = issuer.public_key(), cert.signature_hash_algorithm
        parameters = cert.signature_algorithm_parameters
        signature, signed = cert.signature, cert.tbs_certificate_bytes
        if isinstance(key, rsa.RSAPublicKey) and digest:
            if isinstance(parameters, ec.ECDSA):
                return False
            # the library names no padding for MD5; only PKCS #1 v1.5 was ever defined for it
            key.verify(signature, signed, parameters or padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest:
            key.verify(signature, signed, ec.ECDSA(digest))
        elif isinstance(key, dsa.DSAPublicKey) and digest:
            key.verify(signature, signed, digest)
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, signed)
        else:
            return None
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return None
    return True


def self_signed(cert: x509.Certificate) -> bool | None:
    """Whether the certificate signs itself, proved by its signature; None when not computable."""
    return signed_by(cert, cert) if cert.issuer == cert.subject else False


def check_chain(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> ChainResult:
    """Whether the first certificate of `chain` is linked to one of `roots` (RFC 5280 §6.1, in part).

    Judges signatures, CA marks, path lengths and the dates of issuers, with the others of `chain` as
    possible links, in any order. Not the server certificate's own dates and names, which are facts
    of their own; nor name constraints, policies and revocation.
    """
    search = _Search(chain[1:], roots, now)
    return search.upward(chain[0], 0)


class _Search:
    """Depth-first over possible issuers, bounded in depth and in signatures computed."""

    def __init__(
        self, links: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
    ) -> None:
        self._links = links
        self._roots = roots
        self._now = now
        self._left = _MAX_SIGNATURES

    def upward(self, cert: x509.Certificate, depth: int) -> ChainResult:
        if cert in self._roots:
            return ChainResult(True)
        if depth > MAX_DEPTH:
            return ChainResult(False, "path_too_long")
        worst = ChainResult(False, "self_signed" if self_signed(cert) else "unknown_issuer")
        for issuer in (*self._roots, *self._links):
            if issuer.subject != cert.issuer or issuer == cert or not self._left:
                continue
            self._left -= 1
            problem = self._link_problem(cert, issuer, depth)
            result = ChainResult(None if problem == "unverifiable" else False, problem or "")
            if not problem:
                result = self.upward(issuer, depth + 1)
            if result.ok:
                return result
            worst = result
        return worst

    def _link_problem(
        self, cert: x509.Certificate, issuer: x509.Certificate, depth: int
    ) -> Problem | None:
        verified = signed_by(cert, issuer)
        if not verified:
            return "unverifiable" if verified is None else "bad_signature"
        if not issuer.not_valid_before_utc <= self._now <= issuer.not_valid_after_utc:
            return "ca_expired"
        return _authority_problem(issuer, depth)


def _authority_problem(issuer: x509.Certificate, depth: int) -> Problem | None:
    extensions = issuer.extensions
    try:
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return "not_a_ca"
    if not constraints.ca:
        return "not_a_ca"
    if constraints.path_length is not None and depth > constraints.path_length:
        return "path_too_long"
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return None if usage.key_cert_sign else "not_a_ca"
