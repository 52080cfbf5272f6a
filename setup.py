"""What pyproject.toml cannot say: a wheel carries the dashboard inside the package.

An editable install carries nothing: there the files are found beside ``jne_engine``
(``jne_engine/core/resources.py``).
"""

from pathlib import Path
from shutil import copyfile, copytree, ignore_patterns, rmtree

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDERS = ("pages", "assets", "deploy", "docs")
FILES = ("app.py", ".streamlit/config.toml", "CITATION.cff", "CHANGELOG.md")
LEFT_OUT = ignore_patterns("__pycache__", "*.png")


class BuildWithDashboard(build_py):
    """Copies the dashboard to ``jne_engine/dashboard`` of what is built."""

    def run(self) -> None:
        """Build the package, then add the dashboard's files."""
        super().run()
        if self.editable_mode:
            return
        source, target = Path(__file__).parent, Path(self.build_lib, "jne_engine", "dashboard")
        rmtree(target, ignore_errors=True)
        for name in FOLDERS:
            copytree(source / name, target / name, ignore=LEFT_OUT)
        for name in FILES:
            (target / name).parent.mkdir(exist_ok=True)
            copyfile(source / name, target / name)


setup(cmdclass={"build_py": BuildWithDashboard})
