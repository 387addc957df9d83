"""Cipher suites: code, name, forward secrecy, weakness.

Codes and names: IANA registry "TLS Cipher Suites" and its RFCs (5246, 8446, 8998 …), the SSLv3 and
EXPORT1024 drafts, and for TLCP GB/T 38636-2020 table 2 and GM/T 0024-2014.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

EMPTY_RENEGOTIATION_INFO_SCSV = 0x00FF

# first code, key exchanges, ciphers: codes run through the ciphers of the first key exchange, then of
# the second and so on. "." leaves a code out.
_BLOCKS = """
0000 NULL : NULL_NULL
0001 RSA : NULL_MD5 NULL_SHA
0003 RSA_EXPORT : RC4_40_MD5
0004 RSA : RC4_128_MD5 RC4_128_SHA
0006 RSA_EXPORT : RC2_CBC_40_MD5
0007 RSA : IDEA_CBC_SHA
0008 RSA_EXPORT : DES40_CBC_SHA
0009 RSA : DES_CBC_SHA 3DES_EDE_CBC_SHA
000B DH_DSS_EXPORT : DES40_CBC_SHA
000C DH_DSS : DES_CBC_SHA 3DES_EDE_CBC_SHA
000E DH_RSA_EXPORT : DES40_CBC_SHA
000F DH_RSA : DES_CBC_SHA 3DES_EDE_CBC_SHA
0011 DHE_DSS_EXPORT : DES40_CBC_SHA
0012 DHE_DSS : DES_CBC_SHA 3DES_EDE_CBC_SHA
0014 DHE_RSA_EXPORT : DES40_CBC_SHA
0015 DHE_RSA : DES_CBC_SHA 3DES_EDE_CBC_SHA
0017 DH_anon_EXPORT : RC4_40_MD5
0018 DH_anon : RC4_128_MD5
0019 DH_anon_EXPORT : DES40_CBC_SHA
001A DH_anon : DES_CBC_SHA 3DES_EDE_CBC_SHA
001E KRB5 : DES_CBC_SHA 3DES_EDE_CBC_SHA RC4_128_SHA IDEA_CBC_SHA
0022 KRB5 : DES_CBC_MD5 3DES_EDE_CBC_MD5 RC4_128_MD5 IDEA_CBC_MD5
0026 KRB5_EXPORT : DES_CBC_40_SHA RC2_CBC_40_SHA RC4_40_SHA
0029 KRB5_EXPORT : DES_CBC_40_MD5 RC2_CBC_40_MD5 RC4_40_MD5
002C PSK DHE_PSK RSA_PSK : NULL_SHA
002F RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon : AES_128_CBC_SHA
0035 RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon : AES_256_CBC_SHA
003B RSA : NULL_SHA256 AES_128_CBC_SHA256 AES_256_CBC_SHA256
003E DH_DSS DH_RSA DHE_DSS : AES_128_CBC_SHA256
0041 RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon : CAMELLIA_128_CBC_SHA
0062 RSA_EXPORT1024 DHE_DSS_EXPORT1024 : DES_CBC_SHA
0064 RSA_EXPORT1024 DHE_DSS_EXPORT1024 : RC4_56_SHA
0066 DHE_DSS : RC4_128_SHA
0067 DHE_RSA : AES_128_CBC_SHA256
0068 DH_DSS DH_RSA DHE_DSS DHE_RSA : AES_256_CBC_SHA256
006C DH_anon : AES_128_CBC_SHA256 AES_256_CBC_SHA256
0084 RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon : CAMELLIA_256_CBC_SHA
008A PSK DHE_PSK RSA_PSK : RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA
0096 RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon : SEED_CBC_SHA
009C RSA DHE_RSA DH_RSA DHE_DSS DH_DSS DH_anon : AES_128_GCM_SHA256 AES_256_GCM_SHA384
00A8 PSK DHE_PSK RSA_PSK : AES_128_GCM_SHA256 AES_256_GCM_SHA384
00AE PSK DHE_PSK RSA_PSK : AES_128_CBC_SHA256 AES_256_CBC_SHA384 NULL_SHA256 NULL_SHA384
00BA RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon : CAMELLIA_128_CBC_SHA256
00C0 RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon : CAMELLIA_256_CBC_SHA256
C001 ECDH_ECDSA ECDHE_ECDSA ECDH_RSA ECDHE_RSA ECDH_anon :\
 NULL_SHA RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA
C01A SRP_SHA SRP_SHA_RSA SRP_SHA_DSS : 3DES_EDE_CBC_SHA
C01D SRP_SHA SRP_SHA_RSA SRP_SHA_DSS : AES_128_CBC_SHA
C020 SRP_SHA SRP_SHA_RSA SRP_SHA_DSS : AES_256_CBC_SHA
C023 ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA : AES_128_CBC_SHA256 AES_256_CBC_SHA384
C02B ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA : AES_128_GCM_SHA256 AES_256_GCM_SHA384
C033 ECDHE_PSK : RC4_128_SHA 3DES_EDE_CBC_SHA AES_128_CBC_SHA AES_256_CBC_SHA
C037 ECDHE_PSK : AES_128_CBC_SHA256 AES_256_CBC_SHA384 NULL_SHA NULL_SHA256 NULL_SHA384
C03C RSA DH_DSS DH_RSA DHE_DSS DHE_RSA DH_anon ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA :\
 ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384
C050 RSA DHE_RSA DH_RSA DHE_DSS DH_DSS DH_anon ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA :\
 ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384
C064 PSK DHE_PSK RSA_PSK : ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384
C06A PSK DHE_PSK RSA_PSK : ARIA_128_GCM_SHA256 ARIA_256_GCM_SHA384
C070 ECDHE_PSK : ARIA_128_CBC_SHA256 ARIA_256_CBC_SHA384
C072 ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA : CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384
C07A RSA DHE_RSA DH_RSA DHE_DSS DH_DSS DH_anon ECDHE_ECDSA ECDH_ECDSA ECDHE_RSA ECDH_RSA :\
 CAMELLIA_128_GCM_SHA256 CAMELLIA_256_GCM_SHA384
C08E PSK DHE_PSK RSA_PSK : CAMELLIA_128_GCM_SHA256 CAMELLIA_256_GCM_SHA384
C094 PSK DHE_PSK RSA_PSK ECDHE_PSK : CAMELLIA_128_CBC_SHA256 CAMELLIA_256_CBC_SHA384
C09C RSA DHE_RSA : AES_128_CCM AES_256_CCM
C0A0 RSA DHE_RSA : AES_128_CCM_8 AES_256_CCM_8
C0A4 PSK DHE_PSK : AES_128_CCM AES_256_CCM
C0A8 PSK PSK_DHE : AES_128_CCM_8 AES_256_CCM_8
C0AC ECDHE_ECDSA : AES_128_CCM AES_256_CCM AES_128_CCM_8 AES_256_CCM_8
C0B0 ECCPWD : AES_128_GCM_SHA256 AES_256_GCM_SHA384 AES_128_CCM_SHA256 AES_256_CCM_SHA384
C100 GOSTR341112_256 : KUZNYECHIK_CTR_OMAC MAGMA_CTR_OMAC 28147_CNT_IMIT
CCA8 ECDHE_RSA ECDHE_ECDSA DHE_RSA PSK ECDHE_PSK DHE_PSK RSA_PSK : CHACHA20_POLY1305_SHA256
D001 ECDHE_PSK : AES_128_GCM_SHA256 AES_256_GCM_SHA384 AES_128_CCM_8_SHA256 . AES_128_CCM_SHA256
FEFE RSA_FIPS : DES_CBC_SHA 3DES_EDE_CBC_SHA
"""

_TLS13 = {
    0x00C6: "TLS_SM4_GCM_SM3",
    0x00C7: "TLS_SM4_CCM_SM3",
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256",
    0x1305: "TLS_AES_128_CCM_8_SHA256",
    0x1306: "TLS_AEGIS_256_SHA512",
    0x1307: "TLS_AEGIS_128L_SHA256",
    0xC0B4: "TLS_SHA256_SHA256",  # RFC 9150: integrity only, nothing is encrypted
    0xC0B5: "TLS_SHA384_SHA384",
}

_TLCP = {
    0xE001: "ECDHE_SM1_SM3",
    0xE003: "ECC_SM1_SM3",
    0xE005: "IBSDH_SM1_SM3",
    0xE007: "IBC_SM1_SM3",
    0xE009: "RSA_SM1_SM3",
    0xE00A: "RSA_SM1_SHA1",
    0xE011: "ECDHE_SM4_CBC_SM3",
    0xE013: "ECC_SM4_CBC_SM3",
    0xE015: "IBSDH_SM4_CBC_SM3",
    0xE017: "IBC_SM4_CBC_SM3",
    0xE019: "RSA_SM4_CBC_SM3",
    0xE01A: "RSA_SM4_CBC_SHA1",
    0xE01C: "RSA_SM4_CBC_SHA256",
    0xE051: "ECDHE_SM4_GCM_SM3",
    0xE053: "ECC_SM4_GCM_SM3",
    0xE055: "IBSDH_SM4_GCM_SM3",
    0xE057: "IBC_SM4_GCM_SM3",
    0xE059: "RSA_SM4_GCM_SM3",
    0xE05A: "RSA_SM4_GCM_SHA256",
}

# RC2, IDEA, DES and 3DES have 64-bit blocks or less than 112 bits of strength (RFC 8996, RFC 5469,
# RFC 7465, NIST SP 800-131A); SEED, ARIA and CAMELLIA are rare, not weak.
_WEAK = re.compile(r"NULL|EXPORT|anon|RC4|RC2|IDEA|DES|MD5|^TLS_SHA(256|384)_SHA")
_EPHEMERAL = re.compile(r"^TLS_(DHE|ECDHE|PSK_DHE|ECCPWD)_|^(ECDHE|IBSDH)_")
_UNUSUAL = re.compile(r"PSK|SRP|KRB5|GOST|ECCPWD|FIPS|NULL_WITH_NULL")
_NEEDS_TLS12 = re.compile(r"SHA256$|SHA384$|_CCM|_GCM|OMAC|IMIT")


@dataclass(frozen=True, slots=True)
class CipherSuite:
    """One suite. `weak`: NULL, EXPORT, anonymous, RC2, RC4, DES, 3DES, IDEA or MD5."""

    code: int
    name: str
    forward_secrecy: bool
    weak: bool


@cache
def table() -> dict[int, CipherSuite]:
    """Every suite that has a name here, by code."""
    names = dict(_TLS13) | _TLCP
    for line in _BLOCKS.replace("\\\n", "").split("\n"):
        if not line:
            continue
        first, rest = line.split(" ", 1)
        exchanges, ciphers = (part.split() for part in rest.split(":"))
        pairs = [(x, c) for x in exchanges for c in ciphers]
        for code, (exchange, cipher) in enumerate(pairs, int(first, 16)):
            if cipher != ".":
                names[code] = f"TLS_{exchange}_WITH_{cipher}"
    names[0x0000] = "TLS_NULL_WITH_NULL_NULL"
    return {code: _suite(code, name) for code, name in sorted(names.items())}


def suite(code: int) -> CipherSuite:
    """The suite of a code; an unassigned one is named by its number and called weak."""
    known = table().get(code)
    return known or CipherSuite(code, f"0x{code:04X}", forward_secrecy=False, weak=True)


def _suite(code: int, name: str) -> CipherSuite:
    ephemeral = code in _TLS13 or bool(_EPHEMERAL.search(name))
    return CipherSuite(code, name, ephemeral, bool(_WEAK.search(name)))


def strength(code: int) -> tuple[bool, bool, bool, bool, int]:
    """Sort key: best first (not weak, forward secrecy, AEAD, elliptic), then by code."""
    known = suite(code)
    aead = any(mode in known.name for mode in ("GCM", "POLY1305", "CCM"))
    return known.weak, not known.forward_secrecy, not aead, "ECDHE" not in known.name, code


@cache
def offered(version: int) -> tuple[int, ...]:
    """The suites worth offering at a protocol version (0x0300 … 0x0304), best first.

    Left out: those that need a shared secret or ticket (PSK, SRP, Kerberos), and those never
    deployed outside their authors' products.
    """
    if version >= 0x0304:
        return tuple(sorted(_TLS13, key=strength))
    codes = [
        known.code
        for known in table().values()
        if known.code not in _TLS13
        and known.code not in _TLCP
        and not _UNUSUAL.search(known.name)
        and (version == 0x0303 or not _NEEDS_TLS12.search(known.name))
    ]
    return tuple(sorted(codes, key=strength))


def names(codes: Iterable[int]) -> list[str]:
    """Names of codes, in their order."""
    return [suite(code).name for code in codes]
