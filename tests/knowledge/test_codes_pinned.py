"""Every code of the knowledge was verified, stands where it may, and cannot be a slip of the pen.

The list of verified codes is design material that lies beside a checkout, not in it. Where it is absent, what
needs it is skipped and says so; check digits, contradictions, the ICD-10-CM tabular and the titles of WHO
ICD-10 are tested everywhere.
"""

from __future__ import annotations

import csv
import re
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.fhir.read.questionnaire import SPECIAL

ROOT = Path(__file__).resolve().parents[2]
KNOWLEDGE = ROOT / "service" / "knowledge"
VERIFIED = ROOT / ".." / "shared" / "design" / "terminology.csv"
FILES = ("codes", "sites", "answers", "tests", "analytes", "medicines")

SYSTEMS = {
    "snomed": "SNOMED",
    "loinc": "LOINC",
    "icd-10-cm": "ICD-10-CM",
    "icd-10": "ICD-10",
    "icd-10-pcs": "ICD-10-PCS",
    "hpo": "HPO",
    "rxnorm": "RxNorm",
    "atc": "ATC",
    "interpretation": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
}
SIDES = ("left", "right", "both")
BY_PREFIX = ("icd-10-cm", "icd-10")

# Children that the note of their parent's row names with their side; they carry the parent's term.
NAMED_IN_A_NOTE = {
    "15631251000119109": "59026006",
    "15631291000119104": "59026006",
    "15631331000119105": "59026006",
    "16018391000119104": "102568007",
    "16018431000119109": "102568007",
}
# Prefixes of rows that the note names, and exceptions within rows; their terms are those of the tabular.
TAKEN_FROM_THE_TABULAR = {
    "H02.41",
    "J96.0",
    "J96.1",
    "J96.2",
    "J96.9",
    "F10.11",
    "F10.21",
    "F10.91",
    "T43.616",
}
# A laboratory's sibling that the decision model names (section 2) and sample records show, without a row.
NAMED_BY_THE_DECISION_MODEL = {("loinc", "38483-4", "Creatinine [Mass/volume] in Blood")}

NEVER_POSITIVE = {
    ("snomed", "366575004"): "reads a normal plantar response as Babinski's sign",
    ("snomed", "397790002"): "was never seen with a term",
    ("snomed", "13791008"): "asthenia is tiredness",
    ("snomed", "40890009"): "oesophageal dysphagia is not bulbar",
    ("snomed", "240129002"): "disuse explains the wasting",
    ("snomed", "50219008"): "hoarseness is of the larynx",
    ("snomed", "18963009"): "mood swings are not the pseudobulbar affect",
    ("snomed", "29164008"): "a disturbance in speech may be stuttering",
    ("snomed", "161832001"): "weight decreases on a diet as well",
    ("snomed", "262285001"): "weight decreases on a diet as well",
    ("snomed", "84590007"): "a family of diseases is not a diagnosis",
    ("snomed", "95663000"): "is wider than multifocal motor neuropathy",
    ("snomed", "39898005"): "a sleep disorder may be apnoea",
    ("snomed", "95635002"): "withdrawal is too little caffeine",
    ("snomed", "433144002"): "kidney disease of stage 3 is not advanced",
    ("snomed", "45352006"): "spasm is not a twitch",
    ("snomed", "26079004"): "tremor is not a twitch",
    ("snomed", "17450006"): "myoclonus is not a twitch",
    ("snomed", "32914008"): "restless legs are not a twitch",
    ("snomed", "241601008"): "is MRI of the head, not of the brain",
    ("snomed", "241645008"): "the spine may be the lumbar spine",
    ("snomed", "22690006"): "is what is observed, not the study",
    ("snomed", "69536005"): "a head may be an eyelid or a tongue",
    ("snomed", "38266002"): "the whole body is no site",
    ("snomed", "127954009"): "skeletal muscle is no site",
    ("loinc", "24845-0"): "circulates as MRI of the cervical spine, and is not",
    ("loinc", "67131-4"): "fails the check digit",
    ("hpo", "HP:0001171"): "is a malformation, not the sign of ALS",
    ("icd-10-cm", "R25.8"): "a residual code",
    ("icd-10-cm", "R25.9"): "a residual code",
    ("icd-10-cm", "G25.3"): "is myoclonus",
    ("icd-10-cm", "R53.1"): "weakness without further words",
    ("icd-10-cm", "R29.898"): "any other sign of the muscles and bones",
    ("icd-10-cm", "R29.2"): "does not say whether reflexes are brisk or absent",
    ("icd-10-cm", "R47.9"): "a disturbance in speech may be stuttering",
    ("icd-10-cm", "R49.0"): "hoarseness is of the larynx",
    ("icd-10-cm", "K14.8"): "is any other disease of the tongue",
    ("icd-10-cm", "G57.31"): "is a cause of foot drop, not foot drop",
    ("icd-10-cm", "F10.90"): "plain use is no disorder",
    ("icd-10-cm", "F10.21"): "is in remission",
    ("icd-10-cm", "T43.616A"): "is too little caffeine",
    ("icd-10-cm", "F15.10"): "is of all stimulants together",
    ("icd-10-cm", "N18.30"): "kidney disease of stage 3 is not advanced",
    ("icd-10", "R53"): "is malaise and fatigue",
    ("icd-10", "M62.8"): "is any other disorder of muscle",
    ("icd-10", "E11.4"): "is diabetes with any neurological complication",
    ("icd-10", "G31.0"): "is titled an atrophy of the brain, not a dementia",
    ("icd-10", "I11.9"): "is without heart failure, and not known to explain breathlessness",
    ("icd-10", "N18.3"): "kidney disease of stage 3 is not advanced",
    ("icd-10", "N18.9"): "kidney disease without a stage is not advanced",
    ("icd-10", "Z32.0"): "a pregnancy that is not confirmed is none yet",
    ("icd-10", "F15"): "is of all stimulants together",
    ("icd-10", "R29.2"): "does not say whether reflexes are brisk or absent",
    ("icd-10", "R47.8"): "a disturbance in speech may be stuttering",
}

CONTRADICTIONS = [
    ("low-potassium", "high-potassium"),
    ("low-calcium", "high-calcium"),
    ("low-calcium", "calcium-or-magnesium-disorder"),
    ("high-calcium", "calcium-or-magnesium-disorder"),
    ("low-magnesium", "calcium-or-magnesium-disorder"),
    ("dyspnoea", "orthopnoea"),
    ("dyspnoea", "dyspnoea-at-rest"),
    ("orthopnoea", "dyspnoea-at-rest"),
    ("motor-neuron-disease", "other-motor-neuron-disorder"),
    ("motor-neuron-disease", "multifocal-motor-neuropathy"),
    ("motor-neuron-disease", "benign-fasciculation-syndrome"),
    ("motor-neuron-disease", "lung-disease"),
    ("peripheral-neuropathy", "multifocal-motor-neuropathy"),
    ("peripheral-neuropathy", "guillain-barre"),
    ("muscle-weakness", "sensory-change"),
    ("muscle-weakness", "fasciculation"),
    ("fasciculation", "cramp"),
    ("fasciculation", "benign-fasciculation-syndrome"),
    ("eyelid-twitch", "facial-myokymia"),
    ("eyelid-twitch", "blepharospasm"),
    ("facial-myokymia", "hemifacial-spasm"),
    ("twitch-at-rest", "twitch-trigger"),
]


class Row(NamedTuple):
    """One code as a file has it; `path` is the tables that lead to it."""

    path: tuple[str, ...]
    system: str
    code: str
    display: str

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.system} {self.code} {self.display!r}"


@cache
def table(name: str) -> dict[str, Any]:
    return tomllib.loads((KNOWLEDGE / f"{name}.toml").read_text(encoding="utf-8"))


def rows(inside: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of all tables named after a code system; where sites.toml names a side, it is SNOMED CT."""
    for key, value in inside.items():
        if not isinstance(value, dict):
            continue
        sided = key in SIDES and path[:1] in (("sites",), ("areas",), ("sides",))
        if sided or key in (*SYSTEMS, "own"):
            yield from (Row(path, "snomed" if sided else key, *coded) for coded in value.items())
        else:
            yield from rows(value, (*path, key))


def all_rows() -> list[Row]:
    return [row for name in FILES for row in rows(table(name), (name,))]


def of_system(system: str) -> list[Row]:
    found = [row for row in all_rows() if row.system == system]
    assert found, f"no code of {system} was found: this test looks in the wrong place"
    return found


def says(concept: Mapping[str, Any], system: str, code: str) -> str | None:
    """What a concept reads in a code: "yes", "unspecific", "except" or nothing. ICD by the longest prefix."""
    parts = [("yes", {k: v for k, v in concept.items() if k in SYSTEMS})]
    parts += [("yes", narrower) for narrower in concept.get("narrower", {}).values()]
    parts += [(word, concept.get(word, {})) for word in ("unspecific", "except")]
    matches = [
        (len(known), word)
        for word, part in parts
        for known in part.get(system, {})
        if code == known or (system in BY_PREFIX and plain(code).startswith(plain(known)))
    ]
    return max(matches)[1] if matches else None


def plain(code: str) -> str:
    return code.replace(".", "")


def positive(concept: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [row for row in rows(concept) if row.path[:1] not in (("unspecific",), ("except",))]
    return [(row.system, row.code) for row in found if row.system != "own"]


@pytest.fixture(scope="module")
def verified() -> dict[tuple[str, str, str], tuple[int, str]]:
    """(system, code, display) -> (times verified, notes) of the list of verified codes."""
    if not VERIFIED.exists():
        pytest.skip(
            f"NOT CHECKED: the list of verified codes is not at {VERIFIED}. Only there is it known whether a"
            " code was verified, and its display; run this beside the design material before a release."
        )
    with VERIFIED.open(encoding="utf-8", newline="") as lines:
        return {
            (row["system"], row["code"], row["display"]): (int(row["verified"] or 0), row["notes"])
            for row in csv.DictReader(lines)
        }


@pytest.fixture(scope="module")
def tabular() -> Any:
    """The ICD-10-CM tabular; reading it warns about its own use of importlib.resources."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import simple_icd_10_cm

        return simple_icd_10_cm


@pytest.fixture(scope="module")
def who() -> Any:
    """WHO ICD-10 of 2019, codes and titles; reading it warns as the tabular does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import simple_icd_10

        return simple_icd_10


def verhoeff_holds(code: str) -> bool:
    """The check digit of SNOMED CT ids, in the dihedral group of order ten."""
    check = 0
    for place, digit in enumerate(map(int, reversed(code))):
        for _ in range(place % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        check = _after(check, digit)
    return check == 0


def _after(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 + (5 if b >= 5 else 0)
    return (a - b) % 5 + (5 if b < 5 else 0)


def loinc_holds(code: str) -> bool:
    """The mod-10 check digit of LOINC codes; answer codes (LA…) have none that follows it."""
    body, check = code.split("-")
    doubled = "".join(str(int(d) * (2 if place % 2 == 0 else 1)) for place, d in enumerate(reversed(body)))
    return (10 - sum(map(int, doubled)) % 10) % 10 == int(check)


@pytest.mark.parametrize(("code", "holds"), [("82470000", True), ("183521007", True), ("183521002", False)])
def test_the_check_digit_of_snomed_tells_right_from_wrong(code: str, holds: bool) -> None:
    assert verhoeff_holds(code) is holds


@pytest.mark.parametrize(("code", "holds"), [("19123-9", True), ("67131-4", False), ("83191-8", False)])
def test_the_check_digit_of_loinc_tells_right_from_wrong(code: str, holds: bool) -> None:
    assert loinc_holds(code) is holds


def test_every_snomed_id_has_its_check_digit() -> None:
    wrong = [str(row) for row in of_system("snomed") if not verhoeff_holds(row.code)]

    assert wrong == []


def test_every_loinc_code_has_its_check_digit() -> None:
    codes = [row for row in of_system("loinc") if not row.code.startswith("LA")]
    wrong = [str(row) for row in codes if not loinc_holds(row.code)]

    assert wrong == []


def test_every_icd_10_cm_code_stands_in_the_tabular(tabular: Any) -> None:
    wrong = [str(row) for row in of_system("icd-10-cm") if not tabular.is_valid_item(row.code)]

    assert wrong == []


def test_every_code_of_the_who_edition_has_its_title(who: Any) -> None:
    """Also those in the list of verified codes, whose source is the same."""
    wrong = [
        str(row)
        for row in of_system("icd-10")
        if not who.is_valid_item(row.code) or who.get_description(row.code) != row.display
    ]

    assert wrong == []


def test_no_cpt_code_is_shipped() -> None:
    others = [row for row in all_rows() if row.system != "rxnorm"]  # its ids may have five digits
    wrong = [str(row) for row in others if re.fullmatch(r"\d{4}[\dFTU]", row.code)]
    naming = [p.name for p in KNOWLEDGE.glob("*.toml") if "ama-assn.org" in p.read_text(encoding="utf-8")]

    assert wrong == []
    assert naming == []


@pytest.mark.parametrize("name", FILES)
def test_every_code_was_verified_with_its_display(name: str, verified: dict[Any, tuple[int, str]]) -> None:
    found = [row for row in rows(table(name), (name,)) if row.system not in ("own", "icd-10")]
    elsewhere = NAMED_IN_A_NOTE.keys() | TAKEN_FROM_THE_TABULAR
    listed = [
        row for row in found if row.code not in elsewhere and row[1:] not in NAMED_BY_THE_DECISION_MODEL
    ]
    wrong = [str(row) for row in listed if verified.get((SYSTEMS[row.system], *row[2:]), (0, ""))[0] < 1]

    assert found
    assert wrong == []


def test_a_child_that_a_note_names_carries_its_parents_term(verified: dict[Any, tuple[int, str]]) -> None:
    children = [row for row in of_system("snomed") if row.code in NAMED_IN_A_NOTE]
    notes = {
        row: verified.get(("SNOMED", NAMED_IN_A_NOTE[row.code], row.display), (0, ""))[1] for row in children
    }

    assert {row.code for row in children} == set(NAMED_IN_A_NOTE)
    assert [str(row) for row, note in notes.items() if row.code not in note] == []


def test_what_was_taken_from_the_tabular_has_its_term(tabular: Any) -> None:
    taken = [row for row in of_system("icd-10-cm") if row.code in TAKEN_FROM_THE_TABULAR]

    assert {row.code for row in taken} == TAKEN_FROM_THE_TABULAR
    assert [str(row) for row in taken if tabular.get_description(row.code) != row.display] == []


@pytest.mark.parametrize(("system", "code"), NEVER_POSITIVE, ids=lambda part: str(part))
def test_a_tempting_code_is_positive_nowhere(system: str, code: str) -> None:
    claims = [name for name, concept in table("codes").items() if says(concept, system, code) == "yes"]
    others = [str(row) for row in all_rows() if row.path[0] != "codes" and row[1:3] == (system, code)]

    assert claims + others == [], NEVER_POSITIVE[system, code]


@pytest.mark.parametrize(("one", "other"), CONTRADICTIONS)
def test_two_concepts_that_exclude_each_other_share_no_code(one: str, other: str) -> None:
    codes = table("codes")
    shared = [
        code
        for mine, theirs in ((one, other), (other, one))
        for code in positive(codes[mine])
        if says(codes[theirs], *code) == "yes"
    ]

    assert shared == []


def test_no_twitch_is_a_look_alike() -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for concept in table("codes").values():
        by_kind.setdefault(concept["kind"], []).append(concept)
    shared = [
        code
        for twitch, alike in product(by_kind["twitch"], by_kind["look-alike"])
        for code in positive(twitch)
        if says(alike, *code)
    ]

    assert shared == []


def test_no_code_stands_twice_in_one_concept() -> None:
    twice = [
        (name, found)
        for name, concept in table("codes").items()
        for found, count in Counter((row.system, row.code) for row in rows(concept)).items()
        if count > 1
    ]

    assert twice == []


@pytest.mark.parametrize("name", ["sites", "answers"])
def test_no_code_has_two_meanings_in(name: str) -> None:
    twice = [code for code, count in Counter(row[1:3] for row in rows(table(name))).items() if count > 1]

    assert twice == []


@pytest.mark.parametrize(
    ("concept", "system", "code", "expected"),
    [
        ("muscle-weakness", "snomed", "13791008", "unspecific"),
        ("muscle-weakness", "icd-10-cm", "R53.1", "unspecific"),
        ("muscle-weakness", "icd-10-cm", "R29.898", "unspecific"),
        ("muscle-weakness", "icd-10-cm", "R29.810", "yes"),
        ("muscle-weakness", "icd-10-cm", "G83.14", "yes"),
        ("speech-difficulty", "icd-10-cm", "R47.81", "yes"),
        ("speech-difficulty", "icd-10-cm", "R47.89", "unspecific"),
        ("dyspnoea", "icd-10-cm", "R06.02", "yes"),
        ("dyspnoea", "icd-10-cm", "R06.01", "except"),
        ("dyspnoea-at-rest", "icd-10-cm", "R06.03", "yes"),
        ("acute-respiratory-failure", "icd-10-cm", "J96.01", "yes"),
        ("acute-respiratory-failure", "icd-10-cm", "J96.21", "yes"),
        ("acute-respiratory-failure", "icd-10-cm", "J96.11", None),
        ("acute-respiratory-failure", "icd-10", "J96.0", "yes"),
        ("acute-respiratory-failure", "icd-10", "J96.1", None),
        ("respiratory-failure", "icd-10", "J96.1", "yes"),
        ("upper-motor-neuron-signs", "icd-10-cm", "R29.2", "unspecific"),
        ("peripheral-neuropathy", "icd-10-cm", "G61.81", "yes"),
        ("peripheral-neuropathy", "icd-10-cm", "G61.82", "except"),
        ("peripheral-neuropathy", "icd-10", "G61.0", "except"),
        ("peripheral-neuropathy", "icd-10", "G61.8", "yes"),
        ("peripheral-neuropathy", "icd-10", "G63.2", "yes"),
        ("guillain-barre", "icd-10", "G61.0", "yes"),
        ("heart-failure", "icd-10", "I50.1", "yes"),
        ("heart-failure", "icd-10", "I13.2", "yes"),
        ("heart-failure", "icd-10", "I25.1", None),
        ("heart-disease", "icd-10", "I11.0", "yes"),
        ("lung-disease", "icd-10", "J44.1", "yes"),
        ("lung-disease", "icd-10", "J46", "yes"),
        ("advanced-kidney-disease", "icd-10", "N18.5", "yes"),
        ("pregnancy", "icd-10", "Z33", "yes"),
        ("upper-motor-neuron-signs", "icd-10", "R26.1", "unspecific"),
        ("multiple-sclerosis", "icd-10-cm", "G35", "yes"),
        ("multiple-sclerosis", "icd-10-cm", "G35.B1", "yes"),
        ("motor-neuron-disease", "icd-10-cm", "G12.21", "yes"),
        ("motor-neuron-disease", "icd-10-cm", "G12.1", None),
        ("alcohol-problem", "icd-10-cm", "F10.20", "yes"),
    ],
)
def test_a_code_is_read_as(concept: str, system: str, code: str, expected: str | None) -> None:
    assert says(table("codes")[concept], system, code) == expected


def test_every_own_code_is_defined_and_read_with_the_same_words() -> None:
    own = table("own")
    used = {(row.code, row.display) for name in FILES for row in rows(table(name)) if row.system == "own"}

    # Read by the questionnaire's reader: they date, place or name a relative, and state no concept.
    special = {*SPECIAL}
    assert used == {(code, o["display"]) for code, o in own.items() if code not in special}
    assert special <= own.keys()


def test_no_own_code_stands_for_two_things() -> None:
    own = table("own")
    words = [*own, *(answer for definition in own.values() for answer in definition.get("answers", {}))]

    assert [word for word, count in Counter(words).items() if count > 1] == []


def test_what_we_order_was_verified_twice_and_stands_among_the_codes(
    verified: dict[Any, tuple[int, str]],
) -> None:
    known = {(system, code): times for (system, code, _), (times, _) in verified.items()}
    wrong = [
        f"{name}: {system} {code}"
        for name, test in table("tests").items()
        for system, code in test["order"].items()
        if system != "text"
        if code not in test.get(system, {}) or known.get((SYSTEMS[system], code), 0) < 2
    ]

    assert wrong == []


def test_the_sites_run_from_head_to_foot_by_region() -> None:
    regions = [site["region"] for site in table("sites")["sites"].values()]
    changes = sum(one != other for one, other in pairwise(regions))

    assert set(regions) == {"", "bulbar", "cervical", "thoracic", "lumbosacral"}
    assert changes == len(set(regions)) - 1
    assert table("sites")["sites"]["eyelid"]["region"] == ""
