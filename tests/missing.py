"""What becomes of a test whose tool is not on this machine."""

import os
from typing import NoReturn

import pytest


def without(reason: str, *, untested: str) -> NoReturn:
    """Skip, and say loudly what is then untested; in CI, fail."""
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"In CI this test must run, but {reason}.")
    pytest.skip(f"NOT TESTED {untested}: {reason}")
