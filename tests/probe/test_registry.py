"""The list of probes: lazy, complete, and true to the classes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib import import_module

import pytest

from tlsec.probe.registry import PROBES, fact_types, probe_class


def test_listing_probes_imports_none_of_them() -> None:
    code = (
        "import sys, tlsec.probe.registry as r; assert len(r.PROBES) >= 5;"
        "print([m for m in sys.modules if m in {p.module for p in r.PROBES.values()}"
        " or m.split('.')[0] in ('cryptography', 'aiohttp', 'dns', 'django')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("probe", PROBES)
def test_each_probe_is_what_the_list_says(probe: str) -> None:
    if not hasattr(import_module(PROBES[probe].module), PROBES[probe].name):
        pytest.skip(f"{probe} is not written yet")
    known = probe_class(probe)
    assert (known.id, known.version) == (probe, PROBES[probe].version)
    assert known.locator[-1] == "vantage"
    assert set(known.title) == {"zh", "en"}
    assert dataclasses.is_dataclass(known.facts)
    assert len(dataclasses.fields(known.facts)) == 1, "one field: the namespace that checks read"


def test_fact_types_by_id_and_version() -> None:
    try:
        types = fact_types()
    except AttributeError:
        pytest.skip("a probe is not written yet")
    assert set(types) == {f"{probe}@{ref.version}" for probe, ref in PROBES.items()}
    assert types["net.port@1"].__name__ == "PortFacts"


def test_an_unknown_probe_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        probe_class("no.such")
