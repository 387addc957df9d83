"""From the queue to the other side, with everything that can go wrong on the way."""

from __future__ import annotations

from pathlib import Path

from tests.notify import servers
from tests.notify.conftest import NOW, Clock


def hook(url: str, id_: str = "hook", **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"  - {{id: {id_}, kind: webhook, url: '{url}', cleartext: true{extra}}}\n"


def told(by: str = "hook", **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"audiences:\n  - {{role: duty, channels: [{by}]{extra}}}\n"


def test_a_notice_goes_from_the_queue_to_a_webhook(tables: Path, configure, clock: Clock) -> None:
    from tlsec.register import delivery, outbox
    from tlsec.register.models_outbox import Notice, SendLog

    with servers.web() as web:
        setup = configure("channels:\n" + hook(web.url) + told())
        outbox.enqueue(
            NOW, "YJ-2026-00001", "duty", "证书将到期", "203.0.113.9 还有 9 天", "urgent"
        )
        done = delivery.deliver(NOW, setup, clock.still)
        delivery.deliver(NOW, setup, clock.still)
    assert done.sent == {"hook": 1}
    (request,) = web.got
    assert request.json["text"] == "203.0.113.* 还有 9 天"
    (notice,) = Notice.objects.all()
    assert notice.state == "sent" and request.json["id"] == f"tlsec-{notice.pk}"
    assert list(SendLog.objects.values_list("event", flat=True)) == ["queued", "tried", "accepted"]
