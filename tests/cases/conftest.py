"""Cases of the decision model's third form that are not met yet: `pending.txt` names them, one a line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

PENDING = Path(__file__).with_name("pending.txt")


@cache
def pending() -> frozenset[str]:
    """The tests that are not met yet, each as "test[chapter: sentence]"."""
    return frozenset(PENDING.read_text(encoding="utf-8").splitlines() if PENDING.exists() else ())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == PENDING.parent and item.name in pending():
            item.add_marker(pytest.mark.xfail(reason="third form: not built yet", strict=False))
