"""DNS messages, sans-I/O: one question to bytes, bytes to what they answer (RFC 1035, RFC 6891).

dnspython builds and parses; nothing here opens a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

Kind: TypeAlias = Literal["A", "AAAA", "NS"]
PAYLOAD = 1232  # bytes that cross every usual path unfragmented (DNS flag day 2020)
MAX_CHAIN = 16
MAX_RECORDS = 256
_CODES: dict[int, Literal["ok", "nxdomain", "servfail", "refused"]] = {
    dns.rcode.NOERROR: "ok",
    dns.rcode.NXDOMAIN: "nxdomain",
    dns.rcode.SERVFAIL: "servfail",
    dns.rcode.REFUSED: "refused",
    dns.rcode.NOTIMP: "refused",
    dns.rcode.FORMERR: "refused",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What one message says. `values`: addresses, or names without the final dot, sorted.

    `chain`: names of the CNAME chain after the asked one, as far as the answer follows it.
    """

    status: Literal["ok", "nxdomain", "servfail", "refused", "malformed"]
    truncated: bool = False
    chain: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


MALFORMED = Reply("malformed")


def is_name(name: str) -> bool:
    """Whether it can be asked: labels of 1 to 63 bytes, 253 in all, IDN allowed."""
    try:
        return len(_name(name).labels) > 1
    except (dns.exception.DNSException, UnicodeError, ValueError):
        return False


def _name(name: str) -> dns.name.Name:
    return dns.name.from_text(name, idna_codec=dns.name.IDNA_2003_Practical)


def question(name: str, kind: Kind, number: int) -> bytes:
    """A recursive question with the given id (0 to 65535). ValueError when `is_name` is False."""
    try:
        query = dns.message.make_query(
            _name(name), kind, use_edns=0, payload=PAYLOAD, id=number, flags=dns.flags.RD
        )
    except dns.exception.DNSException as error:
        raise ValueError(name) from error
    return query.to_wire()


def answer(asked: bytes, wire: bytes) -> Reply:
    """What `wire` answers to the question `asked`. Never raises for what `wire` holds.

    A message with another id, for another question, or that cannot be parsed is "malformed".
    """
    query = dns.message.from_wire(asked)
    try:
        message = dns.message.from_wire(wire, raise_on_truncation=False)
        if not query.is_response(message):
            return MALFORMED
        return _read(query, message)
    except (dns.exception.DNSException, ValueError, IndexError, OverflowError):
        return MALFORMED


def _read(query: dns.message.Message, message: dns.message.Message) -> Reply:
    status = _CODES.get(message.rcode())
    truncated = bool(message.flags & dns.flags.TC)
    if status is None:
        return MALFORMED
    asked = query.question[0]
    if status == "ok" and not truncated and not message.question:
        return MALFORMED
    here = asked.name
    chain: list[str] = []
    aliases = {
        rrset.name: rrset[0].target
        for rrset in message.answer[:MAX_RECORDS]
        if rrset.rdtype == dns.rdatatype.CNAME and rrset.rdclass == dns.rdataclass.IN
    }
    while here in aliases and len(chain) < MAX_CHAIN:
        here = aliases[here]
        if here == asked.name or _plain(here) in chain:
            return MALFORMED  # a chain that bites its tail leads nowhere
        chain.append(_plain(here))
    if here in aliases:
        return MALFORMED
    values = {
        _value(record)
        for rrset in message.answer[:MAX_RECORDS]
        if rrset.name == here and rrset.rdtype == asked.rdtype
        for record in list(rrset)[:MAX_RECORDS]
    }
    return Reply(status, truncated, tuple(chain), tuple(sorted(values)))


def _value(record: object) -> str:
    address = getattr(record, "address", None)
    if address is not None:
        return str(address)
    return _plain(record.target)  # type: ignore[attr-defined]  # only A, AAAA and NS are asked for


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
