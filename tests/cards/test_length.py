"""A card is read in 15 seconds and says nothing twice: the words of the golden patients' cards are counted.

At 250 words a minute 15 seconds are some 60 words of prose; a table and a list of blood tests are looked
over faster. So what leads to the action (summary, table, suggested) has `TO_ACT` words at most, and with what
to ask and what was left out `TO_DECIDE`. Why, and what the patient takes home, are read when they are wanted.
The bounds are a choice: the longest golden card may not grow without somebody looking at it.
"""

import re
from collections import Counter

import pytest

from service.cards import Card
from tests.patients.stories import Story, stories

TO_ACT, TO_DECIDE, WHY, EVERY_DAY, TO_TAKE_HOME, WHOLE = 79, 105, 42, 130, 80, 240
ACT = ("From the record", "Suggested")
DECIDE = (*ACT, "Not documented", "Not suggested")
TAKE_HOME = ("Come back if", "Call an ambulance if", "Medicines to review", "May contribute")
LONGEST_LABEL, LONGEST_SUMMARY = 80, 140
# The longest words of the three columns together: more than these characters do not stand side by side there.
NARROW = 34
DATE = re.compile(r"\b(?:\d{1,2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?: \d{4})?\b")
NOT_WORDS = re.compile(r"\]\(\S+\)|-{3,}|[|*\[\]]|(?m:^- )")
CARDS = [(story.name, card) for story in stories() for card in story.cards()]
each_card = pytest.mark.parametrize(
    "card", [c for _, c in CARDS], ids=[f"{n}-{c.indicator}" for n, c in CARDS]
)


def words(text: str) -> int:
    """Words as they are rendered: no addresses, no table lines; a date is one."""
    return len(DATE.sub("date", NOT_WORDS.sub(" ", text.replace("\u00a0", " "))).split())


def sections(card: Card) -> dict[str, str]:
    """The parts of the detail by their titles."""
    parts = re.split(r"\n\n(?=\*\*)", card.detail)
    titled = [re.match(r"\*\*([^*]+?):?\*\*", part) for part in parts]
    return {title[1]: part for title, part in zip(titled, parts, strict=True) if title}


def words_of(card: Card, *titles: str) -> int:
    """The words of those parts."""
    return sum(words(part) for title, part in sections(card).items() if title in titles)


@each_card
def test_what_leads_to_the_action_is_read_in_fifteen_seconds(card: Card) -> None:
    assert words(card.summary) + words_of(card, *ACT) <= TO_ACT
    assert words(card.summary) + words_of(card, *DECIDE) <= TO_DECIDE


@each_card
def test_what_is_read_on_demand_stays_short_too(card: Card) -> None:
    assert words_of(card, "Why") <= WHY
    assert words_of(card, "Every day") <= EVERY_DAY
    assert words_of(card, *TAKE_HOME) <= TO_TAKE_HOME
    assert words(f"{card.summary}\n{card.detail}") <= WHOLE


@each_card
def test_a_summary_and_a_button_are_short_and_begin_with_a_capital(card: Card) -> None:
    texts = [card.summary, *(s.label for s in card.suggestions)]

    assert len(card.summary) < LONGEST_SUMMARY
    assert all(len(s.label) <= LONGEST_LABEL for s in card.suggestions)
    assert all(text[0].isupper() and not text.endswith(".") for text in texts)


@each_card
def test_the_parts_stand_in_one_order(card: Card) -> None:
    order = (
        *(
            "Now",
            "From the record",
            "Not documented",
            "Suggested",
            "Not suggested",
            "Fits",
            "Why",
            "Every day",
        ),
        *("May contribute", "Also recorded (explains no motor sign)"),
        *("Medicines to review", "Medicines that may contribute"),
        *("Come back if", "Call an ambulance if", "Note"),
    )

    said = list(sections(card))

    assert said == [title for title in order if title in said]


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.name)
def test_no_sentence_and_no_finding_is_said_twice_to_one_clinician(story: Story) -> None:
    said: Counter[str] = Counter()
    for card in story.cards():
        said.update(sentence for sentence in _sentences(card.detail) if len(sentence) > 12)

    assert [sentence for sentence, times in said.items() if times > 1] == []


@each_card
def test_a_finding_stands_in_one_row_only(card: Card) -> None:
    rows = [line.split("|")[1:4] for line in card.detail.splitlines() if line.startswith("| ")][2:]

    findings = [row[0].partition(":")[0].strip() for row in rows]

    assert len(set(findings)) == len(findings)


@each_card
def test_the_table_fits_a_side_bar_of_280_pixels(card: Card) -> None:
    rows = [line.split("|")[1:4] for line in card.detail.splitlines() if line.startswith("| ")]

    widest = [
        max(len(word) for cell in column for word in cell.split(" ")) for column in zip(*rows, strict=True)
    ]

    assert sum(widest) <= NARROW


@each_card
def test_a_day_is_written_as_clinicians_write_it(card: Card) -> None:
    assert not re.search(r"\b\d{4}-\d{2}\b", card.summary + card.detail.partition("**Note")[0])


@each_card
def test_an_address_of_a_record_is_not_shown(card: Card) -> None:
    assert not re.search(r"\b(Condition|Observation|MedicationRequest)/", card.detail.partition("**Note")[0])


def _sentences(detail: str) -> list[str]:
    """Lines, sentences, and what stands between semicolons, without their titles and marks."""
    lines = [NOT_WORDS.sub(" ", re.sub(r"\*\*[^*]+?\*\*", "", line)) for line in detail.splitlines()]
    return [part.strip().lower() for line in lines for part in re.split(r"[.;?]\s|[.;?]$", line)]
