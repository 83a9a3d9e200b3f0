"""Which tests to suggest, and when not to (decision-model §7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from service.assessment import (
    Contributor,
    Disposition,
    Done,
    Finding,
    FollowUp,
    Held,
    Ordered,
    Referral,
    SuggestedTest,
    Waiting,
)
from service.facts import Facts, Past
from service.facts.amounts import Amount
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.knowledge.advice import Thresholds
from service.rules.contributors import outside

WHOLE_PANEL = (
    *("sodium", "potassium", "calcium", "albumin", "magnesium"),
    *("tsh", "b12", "vitamin-d", "ck", "glucose", "creatinine", "blood-count"),
)
# What the first panel, in primary care, leaves to the whole one.
OF_THE_WHOLE = {"ck", "blood-count"}
OFFERED_PANEL = ("magnesium", "vitamin-d", "b12")
AUTOIMMUNE = ("ana", "esr")
EITHER = {"glucose": "hba1c"}
EYE_ONLY = {"eyelid-twitch-persisting", "blepharospasm"}
NO_EMG = {*EYE_ONLY, "family-history-of-mnd"}
# Beside the motor flags these ask for an EMG now; other flags leave it to the neurologist.
ASK_FOR_EMG = ("suspected-mnd", "abnormal-emg", "red-flag-cluster")
BULBAR = ("speech-difficulty", "swallowing-difficulty", "tongue-fasciculation")
ARM_SITES = {"shoulder", "upper-arm", "forearm", "hand", None}
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
# Followed up where abnormal: the analyte to order, the one that is read, and whether only a low one counts.
FOLLOWED = {
    "sodium": ("sodium", False),
    "potassium": ("potassium", False),
    "calcium": ("calcium-adjusted", False),
    "magnesium": ("magnesium", False),
    "tsh": ("tsh", False),
    "b12": ("b12", True),
    "vitamin-d": ("vitamin-d", True),
}
SOON = {"sodium", "potassium", "calcium", "magnesium"}
# Left to the neurologist once the patient is referred.
OF_NEUROLOGY = {"emg", "ncs", "mri-brain", "mri-cervical-spine"}


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


def suggested_tests(case: Case) -> tuple[SuggestedTest, ...]:
    """The tests, in the order in which a clinician would order them, with what was withheld and why."""
    if case.disposition is Disposition.NO_ACTION:
        return ()
    if case.disposition is Disposition.SAME_DAY:
        return tuple(_for_emergency(case))
    return tuple(t for t in (_blood_panel(case), *_studies(case)) if t)


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


def _for_emergency(case: Case) -> Iterator[SuggestedTest]:
    """Only what the rule needs now; blood is taken again even where it was taken today."""
    rules = case.raised(*REPEAT)
    if rules:
        needed = dict.fromkeys(a for rule in rules for a in REPEAT[rule])
        yield SuggestedTest("blood-panel", tuple(rules), analytes=tuple(needed), withheld_analytes={})
    for test, asking in NOW.items():
        if because := case.raised(*asking):
            held = _recently(case, test, case.threshold.emergency_again)
            yield SuggestedTest(test, tuple(because), held)


def _blood_panel(case: Case) -> SuggestedTest | None:
    follow_up = _follow_up(case)
    analytes, reason, recommended = _panel(case)
    added = [*follow_up, *(["albumin"] if "calcium" in follow_up else []), *_thyroxine(case)]
    asked = tuple(dict.fromkeys((*analytes, *added)))
    if not asked:
        return None
    held = {a: why for a in asked if (why := _analyte_withheld(case, a, follow_up))}
    wanted = tuple(a for a in asked if a not in held)
    repeated = {a: one for a, one in follow_up.items() if a in wanted}
    nothing_left = None if wanted else max(held.values(), key=_day)
    reason = tuple(dict.fromkeys((*reason, *_lifted(case)))) if follow_up else reason
    return SuggestedTest(
        "blood-panel", reason, nothing_left, wanted, held, recommended or bool(follow_up), repeated
    )


def _panel(case: Case) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """The analytes of the panel, why, and whether it is recommended; none where no blood test is needed."""
    disturbing = [c.id for c in case.contributors if _disturbed(case, c.id)]
    if _of_the_eye(case, followed=bool(disturbing or _lifted(case))):
        return (), (), False
    if case.disposition is Disposition.LIFESTYLE:
        needed = dict.fromkeys(a for name in disturbing for a in _disturbed(case, name))
        return (tuple(needed), tuple(disturbing), True) if disturbing else (OFFERED_PANEL, (), False)
    return tuple(_by_disposition(case)), (*case.in_force, *_lifted(case)), True


def _by_disposition(case: Case) -> Iterator[str]:
    """The first panel in primary care, the whole one where a neurologist is to see the patient."""
    whole = case.disposition.is_referral
    yield from (a for a in WHOLE_PANEL if whole or a not in OF_THE_WHOLE)
    if whole and case.raised("sensory-change", "muscle-weakness"):
        yield from AUTOIMMUNE
    away_from_nerve = case.raised("upper-motor-neuron-signs", "sensory-change")
    if whole and case.raised("muscle-weakness", "muscle-atrophy") and not away_from_nerve:
        yield "anti-gm1"
    if any(c.id == "lithium" for c in case.contributors):
        yield "lithium"


def _lifted(case: Case) -> tuple[str, ...]:
    """The contributors that ask for a review: abnormal electrolytes or vitamins, thyroid disease."""
    return tuple(c.id for c in case.contributors if c.disposition)


def _disturbed(case: Case, contributor: str) -> tuple[str, ...]:
    medicine = case.knowledge.medicines.get(contributor)
    return medicine.disturbs if medicine else case.knowledge.rules[contributor].disturbs


def _of_the_eye(case: Case, *, followed: bool) -> bool:
    """A twitching or cramped eyelid that no blood test explains.

    Of the eyelid alone, not yet for three months and with no other flag, unless a contributor asks for blood
    (`followed`); or blepharospasm or hemifacial spasm as the only flag.
    """
    flags = set(case.in_force)
    if flags == {"blepharospasm"}:
        return True
    long = case.facts.twitch.lasted_longer_than(case.threshold.eyelid_very_long).yes
    return case.facts.twitch.confined_to_eyelid.yes and flags <= EYE_ONLY and not followed and not long


def _follow_up(case: Case) -> dict[str, FollowUp]:
    """What was abnormal when it was last measured, worst value first where several bear the same time."""
    found = {}
    for analyte, (read, low_only) in FOLLOWED.items():
        answer = outside(case.facts, case.knowledge, read, low_only=low_only)
        if answer.yes:
            days = case.threshold.follow_up_soon if analyte in SOON else case.threshold.follow_up_later
            value = answer.basis[0].value
            amount = value if isinstance(value, Amount) else None
            found[analyte] = FollowUp(amount, answer.basis[0].date, int(days))
    return found


def _thyroxine(case: Case) -> Iterator[str]:
    if outside(case.facts, case.knowledge, "tsh").yes:
        yield "free-t4"


def _analyte_withheld(case: Case, analyte: str, follow_up: Mapping[str, FollowUp]) -> Held | None:
    """Done or ordered lately; an abnormal one is repeated, unless the repeat was ordered since."""
    again = case.threshold.blood_panel_again
    if analyte in follow_up:
        return _ordered_since(case, analyte, follow_up[analyte], again)
    if analyte == "albumin" and "calcium" in follow_up:
        return _analyte_withheld(case, "calcium", follow_up)
    instead = EITHER.get(analyte)
    return _recently(case, analyte, again) or (_recently(case, instead, again) if instead else None)


def _ordered_since(case: Case, analyte: str, abnormal: FollowUp, days: float) -> Held | None:
    held = _recently(case, analyte, days, ordered_only=True)
    return held if held and abnormal.on and _day(held) > abnormal.on else None


def _day(held: Held) -> str:
    return held.since if isinstance(held, Waiting) else held.on


def _studies(case: Case) -> Iterator[SuggestedTest]:
    """EMG with NCS, NCS alone, MRI, breath and heart; the neurologist's own wait for a referral in place."""
    since = case.referral.in_place_since
    for test, reason, recommended in _wanted(case):
        done = _recently(case, test, case.knowledge.tests[test].again_days)
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
    if case.signs and (known or case.facts.suspected("multiple-sclerosis")):
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


def _recently(case: Case, test: str, days: float, *, ordered_only: bool = False) -> Held | None:
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
