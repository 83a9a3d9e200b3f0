"""Disposition, referral, tests, considerations, lifestyle, questions (decision model §6 to §8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.reference import terms
from tests.reference.contributors import RANGES, abnormal, is_pregnant
from tests.reference.days import NO, UNKNOWN, YES, age
from tests.reference.emergencies import critical
from tests.reference.findings import CONCEPTS, is_known, standing, stated, suspected
from tests.reference.flags import LIFESTYLE, MOTOR, NONE, REVIEW, ROUTINE, SAME_DAY, URGENT, Flag
from tests.reference.measured import above, at_least, below, latest, results
from tests.reference.reading import Record
from tests.reference.twitch import Twitch

FIRST = (
    "sodium", "potassium", "calcium", "albumin", "magnesium", "tsh", "b12", "vitamin-d", "glucose",
    "creatinine",
)  # fmt: skip
DISTURBS = {
    "dehydration": ("sodium", "creatinine"),
    "proton-pump-inhibitor": ("magnesium",),
    "diuretic": ("sodium", "potassium", "magnesium"),
    "beta-agonist": ("potassium",),
    "theophylline": ("potassium",),
    "corticosteroid": ("potassium",),
    "lithium": ("lithium",),
}
FOLLOWED = {
    "electrolyte-imbalance", "nutritional-deficiency", "thyroid", *DISTURBS,
}  # fmt: skip
AGAIN = {
    "emg": 180, "ncs": 180, "mri-brain": 365, "mri-cervical-spine": 365, "respiratory-function": 90,
    "blood-gas": 1,
    "ecg": 7,
}  # fmt: skip
NEUROLOGICAL = ("respiratory-compromise", "rapid-weakness", "sudden-deficit", "saddle-numbness")


@dataclass
class Case:
    """All that §6 to §8 look at."""

    record: Record
    twitch: Twitch
    flags: dict[str, Flag]
    same_day: dict[str, Flag]
    contributors: set[str]
    disposition: int

    def yes(self, rule: str) -> bool:
        """Whether a flag is YES, in force and not long-standing."""
        flag = self.flags.get(rule) or self.same_day[rule]
        return flag.counts == YES and flag.force is not None

    def motor(self) -> bool:
        """Whether a motor flag is in force."""
        return any(self.yes(rule) for rule in MOTOR)

    def in_force(self) -> set[str]:
        """The flags that ask for something."""
        return {rule for rule, flag in self.flags.items() if flag.force is not None}


def disposition(
    record: Record, twitch: Twitch, flags: dict[str, Flag], same_day: dict[str, Flag], review: set[str]
) -> int:
    """§6: the greatest of all flags and contributors."""
    if record.deceased or (twitch.present != YES and not twitch.recent):
        return NONE
    urgent_now = any(flag.force is not None for flag in same_day.values())
    if urgent_now:
        return SAME_DAY
    if is_known(record, "motor-neuron-disease"):
        return NONE
    found = [flag.force for flag in flags.values() if flag.force is not None]
    if twitch.present == YES:
        found += [LIFESTYLE] + [REVIEW for _ in review]
    return max(found, default=NONE)


# ---- Referral ---------------------------------------------------------------------------------------


def referral(case: Case) -> dict[str, object]:
    """§6 and §7: proposed, in place, expedited; its note."""
    record = case.record
    years = age(record.born, record.on)
    limit = record.on - timedelta(days=180)
    since = max((day for day in record.referrals if day >= limit), default=None)
    active = case.disposition != NONE
    acute = case.disposition == SAME_DAY and any(
        case.same_day[rule].force is not None for rule in NEUROLOGICAL
    )
    suggest = acute or (since is None and case.disposition in (ROUTINE, URGENT))
    in_place = since if active else None
    suspicion = suggest and (case.motor() or case.yes("suspected-mnd"))
    suspicion = suspicion and case.flags["sensory-change"].truth != YES
    priority = {ROUTINE: "routine", URGENT: "urgent", SAME_DAY: "stat"}[case.disposition] if suggest else None
    return {
        "suggest": suggest,
        "specialty": "paediatric-neurology" if years is not None and years < 18 else "neurology",
        "priority": priority,
        "inPlaceSince": in_place.isoformat() if in_place else None,
        "expedite": bool(since) and case.disposition in (ROUTINE, URGENT) and _expedite(case, since),
        "note": suspicion,
    }


def _earliest_evidence(flag: Flag) -> date | None:
    """The first day of which any of its statements speaks."""
    days = [span.low for s in flag.statements for span in (s.onset, s.recorded) if span]
    return flag.started or min(days, default=None)


def _expedite(case: Case, since: date | None) -> bool:
    """A newer flag of a greater disposition than all older ones, or a motor flag that the referral could
    not know.
    """
    assert since is not None
    older: list[int] = []
    newer: list[int] = []
    for rule in case.in_force():
        flag = case.flags[rule]
        began = _earliest_evidence(flag)
        (newer if began is not None and began > since else older).append(flag.force or 0)
        known_then = any(
            s.truth == YES and s.recorded is not None and s.recorded.low <= since
            for s in (*stated(case.record, CONCEPTS.get(rule, ())), *flag.statements)
        )
        after = [(s.recorded or s.onset) for s in flag.statements]
        unknown_then = all(span is not None and span.low > since for span in after) and not known_then
        if rule in MOTOR and flag.truth == YES and not flag.long_standing and unknown_then:
            return True
    greater = max(newer, default=0)
    return greater > max(older, default=0) and greater >= ROUTINE


# ---- Tests ------------------------------------------------------------------------------------------


@dataclass
class Suggested:
    """A test: recommended or offered; what withholds it (done | ordered | referral), and the panel's
    analytes.
    """

    recommended: bool
    withheld: str | None = None
    analytes: set[str] = field(default_factory=set)
    withheld_analytes: set[str] = field(default_factory=set)
    follow_up: dict[str, str] = field(default_factory=dict)


def tests(case: Case) -> dict[str, Suggested]:
    """§7: what is suggested."""
    if case.disposition == NONE:
        return {}
    found = _now(case) if case.disposition == SAME_DAY else _outpatient(case)
    days = dict(AGAIN)
    if case.disposition == SAME_DAY:
        days |= {"respiratory-function": 1, "ecg": 1}
    for name, test in found.items():
        if name != "blood-panel":
            test.withheld = _withheld(case, name, days[name])
    return {name: test for name, test in found.items() if name != "blood-panel" or _is_panel(test)}


def _is_panel(test: Suggested) -> bool:
    return bool(test.analytes or test.withheld_analytes)


def _withheld(case: Case, name: str, days: int) -> str | None:
    limit = case.record.on - timedelta(days=days)
    done = case.record.done + [
        ("respiratory-function", r.day) for r in case.record.results if r.analyte == "fvc" and r.held
    ]
    if any(test == name and day >= limit for test, day in done):
        return "done"
    if any(test == name and day >= limit for test, day in case.record.ordered):
        return "ordered"
    if name in ("emg", "ncs", "mri-brain", "mri-cervical-spine") and referral(case)["inPlaceSince"]:
        return "referral"
    return None


def _now(case: Case) -> dict[str, Suggested]:
    """At same-day: the tests that the rule needs now."""
    fired = {rule for rule, flag in case.same_day.items() if flag.force is not None}
    found = {}
    if fired & {"respiratory-compromise", "rapid-weakness"}:
        found["respiratory-function"] = Suggested(True)
    if "respiratory-compromise" in fired:
        found["blood-gas"] = Suggested(True)
    if fired & {"critical-electrolytes", "lithium-toxicity", "rapid-weakness"}:
        found["ecg"] = Suggested(True)
    analytes = set()
    if "critical-electrolytes" in fired:
        analytes |= {name for name, truth in critical(case.record).items() if truth == YES}
    if "lithium-toxicity" in fired:
        analytes.add("lithium")
    if analytes:
        found["blood-panel"] = Suggested(True, analytes=analytes)
    return found


def _outpatient(case: Case) -> dict[str, Suggested]:
    found = _neurophysiology(case) | _imaging(case)
    if case.yes("breathing-difficulty"):
        found["respiratory-function"] = Suggested(True)
    if _risky_heart(case.record):
        found["ecg"] = Suggested(False)
    panel = _panel(case)
    if panel:
        found["blood-panel"] = panel
    return found


def _risky_heart(record: Record) -> bool:
    potassium = [latest(results(record, "potassium", 365), test) for test in (below(3.0), at_least(6.0))]
    return YES in (*potassium, latest(results(record, "magnesium", 365), below(0.5)))


def _neurophysiology(case: Case) -> dict[str, Suggested]:
    sensory = case.yes("sensory-change")
    cord = (
        case.yes("upper-motor-neuron-signs")
        and sensory
        and not any(
            case.yes(rule)
            for rule in (
                "muscle-atrophy",
                "speech-difficulty",
                "swallowing-difficulty",
                "tongue-fasciculation",
            )
        )
    )
    flags = {rule for rule in case.in_force() if not case.flags[rule].long_standing}
    minor = {"eyelid-twitch-persisting", "blepharospasm", "family-history-of-mnd"}
    if case.disposition < ROUTINE:
        return {"ncs": Suggested(False)} if sensory and case.disposition == REVIEW else {}
    if cord or flags <= minor:
        return {}
    wanted = case.motor() or any(
        case.yes(rule) for rule in ("suspected-mnd", "abnormal-emg", "red-flag-cluster")
    )
    return {"emg": Suggested(wanted), "ncs": Suggested(wanted)}


def weak_arm(case: Case) -> list[str]:
    """The flags of weakness or atrophy in an arm."""
    return [
        rule
        for rule in ("muscle-weakness", "muscle-atrophy")
        if case.yes(rule)
        and any(terms.bare_site(site) in terms.ARM for s in case.flags[rule].statements for site in s.sites)
    ]


def bulbar(case: Case) -> bool:
    """A bulbar sign: speech, swallowing, tongue, or weakness or wasting of the face or jaw."""
    if any(case.yes(r) for r in ("speech-difficulty", "swallowing-difficulty", "tongue-fasciculation")):
        return True
    return any(
        terms.region_of(site) == "bulbar"
        for rule in ("muscle-weakness", "muscle-atrophy")
        if case.yes(rule)
        for s in case.flags[rule].statements
        for site in s.sites
    )


def has_neck_pain(record: Record) -> bool:
    """Neck pain, stated."""
    return bool(standing(record, ("neck-pain",)))


def _imaging(case: Case) -> dict[str, Suggested]:
    record = case.record
    found = {}
    umn = case.yes("upper-motor-neuron-signs")
    ms = is_known(record, "multiple-sclerosis") or suspected(record, "multiple-sclerosis")
    spasm = case.yes("blepharospasm") and standing(record, ("hemifacial-spasm",))
    if (
        umn
        or case.yes("speech-difficulty")
        or case.yes("swallowing-difficulty")
        or (ms and case.in_force())
        or spasm
    ):
        found["mri-brain"] = Suggested(True)
    arm = weak_arm(case)
    if umn or (arm and (case.yes("sensory-change") or has_neck_pain(record))):
        found["mri-cervical-spine"] = Suggested(True)
    elif arm and not bulbar(case):
        found["mri-cervical-spine"] = Suggested(False)
    return found


def follow_up(record: Record) -> dict[str, str]:
    """§7: what is outside its range and has no newer result."""
    found = {}
    for name in RANGES:
        if latest(results(record, name, 365), abnormal(name)) == YES:
            found[name] = "P12W" if name in ("b12", "vitamin-d", "tsh") else "P7D"
    return found


def _panel(case: Case) -> Suggested | None:
    again = follow_up(case.record)
    # an eyelid twitch in the way of seeing is the eyelid's own flag, too
    others = case.in_force() - {"eyelid-twitch-persisting", "blepharospasm"}
    eyelid = case.twitch.eyelid and case.twitch.longer_than(90) != YES
    followed = case.contributors & FOLLOWED
    only_spasm = case.in_force() == {"blepharospasm"}
    if ((eyelid and not others and not followed) or only_spasm) and not again:
        return None
    wanted, recommended = _wanted(case)
    if (eyelid and not others and not followed) or only_spasm:
        wanted, recommended = set(), True
    panel = Suggested(recommended or bool(again), follow_up=again)
    if again and not recommended:
        wanted = set()
    tsh = latest(results(case.record, "tsh", 365), abnormal("tsh")) == YES
    if tsh:
        wanted.add("free-t4")
    for name in wanted | set(again):
        if name in again or not _has_lately(case.record, name):
            panel.analytes.add(name)
        else:
            panel.withheld_analytes.add(name)
    return panel


def _wanted(case: Case) -> tuple[set[str], bool]:
    """The analytes, and whether they are recommended."""
    if case.disposition >= REVIEW:
        wanted = set(FIRST) | ({"lithium"} if "lithium" in case.contributors else set())
        if case.disposition >= ROUTINE:
            wanted |= {"ck", "blood-count"} | _antibodies(case)
        return wanted, True
    disturbed = {name for c in case.contributors for name in DISTURBS.get(c, ())}
    if disturbed:
        return disturbed, True
    return {"magnesium", "vitamin-d", "b12"}, False


def _antibodies(case: Case) -> set[str]:
    found: set[str] = set()
    if case.yes("sensory-change") or case.yes("muscle-weakness"):
        found |= {"ana", "esr"}
    weak = case.yes("muscle-weakness") or case.yes("muscle-atrophy")
    other = case.flags["upper-motor-neuron-signs"].truth == YES or case.flags["sensory-change"].truth == YES
    return found | ({"anti-gm1"} if weak and not other else set())


def _has_lately(record: Record, name: str) -> bool:
    """Done, or ordered and active, within 90 days: a value that a clinician can read was measured."""
    limit = record.on - timedelta(days=90)
    same = {
        "calcium": ("total-calcium", "adjusted-calcium"),
        "creatinine": ("creatinine", "egfr"),
        "glucose": ("glucose", "hba1c"),
    }
    measured = any(r.analyte in same.get(name, (name,)) and r.held and r.day >= limit for r in record.results)
    return measured or any(test == name and day >= limit for test, day in [*record.done, *record.ordered])


# ---- Considerations ---------------------------------------------------------------------------------


def considerations(case: Case) -> list[str]:
    """§7b: at most three, in the order of the table; none at same-day."""
    if case.disposition in (SAME_DAY, NONE):
        return []
    sensory, umn = case.yes("sensory-change"), case.yes("upper-motor-neuron-signs")
    arm = weak_arm(case)
    eye = case.yes("ocular-weakness")
    weak = any(case.yes(r) for r in ("muscle-weakness", "speech-difficulty", "swallowing-difficulty"))
    found = {
        "motor-neuron-disease": (case.motor() or case.yes("suspected-mnd")) and not sensory,
        "multifocal-motor-neuropathy": bool(arm) and not umn and not bulbar(case) and not sensory,
        "cervical-myelopathy": bool(umn or arm) and (sensory or has_neck_pain(case.record)),
        "multiple-sclerosis": umn and sensory,
        "peripheral-neuropathy": sensory and not umn,
        "myasthenia-gravis": eye and weak,
        "benign-fasciculation": _benign(case),
    }
    fits = [name for name, is_so in found.items() if is_so]
    known = [name for name in fits if is_known(case.record, name)] if fits else []
    return [*known, *(name for name in fits if name not in known)][:3]


def _benign(case: Case) -> bool:
    """More than 14 days, and every motor flag and sensory change answered NO."""
    others = (
        "suspected-mnd",
        "abnormal-emg",
        "unexplained-weight-loss",
        "family-history-of-mnd",
        "red-flag-cluster",
    )
    return (
        case.twitch.present == YES
        and bool(case.twitch.statements)
        and case.twitch.longer_than(14) == YES
        and all(case.flags[rule].truth == NO for rule in (*MOTOR, "sensory-change"))
        and not any(case.flags[rule].truth == YES for rule in others)
    )


# ---- Lifestyle --------------------------------------------------------------------------------------


def lifestyle(case: Case) -> dict[str, list[str]]:
    """§8: the steps, each with the parts that are withheld."""
    if not LIFESTYLE <= case.disposition <= ROUTINE:
        return {}
    if motor_unclear(case):
        return {}
    record = case.record
    low_filtration = latest(results(record, "egfr", 365), below(30)) == YES
    kidney = low_filtration or is_known(record, "advanced-kidney-disease")
    low_sodium = latest(results(record, "sodium", 365), below(135)) == YES or is_known(record, "low-sodium")
    high_potassium = latest(results(record, "potassium", 365), _above_normal) == YES
    parts: dict[str, list[str]] = {
        name: [] for name in ("caffeine", "sleep", "hydration", "nutrients", "stress", "stretching")
    }
    if is_known(record, "heart-failure") or kidney or low_sodium:
        parts["hydration"].append("2 litres a day")
    if high_potassium or is_known(record, "high-potassium") or kidney:
        parts["hydration"].append("potassium-rich foods")
    if kidney:  # a stage 4 or 5 is an eGFR below 30
        parts["nutrients"].append("magnesium supplements")
    if is_pregnant(record):
        parts["nutrients"].append("supplements")
    return {name: sorted(withheld) for name, withheld in parts.items()}


def _above_normal(result: object) -> int:
    high = getattr(result, "normal_high", None)
    return above(high if high is not None else 5.1)(result)  # type: ignore[arg-type]


def motor_unclear(case: Case) -> bool:
    """§10: a motor sign is recorded but UNKNOWN (not breathing that a heart or lung diagnosis may
    explain).
    """
    return any(case.flags[rule].truth == UNKNOWN and case.flags[rule].unclear for rule in MOTOR)
