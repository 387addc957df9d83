"""TLS contexts of the city's servers: chosen versions, good suites, keys that never touch the disk."""

from __future__ import annotations

import os
import ssl
import warnings

from tlsec.range.ca import Identity
from tlsec.range.city import Tls

_VERSIONS = {
    "TLSv1.0": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_GOOD = "ECDHE+AESGCM:ECDHE+CHACHA20"
# Before TLS 1.2 there are only CBC suites and SHA-1 signatures, which OpenSSL 3 keeps for level 0
_OLD = _GOOD + ":ECDHE+AES:@SECLEVEL=0"


def context(options: Tls, identity: Identity) -> ssl.SSLContext:
    """A server context. The only weakness it can have is the age of its lowest version."""
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old = options.minimum in ("TLSv1.0", "TLSv1.1")
    result.set_ciphers(_OLD if old else _GOOD)
    with warnings.catch_warnings():  # Python warns of the old versions, which are wanted here
        warnings.simplefilter("ignore", DeprecationWarning)
        result.minimum_version = _VERSIONS[options.minimum]
        result.maximum_version = _VERSIONS[options.maximum]
    result.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    result.set_alpn_protocols(["http/1.1"])
    _load(result, identity)
    return result


def _load(into: ssl.SSLContext, identity: Identity) -> None:
    """Hand chain and key over through an anonymous memory file: the ssl module takes paths only."""
    descriptor = os.memfd_create("tlsec-range", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, identity.key + identity.chain)
        into.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
