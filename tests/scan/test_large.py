"""A large register: planned, listed and scanned in memory that does not follow its size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.inventory import large

_IN_A_PROCESS_OF_ITS_OWN = """
import json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from tlsec.cli.context import open_root

root = Path(sys.argv[1])
(root / "tlsec.yaml").write_text("city: 大市\\nbureau: 大市数据局\\n", encoding="utf-8")
opened = open_root(root)
from tlsec.inventory.importer import import_register
from tlsec.scan import jobs, lease, plans, runs
from tlsec.scan.plans import Step
import_register(root / "inventory")
now = datetime.now(UTC)
ground = runs.Ground.of(opened, now)

def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def steps(*probes, **narrow):
    return [Step(vantage="v", probes=list(probes), **narrow)]

def listed(which):
    return sum(1 for _line in jobs.preview(runs.plan_jobs(ground, which, now)))

def scanned(assets):
    specs = runs.plan_jobs(ground, steps("tls.handshake", assets=assets), now)
    run = runs.begin(ground, specs, "甲", kind="plan", title="试")
    runs.go(ground, run, "甲")
    return runs.summary(run)

names = [f"H{i:05d}" for i in range(8000)]
said = {"slice": listed(steps("net.port", "inventory.record", assets=names[4:6]))}
first = scanned(names[:800])
target = runs.begin(
    ground, [j for j in runs.target_jobs(ground, "H00004") if j.probe == "inventory.record"],
    "甲", kind="target", title="试",
)
runs.go(ground, target, "甲")
said["target"] = lease.counts(target.pk)
before = megabytes()
said["listed"] = listed(
    steps("net.port", "tls.handshake", "http.page", "dns.records", "inventory.record")
)
said["listing"] = megabytes() - before
before = megabytes()
second = scanned(names)
said["scanning"] = megabytes() - before
said["observations"] = [first["observations"], second["observations"]]
said["jobs"] = second["jobs"]
print(json.dumps(said))
"""


def test_memory_does_not_follow_the_number_of_results(tmp_path: Path) -> None:
    """No permit covers the city, so each job is settled as refused: observed, judged, not sent."""
    large.write(tmp_path / "inventory", 20_000)
    vantages = "- {id: v, name: 这里, zone: Z4, source: 127.64.0.1}\n"
    (tmp_path / "inventory" / "vantages.yaml").write_text(vantages, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS_OF_ITS_OWN, str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["slice"] == 3
    assert said["target"] == {"done": 1}
    assert said["listed"] == 3 * 5_000 + 20_000
    assert said["jobs"] == {"refused": 2_000}
    assert said["observations"] == [200, 2_000]
    # ten times the results: what is held is a batch of them and the register's bounded caches
    assert said["listing"] < 8, said
    assert said["scanning"] < 30, said
