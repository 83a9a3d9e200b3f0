"""Assessment -> cards: how it is said to the clinician, and what can be accepted with one click.

At most two cards. The first says how soon the patient should be seen and proposes the
orders; the second holds the lifestyle steps, which never stand beside an urgent or
same-day referral. A patient who does not twitch gives no card.
"""

from __future__ import annotations

from service.assessment import Assessment
from service.cards.card import (
    ABOUT_URL,
    LABEL,
    OVERRIDE_REASONS,
    Action,
    Card,
    Coding,
    Kind,
    Link,
    Source,
    Suggestion,
    contributors_of,
    identifier,
    kind_of,
    rules_of,
)
from service.cards.detail import detail_of
from service.cards.lifestyle import is_offered, lifestyle_detail, take_home
from service.cards.suggestions import suggestions_of
from service.cards.summary import lifestyle_summary, summary_of
from service.knowledge import Knowledge

__all__ = ["ABOUT_URL", "Action", "Card", "Coding", "Kind", "Link", "Source", "Suggestion", "build"]


def build(
    assessment: Assessment,
    knowledge: Knowledge,
    *,
    seed: str = "",
    patient: str | None = None,
    encounter: str | None = None,
    about_url: str = ABOUT_URL,
    questionnaire_url: str | None = None,
    ask_about_words: bool = True,
    known_mnd_card: bool = False,
) -> tuple[Card, ...]:
    """The cards of an assessment, the most urgent first; none where there is nothing to say.

    `seed` names the call (hookInstance and service id): the same call about the same
    assessment gives the same UUIDs, another call others, so that feedback finds its card.
    `patient` and `encounter` are references from the hook ("Encounter/e1"). The addresses are absolute.
    `ask_about_words` and `known_mnd_card` are the client's choice of the cards that ask and remind.
    """
    kind = kind_of(assessment)
    unwanted = {Kind.MENTIONED: not ask_about_words, Kind.KNOWN_MND: not known_mnd_card}
    if kind is None or unwanted.get(kind):
        return ()
    uuid = _uuid(kind, assessment, seed)
    suggestions = suggestions_of(assessment, knowledge, seed=uuid, patient=patient, encounter=encounter)
    first = Card(
        uuid,
        summary_of(kind, assessment, knowledge),
        kind.indicator,
        Source(LABEL, about_url, kind.topic),
        detail_of(kind, assessment, knowledge, home=_home(kind, assessment, knowledge)),
        suggestions,
        OVERRIDE_REASONS,
        "any" if suggestions else None,
        _links(assessment, questionnaire_url),
        rules_of(assessment),
    )
    if kind is Kind.LIFESTYLE or not is_offered(assessment):
        return (first,)
    return first, _lifestyle_card(assessment, knowledge, seed, about_url)


def _lifestyle_card(assessment: Assessment, knowledge: Knowledge, seed: str, about_url: str) -> Card:
    return Card(
        _uuid(Kind.LIFESTYLE, assessment, seed),
        lifestyle_summary(assessment, knowledge),
        Kind.LIFESTYLE.indicator,
        Source(LABEL, about_url, Kind.LIFESTYLE.topic),
        lifestyle_detail(assessment, knowledge),
        override_reasons=OVERRIDE_REASONS,
        rules=contributors_of(assessment),
    )


def _home(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """What the patient takes home, where no second card says it."""
    if kind in (Kind.NOT_EVALUATED, Kind.MENTIONED, Kind.KNOWN_MND):
        return ""
    if not is_offered(assessment):
        return take_home(assessment, knowledge)
    return lifestyle_detail(assessment, knowledge) if kind is Kind.LIFESTYLE else ""


def _uuid(kind: Kind, assessment: Assessment, seed: str) -> str:
    """The same for the same call, patient, day, knowledge and findings."""
    whom = assessment.patient.reference or ""
    made_of = (seed, whom, assessment.on.isoformat(), assessment.knowledge_version, assessment.pathway)
    return identifier(*made_of, kind.name, *(finding.rule for finding in assessment.raised))


def _links(assessment: Assessment, questionnaire_url: str | None) -> tuple[Link, ...]:
    """The structured questionnaire, where an answer could change something."""
    asks = assessment.open_questions or assessment.mentions
    if questionnaire_url is None or not asks:
        return ()
    return (Link("Questions to ask, to read or print", questionnaire_url),)
