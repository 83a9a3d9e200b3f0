"""What a finding says in words: an unknown one never reads as if it were so."""

from __future__ import annotations

import pytest

from service.assessment import Finding
from service.knowledge.words import finding_words
from service.rules import evaluate
from tests.rules.given import facts, packaged


@pytest.mark.parametrize(
    ("said", "ends"), [("YES", "muscle weakness"), ("NO", ": no"), (None, ": not known")]
)
def test_a_finding_is_worded_by_its_truth(said: str | None, ends: str) -> None:
    weakness = {} if said is None else {"muscle-weakness": said}
    assessment = evaluate(facts({"twitch_onset": "3 days ago", **weakness}), packaged(), "early-referral")

    finding: Finding = next(f for f in assessment.findings if f.rule == "muscle-weakness")

    assert finding_words(finding, packaged()).endswith(ends)
