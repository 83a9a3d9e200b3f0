"""The words and the order of what is found."""

from __future__ import annotations

import pytest

from service.assessment import Disposition

IN_ORDER = [
    "no-action",
    "lifestyle",
    "primary-care-review",
    "routine-referral",
    "urgent-referral",
    "same-day",
]


def test_dispositions_are_ordered_by_urgency_and_written_as_the_model_writes_them() -> None:
    assert [str(d) for d in sorted(Disposition)] == IN_ORDER


@pytest.mark.parametrize("name", IN_ORDER)
def test_a_disposition_is_found_by_its_name(name: str) -> None:
    assert str(Disposition.named(name)) == name


def test_any_other_name_is_refused() -> None:
    with pytest.raises(KeyError):
        Disposition.named("tomorrow")


def test_from_routine_referral_on_a_neurologist_sees_the_patient() -> None:
    assert [d.is_referral for d in sorted(Disposition)] == [False, False, False, True, True, True]
