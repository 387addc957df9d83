"""A large register as a folder of files, written row by row."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

UNITS = """
- {id: 大市, name: 大市, kind: city}
- {id: 大市数据局, name: 大市数据局, kind: unit, parent: 大市, county: 大市}
"""
ZONES = "- {id: Z4, name: 业务区, role: cloud_inner, blocks: [127.64.0.0/10]}\n"


def write(folder: Path, assets: int) -> Path:
    """A city of so many assets with one address and one name each; every fourth has an endpoint."""
    folder.mkdir(parents=True)
    (folder / "units.yaml").write_text(UNITS, encoding="utf-8")
    (folder / "zones.yaml").write_text(ZONES, encoding="utf-8")
    with (
        (folder / "assets.yaml").open("w", encoding="utf-8") as rows,
        (folder / "endpoints.yaml").open("w", encoding="utf-8") as ends,
    ):
        for i in range(assets):
            address = IPv4Address(0x7F400001 + i)
            rows.write(
                f"- {{id: H{i:05d}, name: 主机{i}, kind: host, unit: 大市数据局, county: 大市, "
                f"zone: Z4, addresses: [{address}], hosts: [h{i}.big.test]}}\n"
            )
            if i % 4:
                continue
            ends.write(
                f"- {{asset: H{i:05d}, address: {address}, port: 443, service: https, tls: true, "
                f"exposure: extranet, host: h{i}.big.test}}\n"
            )
    return folder
