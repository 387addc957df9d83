"""2,000 watched pages at one-minute cadence: the whole way from due look to stored state, on two cores.

`python -m benchmarks.watching [PAGES] [SECONDS] [EVERY]` starts the sites in a process of their own (half of
them with TLS), watches them for a while and says, as shares (below 1: it holds), how late the latest look
was against the five seconds allowed, and how much of one core the watch used.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

PORT = 20890
PAGE = (
    b"<!doctype html><html><head><title>x</title></head><body>"
    + b"<p>notice</p>" * 400
    + b"</body>"
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%s" % (len(PAGE), PAGE)
)
CITY = 250  # addresses; pages of one site share one


def main(pages: int = 2000, seconds: float = 90.0, every: float = 60.0) -> None:
    root = Path(tempfile.mkdtemp(prefix="tlsec-watch-"))
    sites = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "benchmarks.watching", "serve", str(root)]
    )
    try:
        while not (root / "ready").exists():
            time.sleep(0.1)
        _watch(root, pages, seconds, every)
    finally:
        sites.terminate()
        sites.wait()


def _watch(root: Path, pages: int, seconds: float, every: float) -> None:
    from benchmarks.__main__ import workspace

    workspace(root)
    _register(root, pages)
    (root / "plans.yaml").write_text("plans: []\n", encoding="utf-8")
    (root / "monitors.yaml").write_text(
        "monitors:\n  - {id: open, title: open, vantage: here, probes: [http.visit],\n"
        f"     checks: [web.reachable], every: {every}}}\n",
        encoding="utf-8",
    )
    from django.db.models import Max, Sum

    from tlsec.watch.models import Beat, Tally
    from tlsec.watch.service import Watch

    watch = Watch(root, lambda text: print(text, file=sys.stderr))
    ender = threading.Timer(seconds, watch.stop)
    ender.start()
    used, began = time.process_time(), time.monotonic()
    watch.run()
    used, took = time.process_time() - used, time.monotonic() - began
    said = Beat.objects.aggregate(
        looks=Sum("looks"), worst=Max("drift_max_ms"), total=Sum("drift_sum_ms"),
        late=Sum("late"), skipped=Sum("skipped"),
    )  # fmt: skip
    failed = Tally.objects.aggregate(n=Sum("failed"))["n"]
    expected = pages * took / every
    print(
        f"{pages} pages every {every:g} s, {said['looks']} looks ({said['looks'] / expected:.2f} of those due)"
    )
    print(f"latest look / 5 s allowed: {said['worst'] / 5000:.2f}")
    print(f"mean drift / 5 s allowed: {said['total'] / said['looks'] / 5000:.3f}")
    print(f"late {said['late']}, skipped {said['skipped']}, failed {failed}")
    print(f"one core used by the watch: {used / took:.2f}")


def _register(root: Path, pages: int) -> None:
    """A scope, a vantage and sites of some pages each, on addresses of the loopback network."""
    from tlsec.inventory.importer import import_register

    today = datetime.now(UTC).date()
    rows: dict[str, list[dict[str, object]]] = {
        "units": [{"id": "U", "name": "U", "kind": "city"}],
        "people": [{"id": "P", "name": "P", "unit": "U"}],
        "zones": [{"id": "Z", "name": "Z", "role": "none", "blocks": ["127.90.0.0/16"]}],
        "vantages": [{"id": "here", "title": "here", "zone": "Z", "source": "127.90.255.1"}],
        "scopes": [
            {
                "id": "S", "title": "S", "document": "S", "blocks": ["127.90.0.0/16"],
                "from": str(today - timedelta(days=1)), "until": str(today + timedelta(days=2)),
                "rate": 3000, "connections": 4, "approved_by": "P",
                "approved_on": str(today - timedelta(days=1)),
            }
        ],
        "assets": [],
        "endpoints": [],
    }  # fmt: skip
    for n in range(CITY):
        address = f"127.90.{n // 200}.{n % 200 + 1}"
        rows["assets"].append(
            {
                "id": f"A{n}", "name": f"A{n}", "kind": "site", "county": "U", "unit": "U",
                "zone": "Z", "addresses": [address],
            }
        )  # fmt: skip
        count = pages // CITY + (n < pages % CITY)
        rows["endpoints"].append(
            {
                "asset": f"A{n}", "address": address, "port": PORT + n % 2,
                "service": "https" if n % 2 else "http", "tls": bool(n % 2),
                "exposure": "internet", "pages": [{"path": f"/{i}"} for i in range(count)],
            }
        )  # fmt: skip
    folder = root / "inventory"
    folder.mkdir()
    for name, each in rows.items():
        text = "".join(f"- {json.dumps(row)}\n" for row in each)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    import_register(folder)


def serve(root: Path) -> None:
    """Every address of 127.90/16 on two ports, plain and TLS."""
    asyncio.run(_serve(root))


async def _serve(root: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    await asyncio.start_server(answer, "0.0.0.0", PORT)  # noqa: S104 - of the loopback network
    await asyncio.start_server(answer, "0.0.0.0", PORT + 1, ssl=_tls(root))  # noqa: S104
    (root / "ready").touch()
    await asyncio.Event().wait()


def _tls(root: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench.test")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=9))
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = root / "site.pem"
    file.write_bytes(pem + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        os.umask(0o077)
        serve(Path(sys.argv[2]))
    else:
        numbers = [float(each) for each in sys.argv[1:]]
        main(int(numbers[0]) if numbers else 2000, *numbers[1:])
