"""The waist that every entrance uses: a record and a day in, an assessment out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from service.assessment import Assessment
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.fhir.read import read_facts
from service.fhir.read.record import Record
from service.knowledge import Knowledge
from service.rules import evaluate
from service.rules.known import KNOWN_MND

# Where a supposed statement stands.
SUPPOSED = "supposed"
NOTHING: Mapping[str, Truth] = MappingProxyType({})


def assess(
    record: Record,
    on: date,
    *,
    knowledge: Knowledge,
    pathway: str,
    supposing: Mapping[str, Truth] = NOTHING,
) -> Assessment:
    """What the record means for its patient on the day `on`, by the named pathway.

    `supposing` answers concepts (ids of codes.toml) in the place of the record: what if that were so?

    Raises:
        Nothing. What is unreadable is unknown, with a reason.
    """
    read = read_facts(record, on, knowledge)
    facts = read.facts
    for concept, truth in supposing.items():
        facts = facts.supposing(Statement(concept, truth, SUPPOSED, Form.CONDITION))
    return replace(
        evaluate(facts, knowledge, pathway),
        known_mnd=facts.twitch.present.yes and facts.silence_is_no(KNOWN_MND).yes,
        other_subjects=record.other_subjects,
        unreadable=read.unreadable,
        unread_medicines=facts.unread_medicines,
        mentions=facts.mentions(knowledge.thresholds.twitch_recent),
        incomplete=record.incomplete,
        facts=facts,
    )
