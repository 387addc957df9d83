"""20,000 assets come in, are listed and sliced, in memory that does not follow their number."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.inventory import large

ASSETS = 20_000
_IN_A_PROCESS_OF_ITS_OWN = """
import json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from tlsec.cli.context import open_root

root = Path(sys.argv[1])
(root / "tlsec.yaml").write_text("city: 大市\\nbureau: 大市数据局\\n", encoding="utf-8")
open_root(root)
from tlsec.inventory import store
from tlsec.inventory.importer import import_register
from tlsec.inventory.lookup import Lookup

def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

start = megabytes()
counts = import_register(root / "inventory")
imported = megabytes()
listed = sum(1 for _row in store.rows("assets"))
lookup = Lookup(datetime.now(UTC))
endpoints = sum(1 for _row in lookup.endpoints(zones=["Z4"]))
one = [row.asset for row in lookup.endpoints(address="127.64.0.5")]
for row in lookup.endpoints():
    lookup.asset_facts({"address": row.address, "port": row.port}, row.asset)
print(json.dumps({
    "created": counts["assets"].created, "listed": listed, "endpoints": endpoints, "one": one,
    "import": imported - start, "read": megabytes() - imported,
}))
"""


def test_a_large_register_stays_out_of_memory(tmp_path: Path) -> None:
    large.write(tmp_path / "inventory", ASSETS)
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS_OF_ITS_OWN, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)
    assert said["created"] == said["listed"] == ASSETS
    assert said["endpoints"] == ASSETS // 4
    assert said["one"] == ["H00004"]
    # rows alone, as models, would be well over 100 MB; what the rules keep of them is a fraction
    assert said["import"] < 80, said
    assert said["read"] < 25, said
