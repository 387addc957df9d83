"""tls.handshake against openssl, nginx and liars, with the truth known beforehand."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.peers import Authority, free_port, odd_certificate, start_nginx, start_openssl
from tests.probe import hostile
from tests.probe.kit import facts, failure, gateway, results, target
from tlsec.facts import Reason
from tlsec.probe import tls_client
from tlsec.probe.tls_handshake import MAX_HANDSHAKES, Certificate, Tls, TlsHandshake
from tlsec.wire.reader import vector

WEAK = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
HOST = "www.lanze.test"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def good(authority: Authority, rsa_key: rsa.RSAPrivateKey) -> Path:
    return authority.issue("good", [HOST, "*.lanze.test", "127.0.0.1"], key=rsa_key)


async def probe(port: int, host: str = HOST, roots: tuple[x509.Certificate, ...] = ()) -> Tls:
    found = await facts(TlsHandshake(roots), target(port, host=host))
    assert isinstance(found.tls, Tls)
    return found.tls


async def certificate(
    folder: Path, cert: Path, host: str = HOST, *roots: x509.Certificate
) -> Certificate:
    with start_openssl(folder, cert, "-tls1_2", "-cipher", WEAK) as peer:
        tls = await probe(peer.port, host, roots)
    assert tls.cert is not None
    return tls.cert


@pytest.mark.peer
@pytest.mark.parametrize(
    ("option", "version"),
    [
        ("-tls1", "TLSv1.0"),
        ("-tls1_1", "TLSv1.1"),
        ("-tls1_2", "TLSv1.2"),
        ("-tls1_3", "TLSv1.3"),
    ],
)
async def test_exactly_the_one_version_spoken_is_established(
    tmp_path: Path, good: Path, option: str, version: str
) -> None:
    with start_openssl(tmp_path, good, option, "-cipher", WEAK) as peer:
        tls = await probe(peer.port)
    assert (tls.handshake, tls.versions) == ("ok", [version])
    assert tls.suites and {suite.version for suite in tls.suites} == {version}
    assert tls.cert and tls.cert.subject == "CN=good"


@pytest.mark.peer
async def test_all_versions_of_openssl_at_its_laxest(tmp_path: Path, good: Path) -> None:
    with start_openssl(tmp_path, good, "-cipher", WEAK) as peer:
        tls = await probe(peer.port)
    assert tls.versions == ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    assert tls.suites and any("anon" in suite.name or "NULL" in suite.name for suite in tls.suites)
    assert tls.suites_complete is False


@pytest.mark.peer
async def test_nginx_with_modern_settings_is_read_whole(
    tmp_path: Path, authority: Authority
) -> None:
    cert, port = authority.issue("ec", [HOST]), free_port()
    server = f"""server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {cert};
        ssl_certificate_key {cert.with_suffix(".key")}; ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384; }}"""
    through = gateway()
    with start_nginx(tmp_path, server, port):
        found = await facts(TlsHandshake([authority.cert]), target(port, host=HOST), through)
    tls = found.tls
    assert tls.versions == ["TLSv1.2", "TLSv1.3"]
    assert tls.suites_complete is True
    assert [(s.version, s.name) for s in tls.suites if s.version == "TLSv1.2"] == [
        ("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        ("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ]
    assert {s.name for s in tls.suites if s.version == "TLSv1.3"} == {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    }
    assert all(suite.forward_secrecy and not suite.weak for suite in tls.suites)
    assert tls.cert.chain_ok is True
    (traffic,) = through.traffic()
    assert traffic.connections <= MAX_HANDSHAKES


@pytest.mark.peer
@pytest.mark.parametrize(
    ("cipher", "weak", "forward_secrecy"),
    [
        ("AES256-GCM-SHA384", False, False),
        ("ECDHE-RSA-NULL-SHA", True, True),
        ("NULL-SHA256", True, False),
        ("ADH-AES128-GCM-SHA256", True, False),
        ("DHE-RSA-AES256-GCM-SHA384", False, True),
        ("ECDHE-RSA-CHACHA20-POLY1305", False, True),
    ],
)
async def test_a_rare_suite_hidden_behind_a_good_one_is_found(
    tmp_path: Path, good: Path, cipher: str, weak: bool, forward_secrecy: bool
) -> None:
    wanted = f"ECDHE-RSA-AES128-GCM-SHA256:{cipher}:@SECLEVEL=0"
    with start_openssl(tmp_path, good, "-tls1_2", "-serverpref", "-cipher", wanted) as peer:
        tls = await probe(peer.port)
    assert tls.suites and tls.suites_complete
    first, second = tls.suites
    assert first.name == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert (second.weak, second.forward_secrecy) == (weak, forward_secrecy)


@pytest.mark.peer
async def test_tls13_only_gives_its_certificate_and_chain(tmp_path: Path) -> None:
    root = Authority(tmp_path, "Root")
    middle = Authority(tmp_path, "Middle", root)
    cert = middle.issue("leaf", [HOST])
    chain = ["-cert_chain", str(cert)]
    with start_openssl(tmp_path, cert, "-tls1_3", *chain) as peer:
        tls = await probe(peer.port, HOST, (root.cert,))
    assert tls.versions == ["TLSv1.3"]
    assert tls.cert and tls.cert.chain_ok and tls.cert.chain_length == 3
    assert tls.cert.name_ok and tls.cert.key_kind == "EC"


@pytest.mark.peer
@pytest.mark.parametrize(("host", "ok"), [(HOST, True), ("a.b.lanze.test", False), ("", None)])
async def test_name(tmp_path: Path, good: Path, host: str, ok: bool | None) -> None:
    cert = await certificate(tmp_path, good, host)
    assert cert.name_ok is ok
    assert cert.names == [HOST, "*.lanze.test", "127.0.0.1"]


@pytest.mark.peer
async def test_chain_good_missing_link_foreign_root_and_no_root(tmp_path: Path) -> None:
    root, other = Authority(tmp_path, "Root"), Authority(tmp_path, "Other")
    middle = Authority(tmp_path, "Middle", root)
    whole = middle.issue("whole", [HOST])
    torn = middle.issue("torn", [HOST], with_chain=False)
    with start_openssl(tmp_path, whole, "-cert_chain", str(whole)) as peer:
        good = (await probe(peer.port, HOST, (root.cert,))).cert
        foreign = (await probe(peer.port, HOST, (other.cert,))).cert
        unasked = (await probe(peer.port, HOST)).cert
    assert good and foreign and unasked
    assert (good.chain_ok, good.chain_problem) == (True, "")
    assert (foreign.chain_ok, foreign.chain_problem) == (False, "unknown_issuer")
    assert (unasked.chain_ok, unasked.chain_problem) == (None, None)
    bare = await certificate(tmp_path, torn, HOST, root.cert)
    assert (bare.chain_ok, bare.chain_problem, bare.chain_length) == (False, "unknown_issuer", 1)


@pytest.mark.peer
async def test_self_signed_is_proved_by_the_signature(
    tmp_path: Path, authority: Authority, good: Path
) -> None:
    own = authority.issue("own", [HOST], self_signed=True)
    mine = await certificate(tmp_path, own, HOST, authority.cert)
    theirs = await certificate(tmp_path, good, HOST, authority.cert)
    assert (mine.self_signed, mine.chain_ok, mine.chain_problem) == (True, False, "self_signed")
    assert (theirs.self_signed, theirs.chain_ok) == (False, True)


@pytest.mark.peer
async def test_dates_are_utc_and_an_expired_certificate_is_still_read(
    tmp_path: Path, authority: Authority
) -> None:
    end = dt.datetime(2025, 9, 1, 12, 30, tzinfo=dt.UTC)
    expired = await certificate(
        tmp_path, authority.issue("old", [HOST], not_after=end), HOST, authority.cert
    )
    assert expired.not_after == end
    assert expired.not_after.tzinfo is dt.UTC
    assert expired.chain_ok, "dates of the server's own certificate are judged apart"


@pytest.mark.peer
async def test_signatures_and_keys(tmp_path: Path, authority: Authority) -> None:
    for digest, name in (("-sha1", "sha1WithRSAEncryption"), ("-md5", "md5WithRSAEncryption")):
        weak = odd_certificate(tmp_path, f"{name}.test", "rsa:1024", digest)
        cert = await certificate(tmp_path, weak)
        assert (cert.signature, cert.signature_weak, cert.self_signed) == (name, True, True)
        assert (cert.key_kind, cert.key_bits) == ("RSA", 1024)
    good = await certificate(tmp_path, authority.issue("ec", [HOST]))
    assert (good.signature, good.signature_weak) == ("ecdsa-with-SHA256", False)
    assert (good.key_kind, good.key_bits) == ("EC", 256)


@pytest.mark.peer
async def test_a_plain_web_server_and_an_ssh_like_one_are_rejected(tmp_path: Path) -> None:
    port = free_port()
    with start_nginx(tmp_path, f"server {{ listen 127.0.0.1:{port}; return 200 hi; }}", port):
        tls = await probe(port)
    assert tls == Tls("rejected", [], [])
    async with hostile.greeting(b"SSH-2.0-OpenSSH_9.2\r\n") as server:
        assert (await probe(server.port)).handshake == "rejected"


async def test_nobody_there_is_refused_and_outside_scope_is_out_of_scope() -> None:
    assert (await failure(TlsHandshake(), target(free_port()))).reason is Reason.REFUSED
    elsewhere = target(443, address="192.0.2.1")
    assert (await failure(TlsHandshake(), elsewhere)).reason is Reason.OUT_OF_SCOPE


async def test_locator_names_the_place_and_the_vantage() -> None:
    (result,) = await results(TlsHandshake(), target(free_port(), host=HOST))
    assert set(result.locator) == set(TlsHandshake.locator)
    assert (result.locator["host"], result.locator["vantage"]) == (HOST, "here")


def record(kind: int, payload: bytes, version: int = 0x0303) -> bytes:
    return bytes([kind]) + version.to_bytes(2, "big") + vector(payload, 2)


def server_hello(version: int = 0x0303, suite: int = 0xC02F) -> bytes:
    body = version.to_bytes(2, "big") + bytes(32) + b"\0" + suite.to_bytes(2, "big") + b"\0"
    return b"\x02" + vector(body, 3)


def certificate_of_1_mb() -> bytes:
    message = b"\x0b" + vector(vector(vector(b"\x30" * 2**20, 3), 3), 3)
    parts = [message[at : at + 16384] for at in range(0, len(message), 16384)]
    return b"".join(record(22, part) for part in parts)


async def test_a_silent_server_takes_a_bounded_time() -> None:
    start = time.monotonic()
    async with hostile.silent() as server:
        found = await failure(TlsHandshake(), target(server.port))
    assert found.reason is Reason.TIMEOUT
    assert server.connections <= 4
    assert time.monotonic() - start < 8


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fifth of the usual patience, and a proof that it was enough."""
    monkeypatch.setattr(tls_client, "EXCHANGE_SECONDS", tls_client.EXCHANGE_SECONDS / 5)
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 10


@pytest.mark.usefixtures("impatient")
class TestHostileServers:
    async def test_drip(self) -> None:
        async with hostile.drip() as server:
            found = await failure(TlsHandshake(), target(server.port))
        assert found.reason is Reason.TIMEOUT

    async def test_endless_garbage(self) -> None:
        async with hostile.garbage() as server:
            assert (await probe(server.port)).handshake == "rejected"

    async def test_reset_and_close(self) -> None:
        for kind in (hostile.reset(5), hostile.reset(0), hostile.closing()):
            async with kind as server:
                found = await failure(TlsHandshake(), target(server.port))
            assert found.reason is Reason.PROTOCOL, kind

    @pytest.mark.parametrize(
        "answer",
        [
            record(22, b"\x02\0\0\x05abcde"),  # a ServerHello that is too short
            b"\x16\x03\x03\xff\xff" + bytes(100),  # a record larger than any may be
            b"\x16\x03\x03\x00\x00" * 1000,  # empty records
            record(22, b"\x02\xff\xff\xff"),  # a message larger than we hold
            record(99, b"??"),
            b"\x16\x02\x00\x00\x10",
            record(21, b"\x02"),
        ],
    )
    async def test_malformed(self, answer: bytes) -> None:
        async with hostile.answer(answer) as server:
            assert await probe(server.port) == Tls("rejected", [], [])

    async def test_a_server_that_answers_another_version_establishes_only_that_one(self) -> None:
        async with hostile.answer(record(22, server_hello(0x0302, 0xC013))) as server:
            tls = await probe(server.port)
        assert (tls.handshake, tls.versions) == ("ok", ["TLSv1.1"])
        async with hostile.answer(record(22, server_hello(0x0305))) as server:
            assert (await probe(server.port)).versions == []

    async def test_a_suite_we_did_not_offer_is_no_handshake(self) -> None:
        async with hostile.answer(record(22, server_hello(0x0303, 0x1301))) as server:
            assert (await probe(server.port)).versions == []

    async def test_certificate_of_1_mb(self) -> None:
        answer = record(22, server_hello()) + certificate_of_1_mb()
        async with hostile.answer(answer) as server:
            tls = await probe(server.port)
        assert (tls.versions, tls.cert) == (["TLSv1.2"], None)

    async def test_unreadable_certificate(self) -> None:
        message = b"\x0b" + vector(vector(vector(b"\x30\x03abc", 3), 3), 3)
        async with hostile.answer(record(22, server_hello() + message)) as server:
            tls = await probe(server.port)
        assert (tls.versions, tls.cert) == (["TLSv1.2"], None)

    async def test_one_version_unanswered_makes_the_versions_unknown(self) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            hello = await reader.read(4096)
            if hello[9:11] == b"\x03\x02":  # TLS 1.1: never a word
                await reader.read()
            tls12 = hello[9:11] == b"\x03\x03" and b"\x00\x2b\x00\x03\x02\x03\x04" not in hello
            writer.write(record(22, server_hello()) if tls12 else record(21, b"\x02\x46"))
            await writer.drain()

        async with hostile.serve(talk) as server:
            tls = await probe(server.port)
        assert (tls.handshake, tls.versions) == ("ok", None)
        assert tls.suites and tls.suites[0].version == "TLSv1.2"


@pytest.mark.peer
async def test_sm2_certificate_is_read(tmp_path: Path) -> None:
    options = ["-sm3", "-sigopt", "distid:1234567812345678"]
    pem = odd_certificate(tmp_path, HOST, "sm2", *options).read_bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    message = b"\x0b" + vector(vector(vector(der, 3), 3), 3)
    async with hostile.answer(record(22, server_hello(0x0303, 0xC02B) + message)) as server:
        tls = await probe(server.port, HOST, (Authority(tmp_path).cert,))
    assert tls.cert
    assert (tls.cert.key_kind, tls.cert.key_bits, tls.cert.name_ok) == ("SM2", 256, True)
    assert (tls.cert.signature, tls.cert.signature_weak) == ("SM2-with-SM3", False)
    assert tls.cert.self_signed is None
