"""The red flags, what explains them, and the disposition that each has in force (decision model §4 and
§6).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from tests.reference import terms
from tests.reference.contributors import MEDICINES, TRIGGERS, is_pregnant
from tests.reference.days import NO, UNKNOWN, YES, Span, age, within, years_before
from tests.reference.findings import (
    answer,
    began,
    began_by,
    denied,
    diagnosis,
    is_known,
    since,
    standing,
    suspected,
)
from tests.reference.measured import results
from tests.reference.reading import Record, Result, Statement, Value, newest_value
from tests.reference.twitch import Twitch

DISPOSITIONS = (
    "no-action", "lifestyle", "primary-care-review", "routine-referral", "urgent-referral", "same-day",
)  # fmt: skip
NONE, LIFESTYLE, REVIEW, ROUTINE, URGENT, SAME_DAY = range(6)
MOTOR = (
    "muscle-weakness", "muscle-atrophy", "speech-difficulty", "swallowing-difficulty", "breathing-difficulty",
    "upper-motor-neuron-signs", "tongue-fasciculation",
)  # fmt: skip
# §4, the cells: early-referral, nice-ng127.
CELLS = {
    "twitch-over-two-weeks": (ROUTINE, REVIEW),
    "eyelid-twitch-persisting": (REVIEW, LIFESTYLE),
    "spreading-twitch": (ROUTINE, REVIEW),
    **dict.fromkeys(MOTOR, (URGENT, URGENT)),
    "ocular-weakness": (ROUTINE, ROUTINE),
    "suspected-mnd": (URGENT, URGENT),
    "abnormal-emg": (ROUTINE, ROUTINE),
    "unexplained-weight-loss": (ROUTINE, REVIEW),
    "blepharospasm": (ROUTINE, ROUTINE),
    "sensory-change": (REVIEW, REVIEW),
    "cramping": (REVIEW, LIFESTYLE),
    "persists-despite-lifestyle": (ROUTINE, REVIEW),
    "twitch-at-rest-without-trigger": (REVIEW, LIFESTYLE),
    "family-history-of-mnd": (ROUTINE, ROUTINE),
    "red-flag-cluster": (ROUTINE, ROUTINE),
}
COUNTED = (
    "twitch-over-two-weeks", "spreading-twitch", "unexplained-weight-loss", "persists-despite-lifestyle",
    "cramping",
    "twitch-at-rest-without-trigger",
)  # fmt: skip
EXPLAIN_ALL = (
    "heart-failure", "cardiomyopathy", "copd", "emphysema", "asthma", "interstitial-lung-disease",
    "bronchiectasis",
    "cystic-fibrosis", "other-lung-disease",
)  # fmt: skip
EXPLAIN_DYSPNOEA = ("atrial-fibrillation", "coronary-disease")
GRAVE_BREATHING = (
    "orthopnoea", "dyspnoea-at-rest", "respiratory-failure", "acute-respiratory-failure",
    "acute-on-chronic-respiratory-failure",
    "chronic-respiratory-failure",
)  # fmt: skip
TWITCHING = (
    "twitch-over-two-weeks", "spreading-twitch", "cramping", "persists-despite-lifestyle",
    "twitch-at-rest-without-trigger",
)  # fmt: skip
# Which flags a neuropathy explains the model does not list: the limbs' own signs, and the twitching itself.
NEUROPATHIES = {
    "multifocal-motor-neuropathy": ("muscle-weakness", "muscle-atrophy", *TWITCHING),
    "kennedy-disease": (
        "muscle-weakness", "muscle-atrophy", "speech-difficulty", "swallowing-difficulty",
        "tongue-fasciculation",
        *TWITCHING,
    ),
    "spinal-muscular-atrophy": ("muscle-weakness", "muscle-atrophy", *TWITCHING),
    "post-polio": ("muscle-weakness", "muscle-atrophy", *TWITCHING),
    "hirayama-disease": ("muscle-weakness", "muscle-atrophy", *TWITCHING),
    "multiple-sclerosis": ("muscle-weakness", "upper-motor-neuron-signs", "sensory-change"),
    "peripheral-neuropathy": ("muscle-weakness", "muscle-atrophy", "sensory-change", "cramping"),
}  # fmt: skip
BENIGN = (
    "twitch-over-two-weeks", "spreading-twitch", "persists-despite-lifestyle", "cramping",
    "twitch-at-rest-without-trigger",
)  # fmt: skip
NOT_OF_THE_LIMBS = ("head-drop", "bulbar-weakness", "facial-weakness")


@dataclass(frozen=True)
class Flag:
    """One finding: `force` is the disposition in force, None where it has none."""

    rule: str
    truth: int
    statements: tuple[Statement, ...] = ()
    force: int | None = None
    explained_by: str | None = None
    long_standing: bool = False
    unclear: bool = False
    started: date | None = None  # the day of its earliest evidence, where statements do not say it

    @property
    def began(self) -> date | None:
        """§6: the onset of its earliest statement, else its first record."""
        return self.started or began(self.statements)

    @property
    def surely_began(self) -> date | None:
        """The same of a partial date by its last day: what may be newer than a diagnosis counts."""
        return self.started or began_by(self.statements)

    @property
    def counts(self) -> int:
        """What it answers to any other purpose: long-standing is no motor flag, and explained is not in
        force.
        """
        if self.long_standing:
            return UNKNOWN
        return NO if self.explained_by else self.truth


def flags(record: Record, twitch: Twitch, contributors: set[str], pathway: str) -> dict[str, Flag]:
    """Every flag of §4 but the same-day rules, with its disposition in force on this pathway."""
    found = {rule: _motor(record, twitch, rule) for rule in MOTOR if rule != "breathing-difficulty"}
    found["suspected-mnd"] = _suspected_mnd(record)
    found["breathing-difficulty"] = _breathing(record, found)
    found |= _of_the_twitch(record, twitch, contributors)
    found["ocular-weakness"] = _ocular(record)
    found["sensory-change"] = _plain(record, "sensory-change")
    found["abnormal-emg"] = _abnormal_emg(record)
    found["unexplained-weight-loss"] = _weight_loss(record)
    found["family-history-of-mnd"] = _family_history(record)
    found = {rule: _explained(flag, record) for rule, flag in found.items()}
    found["red-flag-cluster"] = _cluster(found, twitch)
    return {rule: _in_force(flag, record, twitch, pathway) for rule, flag in found.items()}


def _plain(record: Record, rule: str) -> Flag:
    found = answer(record, rule)
    return Flag(rule, found.truth, found.yes, unclear=found.unclear)


def _ocular(record: Record) -> Flag:
    """§4: long-standing where every statement of ptosis or diplopia has a stated onset more than five
    years ago.
    """
    flag = _plain(record, "ocular-weakness")
    limit = years_before(record.on, 5)
    old = [s.onset is not None and s.onset.high < limit for s in flag.statements]
    return replace(flag, long_standing=flag.truth == YES and all(old))


def _motor(record: Record, twitch: Twitch, rule: str) -> Flag:
    found = answer(record, rule)
    statements = found.yes
    if rule == "tongue-fasciculation":
        statements += tuple(
            s for s in twitch.statements if "tongue" in s.sites and s.concept != "tongue-fasciculation"
        )
    truth = YES if statements else found.truth
    if rule == "upper-motor-neuron-signs" and found.truth == NO:
        truth = NO
    old = truth == YES and is_long_standing(statements, record)
    return Flag(rule, truth, statements, long_standing=old, unclear=found.unclear)


def is_long_standing(statements: tuple[Statement, ...], record: Record) -> bool:
    """§4 "Long-standing deficits": one stated onset more than five years ago, and every other statement
    fits it.
    """
    course = newest_value(record, "weakness-progressive", 90)
    if course is not None and course.value is True:
        return False
    limit = years_before(record.on, 5)
    return any(
        s.onset is not None
        and s.onset.high < limit
        and all(_is_the_old_one(other, s, limit) for other in statements if other is not s)
        for s in statements
    )


def _is_the_old_one(other: Statement, old: Statement, limit: date) -> bool:
    """The same finding, at the same or no better known site, with no later stated onset."""
    if other.concept != old.concept or (other.onset is not None and other.onset.high >= limit):
        return False
    return all(
        site in old.sites or any(terms.bare_site(o) == site for o in old.sites) for site in other.sites
    )


# ---- Breathing --------------------------------------------------------------------------------------


def explainers(record: Record, kind: str) -> bool:
    """Whether a confirmed, active diagnosis may explain a breathlessness of this kind."""
    wide = EXPLAIN_ALL if kind in GRAVE_BREATHING else (*EXPLAIN_ALL, *EXPLAIN_DYSPNOEA)
    return is_known(record, *wide)


def beyond_stairs(statements: tuple[Statement, ...]) -> bool:
    """Whether the weakness is more than difficulty climbing stairs alone."""
    alone = ("difficulty-climbing-stairs", "weakness-progressive")
    return any(s.concept not in alone for s in statements)


def _breathing(record: Record, found: dict[str, Flag]) -> Flag:
    said = answer(record, "breathing-difficulty")
    rule = "breathing-difficulty"
    if said.truth != YES:
        return Flag(rule, said.truth, unclear=said.unclear)
    old = is_long_standing(said.yes, record)
    if any(not explainers(record, s.concept) for s in said.yes) or _motor_half(found, record):
        return Flag(rule, YES, said.yes, long_standing=old)
    grave = any(s.concept in GRAVE_BREATHING for s in said.yes)
    return Flag(rule, UNKNOWN, said.yes if grave else ())


def _motor_half(found: dict[str, Flag], record: Record) -> bool:
    """§4: none of them long-standing, nor explained by a known diagnosis."""
    for rule, flag in found.items():
        if _explained(flag, record).counts != YES:
            continue
        if rule != "muscle-weakness" or beyond_stairs(flag.statements):
            return True
    return False


# ---- The others -------------------------------------------------------------------------------------


def _suspected_mnd(record: Record) -> Flag:
    """Recorded (else begun) at most 365 days ago, or undated; not where it is known."""
    rule = "suspected-mnd"
    if is_known(record, "motor-neuron-disease"):
        return Flag(rule, NO)
    found = suspected(record, "motor-neuron-disease")
    truths = [YES if s.dated is None else within(s.dated, record.on, 365) for s in found]
    yes = tuple(s for s, truth in zip(found, truths, strict=True) if truth == YES)
    return Flag(rule, max(truths, default=UNKNOWN), yes)


def _of_the_twitch(record: Record, twitch: Twitch, contributors: set[str]) -> dict[str, Flag]:
    """Duration, spread, eyelid, course, rest, cramps."""
    long = NO if twitch.improving else twitch.longer_than(14)
    eyelid = twitch.eyelid
    vision = newest_value(record, "vision-interference")
    has_eyelid = any(terms.bare_site(site) == "eyelid" for site in twitch.sites)
    spasm = tuple(standing(record, ("blepharospasm", "hemifacial-spasm")))
    interferes = vision is not None and vision.value is True and has_eyelid
    persists = newest_value(record, "twitch-persists-despite-lifestyle")
    none = twitch.present != YES
    only_spasm = not twitch.statements
    flags = [
        Flag(
            "twitch-over-two-weeks",
            NO if eyelid or only_spasm else long,
            twitch.statements,
            started=twitch.began,
        ),
        Flag("eyelid-twitch-persisting", long if eyelid else NO, started=twitch.began),
        Flag("spreading-twitch", twitch.spreading, tuple(s for s in twitch.statements if s.sites)),
        Flag("blepharospasm", YES if spasm or interferes else UNKNOWN, spasm),
        _said(persists, "persists-despite-lifestyle"),
        _at_rest(record, contributors),
        _plain(record, "cramping"),
    ]
    return {flag.rule: replace(flag, truth=NO) if none else flag for flag in flags}


def _said(value: Value | None, rule: str) -> Flag:
    """A rule that is stated, yes or no."""
    if value is None:
        return Flag(rule, UNKNOWN)
    return Flag(rule, YES if value.value else NO, started=value.said.low)


def _at_rest(record: Record, contributors: set[str]) -> Flag:
    """Stated at rest, the trigger stated as none, and no contributor of the trigger kinds YES."""
    rest = newest_value(record, "twitch-at-rest")
    trigger = newest_value(record, "twitch-trigger")
    rule = "twitch-at-rest-without-trigger"
    contributing = bool(contributors & {*TRIGGERS, *MEDICINES})
    if (rest and rest.value is False) or (trigger and trigger.value != "none") or contributing:
        return Flag(rule, NO)
    if rest is None or trigger is None:
        return Flag(rule, UNKNOWN)
    return Flag(rule, YES, started=max(rest.said.low, trigger.said.low))


def _abnormal_emg(record: Record) -> Flag:
    """§4: of the last 365 days.

    A newer electromyogram coded normal makes it NO, a nerve study coded normal only a nerve study.
    """
    rule = "abnormal-emg"
    found = standing(record, ("abnormal-emg", "abnormal-nerve-study"))
    for study, abnormal, day in record.studies:
        if abnormal:
            concept = "abnormal-nerve-study" if study == "ncs" else "abnormal-emg"
            found.append(Statement(concept, YES, "", Span(day, day)))
    left = [s for s in found if not _normal_after(record, s)]
    truths = [within(s.dated, record.on, 365) for s in left]
    yes = tuple(s for s, truth in zip(left, truths, strict=True) if truth == YES)
    ended = denied(record, "abnormal-emg") or denied(record, "abnormal-nerve-study")
    return Flag(rule, max(truths, default=NO if found or ended else UNKNOWN), yes)


def _normal_after(record: Record, statement: Statement) -> bool:
    studies = ("emg", "ncs") if statement.concept == "abnormal-nerve-study" else ("emg",)
    return any(
        not abnormal and study in studies and (statement.dated is None or day > statement.dated.high)
        for study, abnormal, day in record.studies
    )


def _family_history(record: Record) -> Flag:
    said = newest_value(record, "family-history-of-mnd")
    truths = list(record.relatives)
    if said is not None:
        truths.append(YES if said.value else NO)
    relevant = [truth for truth in truths if truth != NO or said is not None]
    if YES in relevant:
        return Flag("family-history-of-mnd", YES)
    if said is not None and not said.value and UNKNOWN not in relevant:
        return Flag("family-history-of-mnd", NO)
    return Flag("family-history-of-mnd", UNKNOWN)


# ---- Weight -----------------------------------------------------------------------------------------


def _weight_loss(record: Record) -> Flag:
    """§4: coded, or the latest weight at least 5 % below the highest of the 365 days before it."""
    rule = "unexplained-weight-loss"
    years = age(record.born, record.on)
    if years is not None and years < 18:
        return Flag(rule, UNKNOWN)
    intended = newest_value(record, "weight-loss-intended")
    if (intended and intended.value is True) or _pregnant_lately(record):
        return Flag(rule, NO)
    coded = tuple(standing(record, ("weight-loss",)))
    if coded:
        return Flag(rule, YES, coded)
    fallen = _has_fallen(record)
    if fallen:
        return Flag(rule, YES, started=fallen)
    return Flag(rule, NO if denied(record, "weight-loss") else UNKNOWN)


def _pregnant_lately(record: Record) -> bool:
    """In pregnancy, or the year after."""
    year = record.on - timedelta(days=365)
    ended = [s for s in record.statements if s.concept == "pregnancy" and s.ended and s.recorded]
    return is_pregnant(record) or any(s.recorded and s.recorded.high >= year for s in ended)


def _has_fallen(record: Record) -> date | None:
    """The day of the latest weight, where it is a loss."""
    weights = [r for r in results(record, "weight", 36500) if r.low is not None and r.low == r.high]
    weights = [r for r in weights if not _contradicted(r, weights)]
    if not weights or weights[0].day < record.on - timedelta(days=90):
        return None
    last = weights[0]
    before = [r for r in weights if timedelta(days=28) <= last.day - r.day <= timedelta(days=365)]
    highest = max((r.low or 0 for r in before), default=0)
    return last.day if last.low is not None and last.low <= highest * 0.95 + 1e-9 else None


def _contradicted(one: Result, weights: list[Result]) -> bool:
    """A single value that its neighbours within 30 days contradict by 20 %."""
    others = [r for r in weights if r is not one and r.day != one.day and abs((r.day - one.day).days) <= 30]
    assert one.low is not None
    return bool(others) and all(abs((r.low or 0) - one.low) > 0.2 * (r.low or 0) for r in others)


# ---- Explained, counted, in force -------------------------------------------------------------------


def _explained(flag: Flag, record: Record) -> Flag:
    """§6: what a known diagnosis explains stays YES, and has no disposition."""
    if flag.truth != YES or flag.explained_by:
        return flag
    if is_known(record, "motor-neuron-disease"):
        return replace(flag, explained_by="motor-neuron-disease")
    if flag.rule == "ocular-weakness" and is_known(record, "myasthenia-gravis"):
        return replace(flag, explained_by="myasthenia-gravis")
    for name in ("benign-fasciculation", *NEUROPATHIES):
        known = diagnosis(record, name)
        if known and _explains(name, known, flag, record):
            return replace(flag, explained_by=name)
    return flag


def _explains(name: str, known: Statement, flag: Flag, record: Record) -> bool:
    if name == "benign-fasciculation":
        return _benign_explains(known, flag)
    if flag.rule == "abnormal-emg":
        dated = min((span.low for span in (known.onset, known.recorded) if span), default=None)
        return (
            name != "multiple-sclerosis"
            and dated is not None
            and all(s.dated is not None and s.dated.low < dated for s in flag.statements)
        )
    if flag.rule not in NEUROPATHIES[name]:
        return False
    in_limbs = flag.rule == "muscle-weakness" or (flag.rule == "muscle-atrophy" and name != "kennedy-disease")
    if in_limbs and not _of_the_limbs(flag.statements):
        return False
    diagnosed = min((span.low for span in (known.onset, known.recorded) if span), default=None)
    course = newest_value(record, "weakness-progressive")
    worse = (
        course is not None and course.value is True and diagnosed is not None and course.said.low > diagnosed
    )
    if flag.rule == "muscle-weakness" and worse:
        return False
    return diagnosed is not None and flag.surely_began is not None and flag.surely_began <= diagnosed


def _of_the_limbs(statements: tuple[Statement, ...]) -> bool:
    return not any(
        s.concept in NOT_OF_THE_LIMBS
        or set(map(terms.bare_site, s.sites)) & {"tongue", "face", "jaw", "neck"}
        for s in statements
    )


def _benign_explains(known: Statement, flag: Flag) -> bool:
    """Stated before the diagnosis (its recordedDate, else its onset) or within two years after it."""
    span = known.recorded or known.onset
    if flag.rule == "abnormal-emg":
        day = known.recorded.low if known.recorded else None
        return day is not None and all(s.dated is not None and s.dated.high <= day for s in flag.statements)
    if flag.rule not in BENIGN:
        return False
    own = [s for s in flag.statements if s.concept != "benign-fasciculation"]
    days = [span_.high for s in own if (span_ := since(s))]
    if flag.rule in ("cramping", "twitch-over-two-weeks", "spreading-twitch") and own:
        began: date | None = min(days) if len(days) == len(own) else None  # what has no date may be newer
    else:
        began = flag.began
    if span is None or began is None:
        return False
    try:
        last = span.low.replace(year=span.low.year + 2)
    except ValueError:
        last = span.low.replace(year=span.low.year + 2, day=28)
    return began <= last


def _cluster(found: dict[str, Flag], twitch: Twitch) -> Flag:
    """Three or more, at least one of the first three; flags in force only.

    Weight loss is explained by none.
    """
    truths = {rule: found[rule].counts for rule in COUNTED}
    if twitch.longer_than(14) == NO:
        truths["cramping"] = NO
    of_all = [sum(t == YES for t in truths.values()), sum(t != NO for t in truths.values())]
    of_first = [max(truths[rule] for rule in COUNTED[:3])]
    if of_all[0] >= 3 and of_first[0] == YES:
        return Flag(
            "red-flag-cluster",
            YES,
            started=min(f.began for r in COUNTED if (f := found[r]).began)
            if any(found[r].began for r in COUNTED)
            else None,
        )
    return Flag("red-flag-cluster", UNKNOWN if of_all[1] >= 3 and of_first[0] != NO else NO)


def _in_force(flag: Flag, record: Record, twitch: Twitch, pathway: str) -> Flag:
    """The cell of the pathway, as §4 changes it; None where the flag is not raised, or is explained."""
    raised_when_recent = flag.rule in (*MOTOR, "suspected-mnd") and not flag.long_standing
    present = twitch.present == YES
    if is_known(record, "motor-neuron-disease"):
        return replace(flag, force=None)
    if not present and not (twitch.recent and raised_when_recent):
        return replace(flag, force=None)
    if flag.rule == "breathing-difficulty" and flag.truth == UNKNOWN and flag.statements:
        return replace(flag, force=REVIEW if present else None)
    if flag.truth != YES or flag.explained_by:
        return replace(flag, force=None)
    if flag.rule == "cramping" and twitch.longer_than(14) == NO:
        return replace(flag, force=None)
    cell = CELLS[flag.rule][0 if pathway == "early-referral" else 1]
    if flag.rule == "eyelid-twitch-persisting" and twitch.longer_than(90) == YES:
        cell = ROUTINE
    if flag.long_standing:
        cell = REVIEW
    return replace(flag, force=cell)
