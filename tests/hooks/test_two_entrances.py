"""The hook sees what /evaluate sees: the same record, once as the answers to our templates, once whole.

    python -m tests.hooks.test_two_entrances 2000

compares as many generated records, by both forms of the templates.
"""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from service.assess import assess
from service.assessment_json import assessment_json
from service.cards import build
from service.fhir.read.prefilter import Prefilter
from service.fhir.read.record import record_in
from service.hooks.hook import CallContext
from service.hooks.red_flags import SERVICE, respond
from service.hooks.request import HookRequest
from service.hooks.templates import SEARCHED_BACK, SEARCHES, TEMPLATES, searched_since, templates
from tests.hooks import ehr

IN_THE_TESTS = 150
CONTEXT = CallContext(ehr.knowledge(), Prefilter(ehr.knowledge()), "early-referral", ehr.ON)


def both(resources: list[Any], search: str) -> tuple[Any, Any]:
    """The assessment and the cards of the hook, and of /evaluate; None where there is nothing to say."""
    knows = ehr.knowledge()
    asked = templates(TEMPLATES, knows, searched_since(search, ehr.ON))
    prefetch = {
        key: msgspec.Raw(orjson.dumps(value)) for key, value in ehr.answered(asked, resources).items()
    }
    request = HookRequest(
        hook="patient-view", hook_instance="h1", user="Practitioner/d1", patient="p1", prefetch=prefetch
    )
    reply = respond(request, CONTEXT)
    entry = [{"resource": resource} for resource in resources]
    record = record_in({"resourceType": "Bundle", "type": "collection", "entry": entry}, knows, patient="p1")
    whole = assess(record, ehr.ON, knowledge=knows, pathway="early-referral")
    cards = build(whole, knows, seed=f"h1 {SERVICE.id}", patient="Patient/p1", about_url=CONTEXT.about_url)
    hook = (
        (assessment_json(reply.assessment, knows), reply.cards) if reply.assessment and reply.cards else None
    )
    return hook, ((assessment_json(whole, knows), cards) if cards else None)


def compare(search: str, how_many: int) -> None:
    @settings(
        max_examples=how_many,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(resources=ehr.records())
    def same(resources: list[Any]) -> None:
        hook, evaluated = both(resources, search)

        assert hook == evaluated

    same()


@pytest.mark.slow
@pytest.mark.parametrize("search", SEARCHES)
def test_the_hook_sees_what_evaluate_sees(search: str) -> None:
    compare(search, IN_THE_TESTS)


def test_the_records_that_are_compared_are_of_patients_who_get_cards_and_of_others() -> None:
    seen = []

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(resources=ehr.records())
    def look(resources: list[Any]) -> None:
        seen.append(both(resources, "code")[0] is not None)

    look()
    assert {True, False} <= set(seen)


def test_no_rule_looks_further_back_than_the_second_form_asks() -> None:
    knows = ehr.knowledge()
    thresholds = knows.thresholds
    windows = [thresholds.symptoms_count, thresholds.habits_count, thresholds.results_count]
    windows += [test.again_days for test in knows.tests.values()]
    windows += [each.counts_days or 0 for each in (*knows.concepts.values(), *knows.analytes.values())]

    assert max(windows) < SEARCHED_BACK.days
    assert searched_since("code", ehr.ON) is None
    assert searched_since("category", ehr.ON) == date(2021, 11, 24)


if __name__ == "__main__":
    for form in SEARCHES:
        compare(form, int(sys.argv[1]) if len(sys.argv) > 1 else IN_THE_TESTS)
