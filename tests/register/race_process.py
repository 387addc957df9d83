"""The race in a process of its own, on the database of a workspace that is given."""

from __future__ import annotations

import json
import os
import sys


def main(root: str) -> None:
    os.environ["TLSEC_WORKSPACE"] = root
    os.environ["DJANGO_SETTINGS_MODULE"] = "tlsec.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    from tests.register.test_race import race
    from tests.register.working import an_item, breaks, taken_to
    from tlsec.register.models import Journal
    from tlsec.register.transitions import State

    item = taken_to(State.DISPATCHED, an_item())
    said = race(item.no, item.version)
    winner = Journal.objects.get(object=item.no, command="item.sign").actor
    item.refresh_from_db()
    told = {
        "winners": said.count(""),
        "others_told_who": sum(winner in text for text in said),
        "version": item.version,
        "breaks": breaks(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
