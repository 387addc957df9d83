"""Zero reports (零报告): one small file a system and day, as the counties would send them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tlsec.range.city import City

DAYS = 3  # how many days back, up to yesterday
_PLACE = ZoneInfo("Asia/Shanghai")
_REPORTERS = ("林溪", "周望", "许禾", "石磊", "沈澜", "方川", "秦青", "杜渡")


def day(now: datetime) -> date:
    """The calendar day in the city."""
    return now.astimezone(_PLACE).date()


def write(folder: Path, city: City, now: datetime) -> None:
    """Bring the folder in line with the city: the last days' reports, without the withheld ones.

    Files: <system>-<date>.json {"system","unit","date","sent_at","reporter","event"}, dates of
    Asia/Shanghai, `sent_at` in UTC. A report that is there is left as it is.
    """
    folder.mkdir(exist_ok=True)
    for back in range(1, DAYS + 1):
        past = day(now) - timedelta(days=back)
        for i, (system, unit) in enumerate(city.reporters.items()):
            path = folder / f"{system}-{past.isoformat()}.json"
            if back == 1 and system in city.withheld:
                path.unlink(missing_ok=True)
                continue
            if path.exists():
                continue
            sent = datetime.combine(past, time(15, 3 * i + 1), _PLACE).astimezone(UTC)
            report = {
                "system": system,
                "unit": unit,
                "date": past.isoformat(),
                "sent_at": sent.isoformat(),
                "reporter": _REPORTERS[i % len(_REPORTERS)],
                "event": False,
            }
            draft = path.with_suffix(".part")
            draft.write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
            draft.replace(path)  # a reader never sees half a report
