"""Whole patients: what is decided and what is said, held against what was judged right.

A golden file changes only when a meaning does. TWITCH_CDS_UPDATE_GOLDEN=1 writes them anew; read the
difference as a neurologist before it is committed. The dispositions stand in story.md, written by hand:
no update touches them.
"""

import os
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle

from service.assessment import Disposition
from tests.patients.stories import PATHWAYS, Story, golden_assessment, golden_cards, stories

STORIES = stories()
UPDATE = os.environ.get("TWITCH_CDS_UPDATE_GOLDEN") == "1"
# Its story is that part of it is not valid FHIR.
INVALID = {"unreadable-weakness"}

# What a clinician would take for an all-clear; beside weakness or slurring it has no place.
REASSURING = (
    "benign",
    "harmless",
    "usually",
    "mostly",
    "settles",
    "without a warning sign",
    "lifestyle",
    "not typical",
)

each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


@each_story
@pytest.mark.parametrize("pathway", PATHWAYS)
def test_every_patient_is_seen_as_soon_as_the_story_says(story: Story, pathway: str) -> None:
    assert str(story.assessment(pathway).disposition) == story.dispositions[pathway]


@each_story
def test_the_assessment_is_the_one_judged_right(story: Story) -> None:
    _compare(story.folder / "assessment.json", golden_assessment(story.assessment()))


@each_story
def test_the_cards_are_those_judged_right(story: Story) -> None:
    _compare(story.folder / "cards.md", golden_cards(story.cards()))


@each_story
def test_the_bundles_are_valid_fhir(story: Story) -> None:
    if story.name in INVALID:
        pytest.skip("this record is broken on purpose")

    Bundle.model_validate(story.bundle)

    ids = [(e["resource"]["resourceType"], e["resource"]["id"]) for e in story.bundle["entry"]]
    assert len(ids) == len(set(ids))


@each_story
def test_nothing_reassures_beside_a_motor_sign(story: Story) -> None:
    assessment = story.assessment()
    grave = [f for f in assessment.raised if f.kind.of_recent_twitch and not f.long_standing]

    said = " ".join(f"{card.summary} {card.detail}".lower() for card in story.cards()) if grave else ""

    assert not [word for word in REASSURING if word in said]


def test_the_stories_reach_every_disposition() -> None:
    reached = {story.dispositions["early-referral"] for story in STORIES}

    assert len(STORIES) >= 20
    assert reached == {str(d) for d in Disposition}


def _compare(golden: Path, now: str) -> None:
    if UPDATE:
        golden.write_text(now, encoding="utf-8")
    assert golden.exists(), "run once with TWITCH_CDS_UPDATE_GOLDEN=1, and judge what it writes"
    assert now == golden.read_text(encoding="utf-8")
