"""Scan: plan → jobs → observations → verdicts → alerts."""
