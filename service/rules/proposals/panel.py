"""The blood panel: the first, the whole, and what was abnormal and is measured again (decision-model §7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.assessment import Disposition, FollowUp, Held, SuggestedTest, Waiting
from service.facts.amounts import Amount
from service.rules.contributors import outside
from service.rules.proposals.case import EYE_ONLY, Case, recently
from service.rules.red_flags import sensory_change

WHOLE_PANEL = (
    *("sodium", "potassium", "calcium", "albumin", "magnesium"),
    *("tsh", "b12", "vitamin-d", "ck", "glucose", "creatinine", "blood-count"),
)
# What the first panel, in primary care, leaves to the whole one.
OF_THE_WHOLE = {"ck", "blood-count"}
OFFERED_PANEL = ("magnesium", "vitamin-d", "b12")
AUTOIMMUNE = ("ana", "esr")
EITHER = {"glucose": "hba1c"}
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


def blood_panel(case: Case) -> SuggestedTest | None:
    """What to order with what is followed up and what was done lately; None where no blood test is needed."""
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
    # Numbness is told also where the twitch is only recent, and its own flag is not raised.
    numb = sensory_change(case.facts, case.knowledge).yes
    away_from_nerve = numb or case.raised("upper-motor-neuron-signs")
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
    return recently(case, analyte, again) or (recently(case, instead, again) if instead else None)


def _ordered_since(case: Case, analyte: str, abnormal: FollowUp, days: float) -> Held | None:
    held = recently(case, analyte, days, ordered_only=True)
    return held if held and abnormal.on and _day(held) > abnormal.on else None


def _day(held: Held) -> str:
    return held.since if isinstance(held, Waiting) else held.on
