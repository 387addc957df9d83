"""The register (台账): units, systems, zones, assets, permits; how they come in and go out, and what they say."""
