"""Which tests to suggest, recommended or only offered, and when not to (decision-model §7)."""

from __future__ import annotations

from collections.abc import Iterator

from service.assessment import Disposition, SuggestedTest, Waiting
from service.rules.proposals.case import BULBAR, EYE_ONLY, Case, arm_signs, bulbar_sign, recently
from service.rules.proposals.panel import blood_panel

NO_EMG = {*EYE_ONLY, "family-history-of-mnd"}
# Beside the motor flags these ask for an EMG now; other flags leave it to the neurologist.
ASK_FOR_EMG = ("suspected-mnd", "abnormal-emg", "red-flag-cluster")
REPEAT = {
    "critical-electrolytes": ("sodium", "potassium", "calcium", "albumin", "magnesium", "creatinine"),
    "lithium-toxicity": ("lithium", "sodium", "potassium", "creatinine"),
}
# What an emergency needs now beside blood tests.
NOW = {
    "respiratory-function": ("respiratory-compromise", "rapid-weakness"),
    "blood-gas": ("respiratory-compromise",),
    "ecg": ("critical-electrolytes", "lithium-toxicity", "rapid-weakness"),
}
# Left to the neurologist once the patient is referred.
OF_NEUROLOGY = {"emg", "ncs", "mri-brain", "mri-cervical-spine"}


def suggested_tests(case: Case) -> tuple[SuggestedTest, ...]:
    """The tests, in the order in which a clinician would order them, with what was withheld and why."""
    if case.disposition is Disposition.NO_ACTION:
        return ()
    if case.disposition is Disposition.SAME_DAY:
        return tuple(_for_emergency(case))
    return tuple(t for t in (blood_panel(case), *_studies(case)) if t)


def _for_emergency(case: Case) -> Iterator[SuggestedTest]:
    """Only what the rule needs now; blood is taken again even where it was taken today."""
    rules = case.raised(*REPEAT)
    if rules:
        needed = dict.fromkeys(a for rule in rules for a in REPEAT[rule])
        yield SuggestedTest("blood-panel", tuple(rules), analytes=tuple(needed), withheld_analytes={})
    for test, asking in NOW.items():
        if because := case.raised(*asking):
            held = recently(case, test, case.threshold.emergency_again)
            yield SuggestedTest(test, tuple(because), held)


def _studies(case: Case) -> Iterator[SuggestedTest]:
    """EMG with NCS, NCS alone, MRI, breath and heart; the neurologist's own wait for a referral in place."""
    since = case.referral.in_place_since
    for test, reason, recommended in _wanted(case):
        done = recently(case, test, case.knowledge.tests[test].again_days)
        waiting = Waiting(since) if since and test in OF_NEUROLOGY else None
        yield SuggestedTest(test, tuple(reason), done or waiting, recommended=recommended)


def _wanted(case: Case) -> Iterator[tuple[str, list[str], bool]]:
    """Each test with what it rests on, and whether it is recommended or only offered."""
    yield from _electrical(case)
    if brain := _for_brain(case):
        yield "mri-brain", brain, True
    yield from _for_neck(case)
    if breathing := case.raised("breathing-difficulty"):
        yield "respiratory-function", breathing, True
    if deranged := _for_heart(case):
        yield "ecg", deranged, False


def _electrical(case: Case) -> Iterator[tuple[str, list[str], bool]]:
    """EMG with NCS for the neurologist, NCS alone for numbness; no EMG where all points to cord or brain."""
    asking = [f.rule for f in case.findings if f.is_motor] + case.raised(*ASK_FOR_EMG)
    old = {f.rule for f in case.findings if f.long_standing}
    flags = [rule for rule in case.in_force if rule not in NO_EMG | old]
    if case.disposition.is_referral and flags and not _of_cord_or_brain(case):
        yield "emg", flags, bool(asking)
        yield "ncs", flags, bool(asking)
    elif case.disposition is Disposition.PRIMARY_CARE_REVIEW and case.raised("sensory-change"):
        yield "ncs", ["sensory-change"], False


def _of_cord_or_brain(case: Case) -> bool:
    """Upper motor neuron signs with numbness, and neither wasting nor a bulbar sign."""
    both = case.raised("upper-motor-neuron-signs") and case.raised("sensory-change")
    return bool(both) and not case.raised("muscle-atrophy", *BULBAR)


def _for_brain(case: Case) -> list[str]:
    reasons = case.raised("upper-motor-neuron-signs", "speech-difficulty", "swallowing-difficulty")
    if case.facts.silence_is_no("hemifacial-spasm").yes and case.raised("blepharospasm"):
        reasons.append("hemifacial-spasm")
    known = case.facts.silence_is_no("multiple-sclerosis").yes
    if case.signs and (known or case.facts.suspected("multiple-sclerosis").yes):
        reasons.append("multiple-sclerosis")
    return reasons


def _for_neck(case: Case) -> Iterator[tuple[str, list[str], bool]]:
    """MRI of the neck: the mimic that is missed most, so a weak arm alone is offered it too."""
    arm = arm_signs(case)
    neck = ["neck-pain"] if case.facts.silence_is_no("neck-pain").yes else []
    beside = [*case.raised("sensory-change"), *neck]
    reasons = case.raised("upper-motor-neuron-signs") + ([*arm, *beside] if arm and beside else [])
    if reasons:
        yield "mri-cervical-spine", reasons, True
    elif arm and not bulbar_sign(case):
        yield "mri-cervical-spine", arm, False


def _for_heart(case: Case) -> list[str]:
    """The electrolytes that disturb the rhythm, though they are not critical yet."""
    potassium = case.facts.latest("potassium", within=case.threshold.results_count)
    magnesium = case.facts.latest("magnesium", within=case.threshold.results_count)
    far = {
        "potassium": potassium.less_than(case.threshold.ecg_potassium_low)
        | potassium.at_least(case.threshold.ecg_potassium_high),
        "magnesium": magnesium.less_than(case.threshold.ecg_magnesium_low),
    }
    return [analyte for analyte, answer in far.items() if answer.yes]
