"""Watch: monitors of short cadence on the loop of the scan, with confirmation before alarm."""
