"""kill -9 at any point of a delivery: nothing is lost, and at most the one message under way goes out again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.notify import servers
from tests.notify.conftest import NOW, Clock

# the worker as the serving process runs it, on a workspace of the test
WORKER = """
import os, sys
from datetime import datetime
import django
django.setup()
from tlsec.register import delivery
print("ready", flush=True)
delivery.deliver(datetime.fromisoformat(sys.argv[1]))
"""


def test_killed_workers_lose_nothing_and_repeat_at_most_one_each(
    tables: Path, clock: Clock
) -> None:
    from tlsec.register import delivery, outbox
    from tlsec.register.models_outbox import Notice, SendLog

    notices, kills = 16, 2
    chance = random.Random(4)
    strike = threading.Event()
    countdown = [0]

    def reply(_request: servers.Request) -> servers.Reply:
        countdown[0] -= 1
        if countdown[0] == 0:
            strike.set()
            wait.wait(5)  # the other side has taken it; the worker will never hear so
        return 200, b"{}"

    with servers.web(reply) as web:
        text = (
            f"channels:\n  - {{id: hook, kind: webhook, url: '{web.url}', cleartext: true}}\n"
            "audiences:\n  - {role: duty, channels: [hook]}\n"
        )
        (tables / "notify.yaml").write_text(text, encoding="utf-8")
        try:
            for n in range(notices):
                outbox.enqueue(NOW, f"k{n}", "duty", f"第{n}条", "", "normal")
            for _kill in range(kills):
                wait = threading.Event()
                strike.clear()
                countdown[0] = chance.randint(2, 6)
                worker = subprocess.Popen(
                    [sys.executable, "-c", WORKER, clock.now.isoformat()],
                    env=dict(os.environ), stdout=subprocess.PIPE,
                )  # fmt: skip
                assert strike.wait(30)
                worker.send_signal(signal.SIGKILL)
                worker.wait()
                assert worker.stdout
                worker.stdout.close()
                wait.set()
                clock.now += timedelta(seconds=61)  # the dead one's hold runs out
            countdown[0] = 0
            delivery.deliver(clock.now, elapsed=clock.still)
        finally:
            (tables / "notify.yaml").unlink()
    times = Counter(request.json["id"] for request in web.got)
    assert len(times) == notices  # none lost
    assert sum(times.values()) == notices + kills  # one repeat a kill, and no more
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}
    again = [id_ for id_, n in times.items() if n > 1]
    for id_ in again:  # the receiver can tell a repeat by its id, and the log tells us
        log = SendLog.objects.filter(notice_id=int(id_.removeprefix("tlsec-")))
        assert list(log.order_by("id").values_list("event", flat=True)) == [
            "queued", "tried", "tried", "accepted",
        ]  # fmt: skip
        assert log.filter(event="tried").latest("id").detail == "前一次没有结果，再发"
