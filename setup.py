"""The one thing pyproject.toml cannot say: top-level content folders travel inside the wheel.

They lie beside the package in a checkout and in `tlsec/_shipped/` in a wheel; tlsec/shipped.py finds both.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CONTENT = ("policies", "drills", "reports")


class BuildWithContent(build_py):
    """Copies the content folders into the built package, but not for an editable install."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        inside = Path(self.build_lib) / "tlsec" / "_shipped"
        for folder in filter(Path.is_dir, map(Path, CONTENT)):
            self.copy_tree(str(folder), str(inside / folder))


setup(cmdclass={"build_py": BuildWithContent})
