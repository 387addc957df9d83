"""The suite table against what OpenSSL calls the same codes, and its judgements."""

from __future__ import annotations

import subprocess

import pytest

from tests.peers import need
from tlsec.wire.hello import VERSION_NAMES
from tlsec.wire.suites import offered, strength, suite, table


@pytest.mark.peer
def test_every_suite_openssl_knows_has_the_same_name_here() -> None:
    command = [need("openssl"), "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(lines) > 100
    for line in lines:
        code, _dash, name = line.split()[:3]
        high, low = code.split(",")
        assert suite(int(high, 16) << 8 | int(low, 16)).name == name


@pytest.mark.parametrize(
    ("code", "name", "forward_secrecy", "weak"),
    [
        (0x0000, "TLS_NULL_WITH_NULL_NULL", False, True),
        (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", False, True),
        (0x0004, "TLS_RSA_WITH_RC4_128_MD5", False, True),
        (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", False, True),
        (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", True, True),
        (0x001B, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA", False, True),
        (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", False, False),
        (0x0066, "TLS_DHE_DSS_WITH_RC4_128_SHA", True, True),
        (0x009B, "TLS_DH_anon_WITH_SEED_CBC_SHA", False, True),
        (0x00A7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", False, True),
        (0x00C6, "TLS_SM4_GCM_SM3", True, False),
        (0x00C7, "TLS_SM4_CCM_SM3", True, False),
        (0x1301, "TLS_AES_128_GCM_SHA256", True, False),
        (0xC002, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA", False, True),
        (0xC004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", False, False),
        (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", True, False),
        (0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", False, True),
        (0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", True, False),
        (0xC063, "TLS_ECDH_RSA_WITH_ARIA_256_GCM_SHA384", False, False),
        (0xC09B, "TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384", True, False),
        (0xC0AF, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", True, False),
        (0xC0B4, "TLS_SHA256_SHA256", True, True),
        (0xCCAE, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256", False, False),
        (0xD005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256", True, False),
        (0xE011, "ECDHE_SM4_CBC_SM3", True, False),
        (0xE013, "ECC_SM4_CBC_SM3", False, False),
        (0xE053, "ECC_SM4_GCM_SM3", False, False),
    ],
)
def test_known_suites(code: int, name: str, forward_secrecy: bool, weak: bool) -> None:
    known = suite(code)
    assert (known.name, known.forward_secrecy, known.weak) == (name, forward_secrecy, weak)


def test_names_are_unique_and_an_unknown_code_is_named_by_its_number() -> None:
    assert len({known.name for known in table().values()}) == len(table()) > 350
    assert suite(0xFAFA).name == "0xFAFA"
    assert suite(0xFAFA).weak


@pytest.mark.parametrize("version", VERSION_NAMES)
def test_offers_are_best_first_and_fit_the_version(version: int) -> None:
    codes = offered(version)
    assert list(codes) == sorted(codes, key=strength)
    assert not suite(codes[0]).weak
    names = [suite(code).name for code in codes]
    assert all(("_WITH_" in name) == (version < 0x0304) for name in names)
    assert not any("PSK" in name or "SRP" in name or "KRB5" in name for name in names)
    assert any("GCM" in name for name in names) == (version >= 0x0303)
    assert (0x1301 in codes) == (version == 0x0304)
    if version < 0x0304:
        assert {0x0003, 0x0005, 0x000A, 0x0001, 0x0018} <= set(codes), "the weak are asked for too"
