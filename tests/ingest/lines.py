"""Mixed lines of a busy network, the same for the same seed: syslog of both kinds, CEF and EVE."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator


def mixed(n: int, seed: int = 1, hosts: int = 40) -> Iterator[bytes]:
    """No two lines are the same bytes; about `hosts` × 10 identities."""
    chance = random.Random(seed)
    for number in range(n):
        host, attacker = chance.randrange(hosts), chance.randrange(1, 250)
        yield _LINES[number % 4](number, host, attacker, chance)


def _rfc3164(number: int, host: int, attacker: int, chance: random.Random) -> bytes:
    words = ("Failed password for root from", "Invalid user admin from", "Accepted key from")
    said = words[chance.randrange(3)]
    pri = 32 + chance.choice((2, 3, 4, 6))
    text = (
        f"<{pri}>Nov 24 11:59:58 h{host} sshd[{number}]: {said} 203.0.113.{attacker} port {number}"
    )
    return text.encode()


def _rfc5424(number: int, host: int, attacker: int, chance: random.Random) -> bytes:
    msgid = f"ID{chance.randrange(4)}"
    stamp = f"2026-11-24T03:59:58.{number % 1_000_000:06d}Z"
    return f"<131>1 {stamp} h{host} app {number} {msgid} - user {attacker} denied".encode()


def _cef(number: int, host: int, attacker: int, chance: random.Random) -> bytes:
    rule = chance.randrange(3)
    text = (
        f"<134>Nov 24 11:59:58 waf CEF:0|v|waf|1|{rule}|规则{rule}|{3 + rule * 3}|src=203.0.113.{attacker} "
        f"dst=198.51.100.{host} dpt=443 request=/p/{number}/x?n={number} cat=waf"
    )
    return text.encode("gbk" if number % 8 == 2 else "utf-8")


def _eve(number: int, host: int, attacker: int, chance: random.Random) -> bytes:
    rule = chance.randrange(3)
    alert = {
        "gid": 1,
        "signature_id": 2000000 + rule,
        "severity": 1 + rule,
        "signature": f"ET {rule}",
    }
    event = {
        "timestamp": f"2026-11-24T11:59:58.{number % 1_000_000:06d}+0800", "flow_id": number,
        "event_type": "alert", "src_ip": f"203.0.113.{attacker}", "src_port": number % 60000,
        "dest_ip": f"198.51.100.{host}", "dest_port": 443, "proto": "TCP", "alert": alert,
    }  # fmt: skip
    return json.dumps(event).encode()


_LINES = (_rfc3164, _rfc5424, _cef, _eve)
