"""A workspace with a notify.yaml, and a clock that only moves when it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tlsec.notify.config import Setup

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 12:00 in Asia/Shanghai


@pytest.fixture
def configure(tmp_path: Path) -> Callable[..., Setup]:
    """Write notify.yaml (and a ladder of shorter times) into a folder of the test, and read it."""

    def make(text: str, **times: float) -> Setup:
        from tlsec import content
        from tlsec.notify import config

        (tmp_path / "notify.yaml").write_text(text, encoding="utf-8")
        setup = config.load(tmp_path, content.policies())
        if times:
            quick = setup.ladder.times.model_copy(update=times)
            object.__setattr__(setup, "ladder", setup.ladder.model_copy(update={"times": quick}))
        return setup

    return make


class Clock:
    """`now` for the worker, and no seconds pass by themselves."""

    def __init__(self) -> None:
        self.now = NOW

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @staticmethod
    def still() -> float:
        return 0.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass(frozen=True)
class TlsFiles:
    ca: Path
    cert: Path
    key: Path


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """A root and a certificate for localhost and 127.0.0.1 under it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("tls")
    today = datetime.now(UTC)

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def builder(name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=2))
        )

    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _n in range(2))
    ca = builder("root", root).add_extension(x509.BasicConstraints(True, None), True)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    cert = builder("localhost", leaf).add_extension(x509.SubjectAlternativeName(names), False)
    pem = serialization.Encoding.PEM
    made = TlsFiles(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    made.ca.write_bytes(ca.sign(root, hashes.SHA256()).public_bytes(pem))
    made.cert.write_bytes(cert.sign(root, hashes.SHA256()).public_bytes(pem))
    made.key.write_bytes(
        leaf.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made
