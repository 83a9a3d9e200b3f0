"""What must not matter does not, over the random records of the reference; its codes are the terminology's.

Whether the service decides as the reference does is asked by `python -m tests.reference.compare`.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.reference import terms
from tests.reference.compare import Answer, changed, records, service_answers

SEED = 20261123
CHANGED = 25

pytestmark = pytest.mark.skipif(
    not terms.DESIGN.exists(),
    reason="the terminology of the design lies beside the repository, and is not here",
)


@pytest.fixture(scope="module")
def answer() -> Answer:
    return service_answers()


def test_every_code_of_the_reference_stands_in_the_terminology() -> None:
    codes = [code for concept in terms.CONCEPTS for code in terms.codes_of(concept)]

    assert len(codes) > 300


def test_a_code_that_the_terminology_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"does not stand in terminology\.csv"):
        terms.listed("SNOMED", "1")


def test_what_must_not_matter_does_not(answer: Answer) -> None:
    found: dict[str, Any] = {}
    for number, (record, pathway) in enumerate(records(SEED, CHANGED)):
        for name, (before, after) in changed(answer, record, pathway, Random(number)).items():
            found[f"record {number}, {name}"] = {"before": before, "after": after}

    assert not found
