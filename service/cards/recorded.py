"""What stands in the record: the short table of findings with their dates and sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from service.assessment import Assessment, Disposition, Finding
from service.cards.markdown import capital, escaped, section, table
from service.cards.phrases import day_words, listed, measured
from service.facts.answers import Basis
from service.knowledge import Knowledge
from service.knowledge.words import fact_words, notes_words

# In an emergency nothing else stands between the table and the action, so there is room for one row more.
_MOST_ROWS, _MOST_ROWS_SAME_DAY, _MOST_OF_ONE = 4, 5, 3
_DAY = re.compile(r"\b(\d{1,2}) (?=[A-Z])")
# A statement that names a place: "muscle twitching, left hand", "weakness, right foot (examined)".
_PLACED = re.compile(r"(?P<what>.+), (?P<place>[a-z ]+?)(?P<how> \([a-z]+\))?")
# What tells of the twitch only how it goes on.
_COURSE = ("twitch-course", "twitch-frequency")
_REPORTED = " (reported)"
# Sites of which nobody has two, or whose words have no plural.
NOT_PLURAL = frozenset(("hip or buttock", "chest", "abdomen", "back", "neck", "face", "tongue"))
SOURCES: Mapping[str, str] = {
    "Condition": "problem",
    "Observation": "observation",
    "MedicationRequest": "medicine",
    "MedicationStatement": "medicine",
    "QuestionnaireResponse": "form",
    "FamilyMemberHistory": "family",
}


def from_the_record(raised: Sequence[Finding], assessment: Assessment, knowledge: Knowledge) -> str:
    """One row a finding: what decides, one statement of each other finding, the twitch, and then the rest."""
    said = [b for c in assessment.contributors if c.disposition == assessment.disposition for b in c.basis]
    for n, finding in enumerate(raised):
        said += finding.answer.basis[: 1 if n else _MOST_OF_ONE]
    said += assessment.twitch.present.basis
    said += [basis for finding in raised for basis in finding.answer.basis]
    telling = [b for b in _each_once(said, knowledge) if _tells(b, assessment, knowledge)]
    rows = _rows(telling, assessment.on.year, knowledge)
    if not rows:
        return ""
    if len(rows) == 1:
        fact, since, source = rows[0]
        return section("From the record", f"{', '.join(filter(None, (fact, since)))} ({source})")
    most = _MOST_ROWS_SAME_DAY if assessment.disposition is Disposition.SAME_DAY else _MOST_ROWS
    shown = table(("Finding", "Date", "Source"), rows[:most])
    more = len(rows) - most
    return section("From the record", shown) + (f"\n\nand {more} more" if more > 0 else "")


def _tells(basis: Basis, assessment: Assessment, knowledge: Knowledge) -> bool:
    """Whether a row for it says something: how the twitching goes on does by its answer, beside no worse."""
    what, _, answer = fact_words(basis, knowledge).partition(":")
    if not what.endswith("twitching"):
        return True
    course = {knowledge.words(name) for name in _COURSE if name in knowledge.concepts}
    return what not in course or (bool(answer) and assessment.disposition < Disposition.URGENT_REFERRAL)


def _each_once(said: Sequence[Basis], knowledge: Knowledge) -> Iterable[Basis]:
    """Each statement once; one that is said both plainly and as reported stands there as reported."""
    unique: dict[tuple[str, str | None], Basis] = {}
    for basis in said:
        fact = fact_words(basis, knowledge)
        key = (fact.removesuffix(_REPORTED), basis.source)
        plainly = key in unique and fact_words(unique[key], knowledge) == key[0]
        if key not in unique or (fact.endswith(_REPORTED) and plainly):
            unique[key] = basis
    return unique.values()


def _rows(said: Sequence[Basis], year: int, knowledge: Knowledge) -> list[tuple[str, str, str]]:
    """The statements as rows; one finding at several places is one row, with its dates where they differ."""
    together: dict[tuple[str, str | None, str | None], list[tuple[Basis, str]]] = {}
    for basis in said:
        fact, note = fact_words(basis, knowledge), notes_words(basis.notes, knowledge)
        placed = _PLACED.fullmatch(fact)
        if placed:
            key = (placed["what"] + (placed["how"] or ""), None, note)
            together.setdefault(key, []).append((basis, placed["place"]))
        else:
            together.setdefault((fact, basis.source or "", note), []).append((basis, ""))
    return [_row(what, group, year, knowledge) for (what, _, _), group in together.items()]


def _row(
    what: str, group: Sequence[tuple[Basis, str]], year: int, knowledge: Knowledge
) -> tuple[str, str, str]:
    first = group[0][0]
    # "(right) (examined)" are two brackets, because a side and a way of knowing come from different hands.
    fact = measured(fact_words(first, knowledge)).replace(") (", ", ")
    if len(group) > 1:
        fact = f"{what}: {', '.join(_places(group, year))}"
    said = notes_words(first.notes, knowledge)
    note = f" ({escaped(said)})" if said else ""
    sources = dict.fromkeys(_source(basis.source or "") for basis, _ in group)
    return (
        escaped(capital(fact), 300) + note,
        _cell(_date(first, year), begun=bool(first.onset)),
        listed([*sources]),
    )


@lru_cache(maxsize=4096)
def _cell(day: str, *, begun: bool) -> str:
    """A date as Markdown: "20 Nov" stays on one line and its year may not, because a side bar is narrow."""
    return ("since " if begun else "") + _DAY.sub("\\1\u00a0", escaped(day, 20))


def _places(group: Sequence[tuple[Basis, str]], year: int) -> list[str]:
    """The places, with the date where it is not that of the row; both sides of one day are one place."""
    since = _date(group[0][0], year)
    dates = {place: _date(basis, year) for basis, place in reversed(group)}
    places: list[str] = []
    for place in dict.fromkeys(place for _, place in group):
        side, _, site = place.partition(" ")
        other = f"{'right' if side == 'left' else 'left'} {site}"
        day = "" if dates[place] == since else f" ({dates[place]})"
        if side in ("left", "right") and dates.get(other) == dates[place] and site not in NOT_PLURAL:
            places.append(f"both {'feet' if site == 'foot' else f'{site}s'}{day}")
        else:
            places.append(f"{place}{day}")
    return list(dict.fromkeys(places))


def _source(reference: str) -> str:
    """Where in the record it stands; its id, which nobody reads, is in the orders and the assessment."""
    kind = reference.partition("/")[0]
    return SOURCES.get(kind) or escaped(kind, 80)


def _date(basis: Basis, year: int) -> str:
    return day_words(basis.onset.text if basis.onset else basis.date or "", year)
