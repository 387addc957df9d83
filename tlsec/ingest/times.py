"""Times as sources write them. Pure: whatever cannot be read is None, never an exception."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}  # fmt: skip
# "Mmm dd [yyyy] hh:mm:ss[.fff]", as RFC 3164 and CEF write it
_MONTH_FIRST = re.compile(
    r"([A-Za-z]{3}) {1,2}(\d{1,2})(?: (\d{4}))?,? (\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,6})\d{0,3})?"
)
_NUMBER = re.compile(r"-?\d{1,19}(?:\.\d{1,9})?")
_OFFSET_WITHOUT_COLON = re.compile(r"([+-]\d{2})(\d{2})$")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_PLAIN = ("%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d%H%M%S",
          "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日")  # fmt: skip
_MOST = 64  # characters of a time


def read(value: object, zone: tzinfo, near: datetime) -> datetime | None:
    """A time in UTC from seconds or milliseconds since 1970, ISO 8601, or one of the usual spellings."""
    text = str(value)[: _MOST + 1].strip()
    if not text or len(text) > _MOST:
        return None
    try:
        if len(text) != 14 and _NUMBER.fullmatch(text):
            return _epoch(float(text))
        if found := _MONTH_FIRST.match(text):
            return month_first(found, zone, near)
        return _aware(_written(text), zone)
    except (ValueError, OverflowError, OSError):
        return None


def _epoch(number: float) -> datetime:
    """Milliseconds where seconds would lie after the year 5000."""
    return datetime.fromtimestamp(number / 1000 if abs(number) > 1e11 else number, UTC)


def _written(text: str) -> datetime:
    iso = _FRACTION.sub(r"\1", _OFFSET_WITHOUT_COLON.sub(r"\1:\2", text))
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        for form in _PLAIN:
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
        raise


def _aware(value: datetime, zone: tzinfo) -> datetime:
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def match_month_first(text: str) -> re.Match[str] | None:
    return _MONTH_FIRST.match(text)


def month_first(found: re.Match[str], zone: tzinfo, near: datetime) -> datetime | None:
    """The time of a match. Without a year it is the year that brings it nearest to `near`."""
    month = _MONTHS.get(found[1].lower())
    if month is None:
        return None
    micro = int((found[7] or "0").ljust(6, "0"))
    rest = (int(found[2]), int(found[4]), int(found[5]), min(int(found[6]), 59), micro)
    here = near.astimezone(zone).year
    years = [int(found[3])] if found[3] else [here, here - 1, here + 1]
    times = []
    for year in years:
        try:
            times.append(_aware(datetime(year, month, *rest), zone))
        except (ValueError, OverflowError):  # 29 February, hour 25
            continue
    return min(times, key=lambda at: abs(at - near), default=None)


def trusted(at: datetime | None, received: datetime, most: timedelta) -> bool:
    """Whether a source's time may stand for the time of what happened."""
    return at is not None and abs(received - at) <= most
