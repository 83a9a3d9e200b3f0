"""What errors say: every id has its words, and every class of errors its sentence."""

import inspect

import pytest

from service import errors
from service.ehr.client import Why
from service.errors import Missing, RecordNotAvailable, ServiceError
from service.hooks.arrival import IN_PART, UNUSABLE
from service.web.errors import STATUS
from service.web.schemas.sentences import ARRIVED, NOT_FETCHED, SAYS, words_of


def test_every_id_has_its_words() -> None:
    assert ARRIVED.keys() == {arrival.value for arrival in (*UNUSABLE, *IN_PART)}
    assert NOT_FETCHED.keys() == {why.value for why in Why}


@pytest.mark.parametrize("kind", list(STATUS))
def test_an_error_whose_message_is_no_sentence_has_one_here(kind: type[ServiceError]) -> None:
    parameters = list(inspect.signature(kind.__init__).parameters)
    brings_its_own = not {"message", "args", "problems"}.isdisjoint(parameters)

    assert brings_its_own or kind in SAYS


def test_a_key_is_told_with_how_it_arrived_and_why_fetching_did_not_help() -> None:
    missing = [Missing("conditions", "absent", "timeout"), Missing("observations", "first-pages")]

    said = words_of(RecordNotAvailable(missing))

    assert "conditions (not sent; the FHIR server did not answer in time)" in said
    assert "observations (only the first pages of it)" in said


@pytest.mark.parametrize(("kept", "words"), [(0, "Nothing was kept"), (1, "1 item was"), (2, "2 items were")])
def test_feedback_says_what_became_of_the_other_items(kept: int, words: str) -> None:
    said = words_of(errors.FeedbackNotUnderstood({"feedback[0].card": "the UUID of a card"}, kept=kept))

    assert said.startswith("feedback[0].card must be the UUID of a card. ")
    assert words in said
