"""What a finding says in words: an unknown one never reads as if it were so."""

from __future__ import annotations

from datetime import date

import pytest

from service.assess import assess
from service.assessment import Disposition, Finding
from service.facts.truth import Truth
from service.fhir.read.record import record_of
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


def test_what_is_supposed_answers_in_the_place_of_the_record() -> None:
    twitch = {
        "resourceType": "Condition",
        "id": "t",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "82470000"}]},
        "onsetDateTime": "2026-11-20",
    }
    record = record_of([twitch], packaged())

    def disposition(**supposing: Truth) -> Disposition:
        concepts = {name.replace("_", "-"): truth for name, truth in supposing.items()}
        on = date(2026, 11, 23)
        return assess(
            record, on, knowledge=packaged(), pathway="early-referral", supposing=concepts
        ).disposition

    assert disposition() is Disposition.LIFESTYLE
    assert disposition(speech_difficulty=Truth.YES) is Disposition.URGENT_REFERRAL
