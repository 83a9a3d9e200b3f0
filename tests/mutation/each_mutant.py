"""A pytest plugin that runs the collected tests once as they are, then on each mutant.

mutmut starts pytest anew for each mutant, and collecting takes longer than most mutants live. Here a
process is forked from the one that has collected; it runs the tests that reach the changed function
until one fails. Tests that draw at random are left out: what they catch today they may miss tomorrow.

Reads the names of the mutants from the file of `--mutants`, and writes what became of each to `--verdicts`.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

SURVIVED = "survived"
PATIENCE = 20  # seconds; and twenty times as long as the tests take


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the mutants are listed, and where the verdicts go."""
    parser.addoption("--mutants", type=Path)
    parser.addoption("--verdicts", type=Path)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Take pytest's place: the tests once, to learn which functions each one reaches; then each mutant."""
    items = [item for item in session.items if not _draws_at_random(item)]
    reached, took = _unchanged(items)
    gc.freeze()  # what is there now stays where it is, and is not copied into each child
    mutants = json.loads(session.config.getoption("mutants").read_text())
    verdicts: dict[str, str] = {}
    noticed: dict[str, set[pytest.Item]] = defaultdict(set)
    for done, mutant in enumerate(mutants, start=1):
        function = mangled_name_from_mutant_name(mutant)
        tests = [item for item in items if function in reached[item]]
        tests.sort(key=lambda item: (item not in noticed[function], took[item]))
        verdicts[mutant], by = _verdict(mutant, tests, 20 * sum(took[item] for item in tests) + PATIENCE)
        noticed[function].update(by)
        if done % 50 == 0 or done == len(mutants):
            session.config.getoption("verdicts").write_text(json.dumps(verdicts))
            print(f"{done} of {len(mutants)}", file=sys.__stdout__, flush=True)
    session.config.getoption("verdicts").write_text(json.dumps(verdicts))
    return True


def _draws_at_random(item: pytest.Item) -> bool:
    return getattr(getattr(item, "function", None), "is_hypothesis_test", False)


def _unchanged(items: Sequence[pytest.Item]) -> tuple[dict[pytest.Item, set[str]], dict[pytest.Item, float]]:
    """Which functions each test reaches, and for how long it runs; stops where one fails as it is."""
    set_mutant_under_test("stats")
    reached, took = {}, {}
    for item, following in pairwise([*items, None]):
        assert item is not None
        state()._stats.clear()
        start = time.monotonic()
        if not _passes(item, following):
            pytest.exit(f"{item.nodeid} fails without a mutant", returncode=2)
        reached[item], took[item] = set(state()._stats), time.monotonic() - start
    return reached, took


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Whether a test passes: pytest's own protocol without its reports, which nobody reads here."""
    item._initrequest()
    try:
        item.ihook.pytest_runtest_setup(item=item)
        item.ihook.pytest_runtest_call(item=item)
    except pytest.skip.Exception:
        return True
    except (Exception, pytest.fail.Exception):
        return False
    finally:
        item.ihook.pytest_runtest_teardown(item=item, nextitem=following)
        item._request, item.funcargs = False, None
    return True


def _verdict(mutant: str, tests: Sequence[pytest.Item], seconds: float) -> tuple[str, Sequence[pytest.Item]]:
    """What becomes of a mutant in a process of its own, and which test noticed it."""
    if not tests:
        return "no test reaches it", ()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(int(seconds))
        _run(mutant, tests, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if said.isdigit():
        return "killed", tests[int(said) :][:1]
    endless = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
    return ("killed" if endless else said or "crashed"), ()


def _run(mutant: str, tests: Sequence[pytest.Item], writer: int) -> NoReturn:
    """Say in the pipe which test fails first, or that none does."""
    try:
        set_mutant_under_test(mutant)
        failing = (n for n, pair in enumerate(pairwise([*tests, None])) if not _passes(*pair))
        os.write(writer, str(next(failing, SURVIVED)).encode())
    finally:
        os._exit(0)
