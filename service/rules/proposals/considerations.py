"""What the pattern points to (decision-model §7b): at most three conditions that the findings fit.

Named for the neurologist to tell apart, never as a diagnosis, and never to reassure. Only flags in force
count: "without" means not YES among them, except for benign fasciculation, which needs every motor sign
answered NO. A long-standing deficit is no sign here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from service.assessment import Consideration, Disposition, RuleKind
from service.facts.truth import Truth
from service.rules.proposals.case import Case, arm_signs, bulbar_sign

MOST = 3
# The concept by which each is known already; cervical myelopathy is read under no concept.
KNOWN_AS: Mapping[str, str] = MappingProxyType(
    {
        "motor-neuron-disease": "motor-neuron-disease",
        "multifocal-motor-neuropathy": "multifocal-motor-neuropathy",
        "multiple-sclerosis": "multiple-sclerosis",
        "peripheral-neuropathy": "peripheral-neuropathy",
        "myasthenia-gravis": "myasthenia-gravis",
        "benign-fasciculation": "benign-fasciculation-syndrome",
    }
)
SIGNS, SENSORY, SUSPECTED = "upper-motor-neuron-signs", "sensory-change", "suspected-mnd"
NOT_BENIGN = (
    *(SUSPECTED, "abnormal-emg", "unexplained-weight-loss", "family-history-of-mnd", "red-flag-cluster"),
)
TWITCHING = ("twitch-over-two-weeks", "eyelid-twitch-persisting", "spreading-twitch")


def considerations(case: Case) -> tuple[Consideration, ...]:
    """The conditions in the order of the table, known ones first; none at same-day."""
    if case.disposition in (Disposition.NO_ACTION, Disposition.SAME_DAY):
        return ()
    fitting = {name: because for name, because in _patterns(case).items() if because}
    found = [
        replace(Consideration(name, tuple(dict.fromkeys(b))), known=_known(case, name))
        for name, b in fitting.items()
    ]
    return tuple(sorted(found, key=lambda one: not one.known)[:MOST])


def _patterns(case: Case) -> dict[str, list[str]]:
    """Each condition and the rules by which the findings fit it; none where they do not."""
    motor = [f.rule for f in case.findings if f.is_motor] + case.raised(SUSPECTED)
    central, numb = case.raised(SIGNS), case.raised(SENSORY)
    arm, neck = arm_signs(case), case.facts.silence_is_no("neck-pain").yes
    eye = case.raised("ocular-weakness")
    tired = case.raised("muscle-weakness", "speech-difficulty", "swallowing-difficulty")
    return {
        "motor-neuron-disease": [] if numb else motor,
        "multifocal-motor-neuropathy": [] if central or numb or bulbar_sign(case) else arm,
        "cervical-myelopathy": [*central, *arm, *numb] if (central or arm) and (numb or neck) else [],
        "multiple-sclerosis": [*central, *numb] if central and numb else [],
        "peripheral-neuropathy": [] if central else numb,
        "myasthenia-gravis": [*eye, *tired] if eye and tired else [],
        "benign-fasciculation": _benign(case),
    }


def _benign(case: Case) -> list[str]:
    """More than two weeks, every motor sign and numbness denied, and nothing else that points elsewhere."""
    answers = {finding.rule: finding.truth for finding in case.findings}
    kinds = {f.rule: f.kind for f in case.findings}
    asked = [truth for rule, truth in answers.items() if kinds[rule] is RuleKind.MOTOR or rule == SENSORY]
    denied = SENSORY in answers and all(truth is Truth.NO for truth in asked)
    other = any(answers.get(rule) is Truth.YES for rule in NOT_BENIGN)
    lasting = case.facts.twitch.lasted_longer_than(case.threshold.twitch_long).yes
    if not (denied and lasting) or other:
        return []
    return [rule for rule in TWITCHING if answers.get(rule) is Truth.YES] or [TWITCHING[0]]


def _known(case: Case, name: str) -> bool:
    return name in KNOWN_AS and case.facts.silence_is_no(KNOWN_AS[name]).yes
