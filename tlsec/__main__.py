"""`python -m tlsec`, and the `tlsec` command: Ctrl-C ends it quietly even while it is being loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point."""
    try:
        from tlsec import cli
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
