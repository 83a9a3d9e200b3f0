"""A card is read in 15 seconds: the words of every golden patient's cards are counted.

What the clinician reads stands above "Every day"; from there on it is what the patient takes home. The bounds
are a choice: the longest golden card may not grow without somebody looking at it.
"""

import re
from itertools import pairwise

import pytest

from service.cards import Card
from tests.patients.stories import stories

URGENT, OTHERS, TO_TAKE_HOME = 130, 145, 200
CARDS = [(story.name, card) for story in stories() for card in story.cards()]
each_card = pytest.mark.parametrize(
    "card", [c for _, c in CARDS], ids=[f"{n}-{c.indicator}" for n, c in CARDS]
)


def words(text: str) -> int:
    """Words as they are rendered: no addresses, no table lines."""
    return len(re.sub(r"\]\(\S+\)|[|*\[\]-]{2,}|\|", " ", text).split())


@each_card
def test_a_card_is_read_in_fifteen_seconds(card: Card) -> None:
    urgent = card.source.topic.code in ("TwitchSameDay", "TwitchReferralUrgent")
    for_the_clinician, every_day, to_take_home = f"{card.summary}\n{card.detail}".partition("**Every day**")

    assert words(for_the_clinician) <= (URGENT if urgent else OTHERS)
    assert words(every_day + to_take_home) <= TO_TAKE_HOME


@each_card
def test_no_line_of_a_card_is_said_twice(card: Card) -> None:
    lines = sorted(line for line in card.detail.splitlines() if len(line) > 12)

    assert all(one != other for one, other in pairwise(lines))


@each_card
def test_an_address_of_a_record_is_not_shown(card: Card) -> None:
    assert not re.search(r"\b(Condition|Observation|MedicationRequest)/", card.detail.partition("**Note")[0])
