"""What proposals rest on: the facts, what was found, and what was done or ordered before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from service.assessment import Contributor, Disposition, Done, Finding, Held, Ordered, Referral
from service.facts import Facts, Past
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.knowledge.advice import Thresholds

EYE_ONLY = {"eyelid-twitch-persisting", "blepharospasm"}
BULBAR = ("speech-difficulty", "swallowing-difficulty", "tongue-fasciculation")
ARM_SITES = {"shoulder", "upper-arm", "forearm", "hand", None}


@dataclass(frozen=True)
class Case:
    """What the choice of tests rests on."""

    facts: Facts
    knowledge: Knowledge
    disposition: Disposition
    findings: tuple[Finding, ...]
    contributors: tuple[Contributor, ...]
    referral: Referral

    @property
    def threshold(self) -> Thresholds:
        """The numbers."""
        return self.knowledge.thresholds

    @cached_property
    def in_force(self) -> tuple[str, ...]:
        """The rules in force, in the order in which they were asked."""
        return tuple(f.rule for f in self.findings if f.in_force)

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """The rules in force that are YES and no deficit of many years."""
        yes = (f for f in self.findings if f.in_force and f.truth is Truth.YES)
        return tuple(f.rule for f in yes if not f.long_standing)

    @cached_property
    def past(self) -> Mapping[str, list[Past]]:
        """What was done or ordered, by test."""
        by_test: dict[str, list[Past]] = {}
        for past in self.facts.past:
            by_test.setdefault(past.id, []).append(past)
        return by_test

    def raised(self, *rules: str) -> list[str]:
        """Those of the rules that are in force, YES and no deficit of many years."""
        return [rule for rule in rules if rule in self.signs]


def arm_signs(case: Case) -> list[str]:
    """Weakness and wasting of an arm, among the signs."""
    return [
        rule
        for rule in case.raised("muscle-weakness", "muscle-atrophy")
        if any(
            s.place and s.place.region == "cervical" and s.place.site in ARM_SITES
            for s in case.facts.standing(rule)
        )
    ]


def bulbar_sign(case: Case) -> bool:
    """Whether speech, swallowing, the tongue or the face is affected."""
    of_muscles = case.raised("muscle-weakness", "muscle-atrophy")
    standing = (s for rule in of_muscles for s in case.facts.standing(rule))
    return bool(case.raised(*BULBAR)) or any(s.place and s.place.region == "bulbar" for s in standing)


def recently(case: Case, test: str, days: float, *, ordered_only: bool = False) -> Held | None:
    """When it was done or ordered, where that was within `days`; one that was done goes before an order."""
    on = case.facts.on
    past = [p for p in case.past.get(test, ()) if p.when and p.when.within(days, on) is Truth.YES]
    if ordered_only:
        past = [p for p in past if not p.done]
    if not past:
        return None
    latest = max(past, key=lambda p: (p.done, p.when.last if p.when else on))
    day = latest.when.text if latest.when else ""
    return Done(day) if latest.done else Ordered(day)
