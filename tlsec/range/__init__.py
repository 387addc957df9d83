"""The practice range: a small fictitious city of real servers on loopback, in one process.

Read `city.yaml` for what stands there, `troubles.yaml` for what can be broken, `control.py` for how
others start, ask and end it. One file a kind of server; `streets.py` opens and closes their sockets.
"""
