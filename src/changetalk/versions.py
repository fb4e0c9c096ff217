"""Which versions are installed: for bug reports, and for the manifest of a trained model."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import changetalk

_LIBRARIES: Final = (
    "joblib", "narwhals", "numpy", "openpyxl", "pandas", "polars", "pyarrow", "scikit-learn", "scipy",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the version of changetalk, Python and every library it may use, where installed."""
    found = {"changetalk": changetalk.__version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def show_versions() -> None:
    """Print versions and platform, to be pasted into a bug report."""
    for name, number in {**versions(), "platform": platform.platform()}.items():
        print(f"{name:<14}{number}")
