"""Probes: Python that collects typed facts and never judges. One file a probe; `registry` lists them."""
