"""Numbers of papers: an interval is printed as an interval, and never narrower than it is. Pure."""

from __future__ import annotations

from math import ceil, floor

from tlsec.i18n import _

_SLACK = 1e-9  # what floating point may have added or lost


def floored(value: float, digits: int = 1) -> str:
    """The value cut, never rounded up: a lower end."""
    scale = 10**digits
    return f"{floor(value * scale + _SLACK) / scale:.{digits}f}"


def ceiled(value: float, digits: int = 1) -> str:
    """The value rounded up: an upper end."""
    scale = 10**digits
    return f"{ceil(value * scale - _SLACK) / scale:.{digits}f}"


def _rounded(value: float, digits: int) -> str:
    scale = 10**digits
    nearest = floor(value * scale + 0.5 + _SLACK)
    if nearest % scale == 0 and abs(value * scale - nearest) > _SLACK * scale:
        nearest += 1 if value * scale > nearest else -1
    return f"{nearest / scale:.{digits}f}"


def between(low: float, high: float, unit: str = "", digits: int = 1) -> str:
    """ "62.5%～81.0%", or "62.5%" where nothing is open.

    A settled number is rounded, but never to a whole number that it is not: 89.996 is no 90.00.
    """
    if low == high:
        return _rounded(low, digits) + unit
    return _("{low}～{high}").format(
        low=floored(low, digits) + unit, high=ceiled(high, digits) + unit
    )
