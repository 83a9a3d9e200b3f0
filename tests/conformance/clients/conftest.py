"""What the tests with other clients share: the served service, and what becomes of a missing tool."""

from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests import missing
from tests.conformance.served import Served, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A process of its own for each client, so that its log is of this client's calls."""
    with served(tmp_path_factory.mktemp("served")) as running:
        yield running


def without(reason: str) -> NoReturn:
    """Skip, loudly; in CI, fail."""
    missing.without(reason, untested="with a client that we did not write")
