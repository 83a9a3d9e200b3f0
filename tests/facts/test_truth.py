"""Kleene's strong logic, spelled out."""

from __future__ import annotations

from itertools import product

import pytest

from service.facts.truth import Truth

NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
TRUTHS = (NO, UNKNOWN, YES)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (YES, YES, YES),
        (YES, UNKNOWN, UNKNOWN),
        (YES, NO, NO),
        (UNKNOWN, YES, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN),
        (UNKNOWN, NO, NO),
        (NO, YES, NO),
        (NO, UNKNOWN, NO),
        (NO, NO, NO),
    ],
)
def test_and_is_the_lesser(one: Truth, other: Truth, both: Truth) -> None:
    assert (one & other) is both


@pytest.mark.parametrize(
    ("one", "other", "either"),
    [
        (YES, YES, YES),
        (YES, UNKNOWN, YES),
        (YES, NO, YES),
        (UNKNOWN, YES, YES),
        (UNKNOWN, UNKNOWN, UNKNOWN),
        (UNKNOWN, NO, UNKNOWN),
        (NO, YES, YES),
        (NO, UNKNOWN, UNKNOWN),
        (NO, NO, NO),
    ],
)
def test_or_is_the_greater(one: Truth, other: Truth, either: Truth) -> None:
    assert (one | other) is either


@pytest.mark.parametrize(("one", "mirrored"), [(YES, NO), (UNKNOWN, UNKNOWN), (NO, YES)])
def test_not_is_the_mirror(one: Truth, mirrored: Truth) -> None:
    assert ~one is mirrored


@pytest.mark.parametrize(("one", "other"), list(product(TRUTHS, TRUTHS)))
def test_de_morgan_holds(one: Truth, other: Truth) -> None:
    assert ~(one & other) is (~one | ~other)


@pytest.mark.parametrize("truth", TRUTHS)
def test_a_truth_has_no_bool(truth: Truth) -> None:
    with pytest.raises(TypeError) as refused:
        bool(truth)

    says = "A Truth has three values. Compare it with `is`, and say what UNKNOWN shall mean."
    assert str(refused.value) == says


@pytest.mark.parametrize("truth", TRUTHS)
def test_if_raises_instead_of_reading_unknown_as_no(truth: Truth) -> None:
    with pytest.raises(TypeError):
        _ = "so" if truth else "not so"
