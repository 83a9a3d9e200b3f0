"""Which tests to suggest, and when not to (decision-model §7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from service.assessment import Contributor, Disposition, Finding, Referral, SuggestedTest
from service.facts import Facts, Past
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.knowledge.advice import Thresholds

BASIC_PANEL = (
    *("sodium", "potassium", "calcium", "albumin", "magnesium"),
    *("tsh", "b12", "vitamin-d", "ck", "glucose", "creatinine", "blood-count"),
)
AUTOIMMUNE = ("ana", "esr")
EITHER = {"glucose": "hba1c"}
EYE_ONLY = {"eyelid-twitch-persisting", "blepharospasm"}
ARM_SITES = {"shoulder", "upper-arm", "forearm", "hand", None}
REPEAT = {
    "critical-electrolytes": ("sodium", "potassium", "calcium", "albumin", "magnesium", "creatinine"),
    "lithium-toxicity": ("lithium", "sodium", "potassium", "creatinine"),
}


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
    def past(self) -> Mapping[str, list[Past]]:
        """What was done or ordered, by test."""
        by_test: dict[str, list[Past]] = {}
        for past in self.facts.past:
            by_test.setdefault(past.id, []).append(past)
        return by_test

    def raised(self, *rules: str) -> list[str]:
        """Those of the rules that are in force."""
        return [rule for rule in rules if rule in self.in_force]

    def words(self, rules: Iterable[str]) -> str:
        """Rules as words for a reason."""
        return ", ".join(rule.replace("-", " ") for rule in rules)


def suggested_tests(case: Case) -> tuple[SuggestedTest, ...]:
    """The tests, in the order in which a clinician would order them, with what was withheld and why."""
    if case.disposition is Disposition.NO_ACTION:
        return ()
    if case.disposition is Disposition.SAME_DAY:
        return tuple(_for_emergency(case))
    return tuple(t for t in (_blood_panel(case), *_studies(case)) if t)


def _for_emergency(case: Case) -> Iterator[SuggestedTest]:
    """Only what the rule needs now; it is repeated even where it was done today."""
    needed = [a for rule in case.raised(*REPEAT) for a in REPEAT[rule]]
    if needed:
        rules = case.raised(*REPEAT)
        yield SuggestedTest("blood-panel", case.words(rules), None, tuple(dict.fromkeys(needed)), {})
    if case.raised("respiratory-compromise"):
        yield SuggestedTest("respiratory-function", case.words(["respiratory-compromise"]))


def _blood_panel(case: Case) -> SuggestedTest | None:
    analytes, reason = _panel(case)
    if not analytes:
        return None
    withheld = {a: why for a in analytes if (why := _analyte_withheld(case, a))}
    wanted = tuple(a for a in analytes if a not in withheld)
    nothing_left = None if wanted else "all of it was done or ordered recently"
    return SuggestedTest("blood-panel", reason, nothing_left, wanted, withheld)


def _panel(case: Case) -> tuple[tuple[str, ...], str]:
    """The analytes of the panel and why; none where the twitch needs no blood test."""
    if case.disposition is Disposition.LIFESTYLE:
        disturbing = [c.id for c in case.contributors if _disturbed(case, c.id)]
        needed = dict.fromkeys(a for name in disturbing for a in _disturbed(case, name))
        return tuple(needed), case.words(disturbing)
    if _eyelid_alone(case):
        return (), ""
    lifted = [c.id for c in case.contributors if c.disposition]
    return tuple(dict.fromkeys(_full_panel(case))), case.words([*case.in_force, *lifted])


def _full_panel(case: Case) -> Iterator[str]:
    yield from BASIC_PANEL
    if case.raised("sensory-change", "muscle-weakness"):
        yield from AUTOIMMUNE
    away_from_nerve = case.raised("upper-motor-neuron-signs", "sensory-change")
    if case.raised("muscle-weakness", "muscle-atrophy") and not away_from_nerve:
        yield "anti-gm1"
    if any(c.id == "lithium" for c in case.contributors):
        yield "lithium"


def _disturbed(case: Case, contributor: str) -> tuple[str, ...]:
    medicine = case.knowledge.medicines.get(contributor)
    return medicine.disturbs if medicine else case.knowledge.rules[contributor].disturbs


def _eyelid_alone(case: Case) -> bool:
    """An eyelid twitch and nothing else, not yet for three months."""
    lifted = any(c.disposition for c in case.contributors)
    long = case.facts.twitch.lasted_longer_than(case.threshold.eyelid_very_long).yes
    return (
        case.facts.twitch.confined_to_eyelid.yes
        and set(case.in_force) <= {"eyelid-twitch-persisting"}
        and not lifted
        and not long
    )


def _analyte_withheld(case: Case, analyte: str) -> str | None:
    again = case.threshold.blood_panel_again
    instead = EITHER.get(analyte)
    return _recently(case, analyte, again) or (_recently(case, instead, again) if instead else None)


def _studies(case: Case) -> Iterator[SuggestedTest]:
    """EMG with NCS, NCS alone, MRI, respiratory function; all but the last wait for a referral in place."""
    waiting = (
        f"neurology referral in place since {case.referral.in_place_since}"
        if case.referral.in_place_since
        else None
    )
    for test, reason in _wanted(case):
        done = _recently(case, test, case.knowledge.tests[test].again_days)
        held = waiting if test != "respiratory-function" else None
        yield SuggestedTest(test, reason, done or held)


def _wanted(case: Case) -> Iterator[tuple[str, str]]:
    electrical = [rule for rule in case.in_force if rule not in EYE_ONLY]
    if case.disposition.is_referral and electrical:
        yield "emg", case.words(electrical)
        yield "ncs", case.words(electrical)
    elif case.disposition is Disposition.PRIMARY_CARE_REVIEW and case.raised("sensory-change"):
        yield "ncs", case.words(["sensory-change"])
    if brain := _for_brain(case):
        yield "mri-brain", brain
    if neck := _for_neck(case):
        yield "mri-cervical-spine", neck
    if case.raised("breathing-difficulty"):
        yield "respiratory-function", case.words(["breathing-difficulty"])


def _for_brain(case: Case) -> str:
    reasons = case.raised("upper-motor-neuron-signs", "speech-difficulty", "swallowing-difficulty")
    if case.facts.silence_is_no("hemifacial-spasm").yes and case.raised("blepharospasm"):
        reasons.append("hemifacial-spasm")
    known = case.facts.silence_is_no("multiple-sclerosis").yes
    if case.in_force and (known or case.facts.suspected("multiple-sclerosis").yes):
        reasons.append("multiple-sclerosis with new signs")
    return case.words(reasons)


def _for_neck(case: Case) -> str:
    reasons = case.raised("upper-motor-neuron-signs")
    arm = _in_the_arms(case.facts) and case.raised("muscle-weakness", "muscle-atrophy")
    if arm and (case.raised("sensory-change") or case.facts.silence_is_no("neck-pain").yes):
        reasons += [*arm, "in the arms", "with sensory change or neck pain"]
    return case.words(reasons)


def _in_the_arms(facts: Facts) -> bool:
    signs = [*facts.standing("muscle-weakness"), *facts.standing("muscle-atrophy")]
    places = [s.place for s in signs if s.place]
    return any(p.region == "cervical" and p.site in ARM_SITES for p in places)


def _recently(case: Case, test: str, days: float) -> str | None:
    """When it was done or ordered, where that was within `days`: "done 2026-09-01"."""
    if test not in case.past:
        return None
    on = case.facts.on
    past = [p for p in case.past[test] if p.when and p.when.within(days, on) is Truth.YES]
    if not past:
        return None
    latest = max(past, key=lambda p: (p.done, p.when.last if p.when else on))
    return f"{'done' if latest.done else 'ordered'} {latest.when.text if latest.when else ''}"
