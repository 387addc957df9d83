"""`python -m tlsec.range DATA_DIR READY_FD [PORT_SHIFT]`: the range's process. Use `control.up`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tlsec import i18n
from tlsec.i18n import _


def main() -> int:
    data_dir, ready_fd = Path(sys.argv[1]), int(sys.argv[2])
    port_shift = int(sys.argv[3]) if len(sys.argv) > 3 else None
    i18n.use(os.environ.get("TLSEC_LANG", "zh"))
    try:
        from tlsec.range import keeper
    except ModuleNotFoundError as error:
        text = _("缺少组件 {name}，请安装：pip install 'tlsec[range]'").format(name=error.name)
        os.write(ready_fd, json.dumps({"error": text, "kind": "RangeError"}).encode() + b"\n")
        return 3
    return keeper.run(data_dir, port_shift, ready_fd)


if __name__ == "__main__":
    sys.exit(main())
