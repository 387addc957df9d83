"""tlsec: probe, judge, register, retest, paper, for the e-government extranet of a city."""

__version__ = "0.1.0"
