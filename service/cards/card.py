"""What a card is made of, and which kind of card an assessment calls for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from service.assessment import Assessment, Disposition
from service.facts.truth import Truth

LABEL = "twitch-cds"
ABOUT_URL = "https://twitch-cds.example/"
TOPICS = "https://twitch-cds.example/fhir/CodeSystem/twitch-card-topics"
REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"

# Any fixed 16 bytes do; it keeps our names apart from those of other makers of version 5 UUIDs.
_NAMESPACE = bytes.fromhex("6f1c2f0e9b3d5d0e8a527477697463a8")


@dataclass(frozen=True, slots=True)
class Coding:
    """A code with the URI of its system."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Source:
    """Who says so: `url` is an absolute address, `topic` stays the same for every card of a kind."""

    label: str
    url: str
    topic: Coding
    icon: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that accepting a suggestion does; `resource` is R4 JSON and never an existing resource."""

    type: str
    description: str
    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the clinician can accept with one click.

    A blood panel has one action an analyte. For a client that takes a single action a
    suggestion `apart` gives the same orders as suggestions of their own. `kind` is the id of
    the test, or "referral": feedback is counted by it.
    """

    uuid: str
    label: str
    is_recommended: bool
    actions: tuple[Action, ...]
    kind: str = ""

    def apart(self) -> tuple[Suggestion, ...]:
        """One suggestion an action; a suggestion with one action is itself."""
        if len(self.actions) == 1:
            return (self,)
        return tuple(
            replace(self, uuid=identifier(self.uuid, str(n)), label=action.description, actions=(action,))
            for n, action in enumerate(self.actions)
        )


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read on, or to answer questions; `type` is "absolute" or "smart"."""

    label: str
    url: str
    type: str = "absolute"


@dataclass(frozen=True, slots=True)
class Card:
    """What the clinician reads: one sentence, the detail in Markdown, and what can be accepted.

    `summary` is shorter than 140 characters. `selection_behavior` is None where nothing is suggested.
    `rules` are the ids of the findings, or else of the contributors, that led to it.
    """

    uuid: str
    summary: str
    indicator: str
    source: Source
    detail: str
    suggestions: tuple[Suggestion, ...] = ()
    override_reasons: tuple[Coding, ...] = ()
    selection_behavior: str | None = None
    links: tuple[Link, ...] = ()
    rules: tuple[str, ...] = ()


class Kind(Enum):
    """What a card is about: the code of its topic, its words, and how loud it is.

    A clinician who overrides one kind of card has not overridden the others: the code
    (alphanumeric, as Epic wants it) never changes its meaning.
    """

    SAME_DAY = ("TwitchSameDay", "Muscle twitching: same-day assessment", "critical")
    URGENT = ("TwitchReferralUrgent", "Muscle twitching: urgent referral", "warning")
    ROUTINE = ("TwitchReferralRoutine", "Muscle twitching: routine referral", "warning")
    EXPEDITE = ("TwitchReferralExpedite", "Muscle twitching: expedite the referral", "warning")
    IN_PLACE = ("TwitchReferralInPlace", "Muscle twitching: referral in place", "info")
    REVIEW = ("TwitchPrimaryCareReview", "Muscle twitching: primary-care review", "info")
    LIFESTYLE = ("TwitchLifestyle", "Muscle twitching: lifestyle management", "info")
    MENTIONED = ("TwitchMentioned", "Muscle twitching: mentioned in words", "info")
    KNOWN_MND = ("TwitchKnownDisease", "Muscle twitching: known motor neuron disease", "info")
    NOT_EVALUATED = ("TwitchNotEvaluated", "Muscle twitching: could not be evaluated", "info")

    @property
    def topic(self) -> Coding:
        """The card's topic in our own code system."""
        code, display, _ = self.value
        return Coding(TOPICS, code, display)

    @property
    def indicator(self) -> str:
        """The CDS Hooks indicator."""
        return self.value[2]


# The codes are HL7's (non-adherence reasons, clinical selection); the displays are ours, because a clinician
# reads them on a button and "PC CDS does not apply to patient" is nobody's reason.
OVERRIDE_REASONS = tuple(
    Coding(REASONS, code, display)
    for code, display in (
        ("action-completed", "Already done or under way"),
        ("cds-not-applicable", "Does not apply to this patient"),
        ("recipient-disagrees-evidence", "I do not agree with the evidence"),
        ("patient-refuses", "The patient declines"),
        ("service-not-available", "Not available here"),
        ("cds-suboptimal-context", "Not the right moment or person"),
    )
)


def kind_of(assessment: Assessment) -> Kind | None:
    """The kind of an assessment's first card; None where there is nothing to say."""
    disposition, referral = assessment.disposition, assessment.referral
    if disposition is Disposition.NO_ACTION:
        return _quiet_kind(assessment)
    if disposition is Disposition.SAME_DAY:
        return Kind.SAME_DAY
    if disposition.is_referral and referral.in_place_since:
        return Kind.EXPEDITE if referral.expedite else Kind.IN_PLACE
    kinds = {Disposition.URGENT_REFERRAL: Kind.URGENT, Disposition.ROUTINE_REFERRAL: Kind.ROUTINE}
    return kinds.get(
        disposition, Kind.REVIEW if disposition is Disposition.PRIMARY_CARE_REVIEW else Kind.LIFESTYLE
    )


def _quiet_kind(assessment: Assessment) -> Kind | None:
    """Where nothing has to be done: what could not be read, what only words tell, what others look after."""
    if _left_open(assessment):
        return Kind.NOT_EVALUATED
    if assessment.mentions:
        return Kind.MENTIONED
    return Kind.KNOWN_MND if assessment.known_mnd else None


def rules_of(assessment: Assessment) -> tuple[str, ...]:
    """The rules that a first card is credited to: the findings in force, else the contributors."""
    return tuple(finding.rule for finding in assessment.raised) or contributors_of(assessment)


def contributors_of(assessment: Assessment) -> tuple[str, ...]:
    """The ids of what may contribute."""
    return tuple(contributor.id for contributor in assessment.contributors)


def identifier(*parts: str) -> str:
    """A UUID (version 5, RFC 9562) that the same parts always give."""
    name = "\x1f".join(parts).encode()
    octets = bytearray(hashlib.sha1(_NAMESPACE + name, usedforsecurity=False).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    digits = octets.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _left_open(assessment: Assessment) -> bool:
    """Whether the resource that states the twitch may be among those that could not be read.

    A failure must not look like "nothing to say". Where the patient is known not to twitch,
    or to have died, nothing was missed.
    """
    stating = ("Condition", "Observation", "QuestionnaireResponse")
    lost = any(u.resource.startswith(stating) for u in assessment.unreadable)
    settled = assessment.twitch.present.truth is not Truth.UNKNOWN or assessment.patient.deceased is Truth.YES
    return lost and not settled
