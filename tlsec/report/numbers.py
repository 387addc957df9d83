"""Numbers of papers: an interval is printed as an interval, and never narrower than it is. Pure."""

from __future__ import annotations

from math import ceil, floor

_SLACK = 1e-9  # what floating point may have added or lost


def floored(value: float, digits: int = 1) -> str:
    """The value cut, never rounded up: a lower end."""
    scale = 10**digits
    return f"{floor(value * scale + _SLACK) / scale:.{digits}f}"


def ceiled(value: float, digits: int = 1) -> str:
    """The value rounded up: an upper end."""
    scale = 10**digits
    return f"{ceil(value * scale - _SLACK) / scale:.{digits}f}"


def between(low: float, high: float, unit: str = "", digits: int = 1) -> str:
    """ "62.5%～81.0%", or "62.5%" where nothing is open.

    A settled number is cut as well: 89.996 must not be read as 90.00.
    """
    if low == high:
        return floored(low, digits) + unit
    return f"{floored(low, digits)}{unit}～{ceiled(high, digits)}{unit}"
