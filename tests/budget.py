"""How long chance looks for a counterexample: briefly each time, and as long as somebody has patience."""

import os

from hypothesis import settings

TIMES = int(os.environ.get("TEST_EXAMPLES", "1"))


def tries(number: int) -> settings:
    """So many tries, times TEST_EXAMPLES; other ones in each run, and those that failed before come first."""
    return settings(max_examples=number * TIMES, deadline=None)
