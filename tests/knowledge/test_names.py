"""What a text on a medication resource names: whole words, and nothing that is denied or something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge import load
from service.knowledge.names import plain_name

KNOWLEDGE = load()
NAMES = KNOWLEDGE.medicine_names


def named(text: str) -> set[str]:
    """The classes that the text names; none where it is no name."""
    read = NAMES.read(text)
    return set() if read.no_name else set(read.medicines)


# --- What is a name -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "medicine"),
    [
        ("lithium", "lithium"),
        ("LITHIUM", "lithium"),
        ("Lithium carbonate 300 MG Oral Capsule", "lithium"),
        ("lithium carbonate 300 mg, monitor level", "lithium"),
        ("lithium carbonate 300 mg (monitor lithium-unrelated sodium)", "lithium"),
        ("Priadel 400mg modified-release tablets", "lithium"),
        ("Li-Liquid 509mg/5ml oral solution", "lithium"),
        ("lithium300mg", "lithium"),
        ("Quilonum retard", "lithium"),
        ("TÉRALITHE LP 400", "lithium"),
        ("Te\u0301ralithe", "lithium"),
        ("lithium_carbonate", "lithium"),
        ("[lithium]", "lithium"),
        ("LITHIUM® 400", "lithium"),
        ("Lithium™", "lithium"),
        ("lithium\u00a0carbonate", "lithium"),
        ("lith\u00adium", "lithium"),
        ("ＬＩＴＨＩＵＭ", "lithium"),
        ("predniSONE", "corticosteroid"),
        ("predniSONE 20 MG Oral Tablet", "corticosteroid"),
        ("methylPREDNISolone 4 MG", "corticosteroid"),
        ("lisinopril/hydrochlorothiazide", "diuretic"),
        ("Lisinopril-HCTZ 20-12.5", "diuretic"),
        ("Lasix 40mg", "diuretic"),
        ("frusemide", "diuretic"),
        ("Bumetanide 1 mg", "diuretic"),
        ("amiloride", "diuretic"),
        ("triamterene 50 mg", "diuretic"),
        ("bendroflumethiazide 2.5mg tablets", "diuretic"),
        ("Co-amilofruse 5mg/40mg", "diuretic"),
        ("etacrynic acid", "diuretic"),
        ("Salbutamol 100micrograms/dose inhaler CFC free", "beta-agonist"),
        ("albuterol (preservative free)", "beta-agonist"),
        ("200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler", "beta-agonist"),
        ("levalbuterol", "beta-agonist"),
        ("Fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT", "beta-agonist"),
        ("Theo-24", "theophylline"),
        ("theophylline anhydrous", "theophylline"),
        ("Claritin-D 12 hour", "stimulant"),
        ("CLARITIN D", "stimulant"),
        ("Vicks 44 Cold, Flu and Cough", "stimulant"),
        ("Sudafed", "stimulant"),
        ("Sudafed 12 hour nasal decongestant", "stimulant"),
        ("dexamfetamine", "stimulant"),
        ("Zoloft", "ssri-snri"),
        ("Mestinon 60 mg", "cholinesterase-inhibitor"),
        ("Simvistatin 10 MG", "statin"),
        ("Vytorin", "statin"),
        ("Prilosec OTC", "proton-pump-inhibitor"),
        ("acetaminophen 250 MG / aspirin 250 MG / caffeine 65 MG Oral Tablet", "caffeine"),
    ],
)
def test_a_name_that_stands_as_a_whole_word_names_the_medicine(text: str, medicine: str) -> None:
    assert named(text) == {medicine}


@pytest.mark.parametrize(
    "text",
    [
        "levalbuterolol",
        "xalbuterol",
        "prealbuterol",
        "lithiumlike",
        "alithium",
        "lithiumé",
        "warfarin 5 mg",
        "PACLitaxel 100 MG Injection",
        "decaffeinated",
        "chlorpromazine",
        "Claritin",
        "Allegra",
        "Zyrtec",
        "Mucinex",
        "Tylenol",
        "prednis",
        "one",
    ],
)
def test_a_part_of_a_word_or_another_medicine_names_none_of_ours(text: str) -> None:
    read = NAMES.read(text)

    assert (dict(read.medicines), read.blank, read.no_name) == ({}, False, False)


def test_levalbuterol_is_not_albuterol() -> None:
    """Both are of one class, but each has a name of its own."""
    assert NAMES.read("levalbuterol 0.63 mg").medicines == {"beta-agonist": "Levalbuterol"}
    assert NAMES.read("albuterol 0.63 mg").medicines == {"beta-agonist": "Albuterol"}


def test_a_text_may_name_several_medicines() -> None:
    assert named("furosemide and simvastatin and warfarin") == {"diuretic", "statin"}


def test_the_longest_name_counts_and_not_the_one_within_it() -> None:
    assert NAMES.read("Advil Cold and Sinus").medicines == {"stimulant": "Advil Cold and Sinus"}


@pytest.mark.parametrize("text", ["Sudafed PE", "sudafed-pe 10 mg", "Lithium heparin", "heparin lithium"])
def test_a_longer_name_that_is_something_else_names_none_of_ours(text: str) -> None:
    assert named(text) == set()
    assert not NAMES.read(text).no_name


@pytest.mark.parametrize("text", ["", " ", "-", "500", "12.5/20", "***", "\u200b", "…"])
def test_a_text_without_a_word_says_nothing(text: str) -> None:
    assert NAMES.read(text).blank


# --- What is no name ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "no lithium",
        "not lithium",
        "without lithium",
        "stop lithium",
        "STOP: lithium",
        "stopped lithium",
        "discontinued lithium",
        "avoid lithium",
        "former lithium",
        "allergy to lithium",
        "Allergy to: lithium carbonate",
        "intolerance to lithium",
        "known intolerance to lithium",
        "stop 300 mg lithium",
        "lithium battery",
        "lithium batteries",
        "lithium level",
        "lithium levels",
        "lithium test",
        "lithium test strip",
        "lithium strip",
        "lithium free",
        "lithium-free",
        "lithium allergy",
        "lithium intolerance",
        "lithium stopped",
        "lithium - stopped",
        "lithium (stopped)",
        "lithium carbonate 300 mg discontinued",
        "Lithium carbonate 300 MG Oral Capsule: discontinued",
        "lithium carbonate ER 450 mg tablets stopped",
        "caffeine-free",
        "Paracetamol caffeine-free",
        "caffeine free cola",
        "furosemide 40 mg, stopped lithium",
        "acetaminophen without caffeine",
        "prednisone allergy",
        "no more lithium; lithium stopped",
    ],
)
def test_a_name_beside_such_a_word_is_no_name(text: str) -> None:
    assert NAMES.read(text).no_name


@pytest.mark.parametrize(
    "text",
    [
        "lithium carbonate 300 mg, monitor level",
        "lithium daily, stopped smoking",
        "lithium, patient says no pain",
        "no sugar: take lithium",
        "do not crush lithium",
        "lithium (gluten free)",
        "albuterol (preservative free)",
        "lithium for 3 days then stop",
        "stop smoking aid and lithium",
        "allergy clinic: lithium",
        "lithium carbonate, check test results",
        "penicillin allergy",
        "allergy to penicillin",
        "battery",
        "stopped",
    ],
)
def test_such_a_word_elsewhere_changes_nothing(text: str) -> None:
    assert not NAMES.read(text).no_name


def test_a_word_of_a_name_is_not_a_word_before_it() -> None:
    assert named("Allerest No Drowsiness") == {"stimulant"}


# --- Forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "hydrocortisone cream",
        "Hydrocortisone 10 MG/ML Topical Cream",
        "prednisolone 1 % eye drops",
        "dexamethasone ophthalmic suspension",
        "Dexamethasone Otic",
        "ear drops with dexamethasone",
        "nasal spray",
        "methylprednisolone lotion",
        "prednisolone ointment",
        "lithium succinate ointment",
        "caffeine shampoo",
        "caffeine gel",
        "prednisolone scalp solution",
        "pseudoephedrine for the nose",
        "vaginal",
        "dental paste",
        "hydrocortisone foam",
    ],
)
def test_a_form_that_acts_where_it_is_applied_is_told(text: str) -> None:
    assert NAMES.read(text).local


@pytest.mark.parametrize(
    "text",
    [
        "Advil Cold and Sinus Liqui-Gels",
        "Pseudoephedrine Liqui-Gel",
        "pseudoephedrine nasal decongestant 30 mg tablet",
        "rivastigmine 24 HR Transdermal System",
        "prednisolone 5 mg tablet",
        "creamy",
        "gelatin",
        "yearly",
    ],
)
def test_other_forms_are_not_taken_for_it(text: str) -> None:
    assert not NAMES.read(text).local


def test_some_names_need_a_form_because_they_are_mostly_creams() -> None:
    bare, tablet = NAMES.read("hydrocortisone"), NAMES.read("hydrocortisone 10 mg tablet")

    assert (dict(bare.medicines), bare.systemic) == ({}, False)
    assert (dict(tablet.by_form), tablet.systemic) == ({"corticosteroid": "hydrocortisone"}, True)


@pytest.mark.parametrize(
    "text",
    [
        "Lithium carbonicum 30C",
        "lithium 6X",
        "lithium carbonate 200 CK",
        "lithium D6",
        "lithium C30 pellets",
        "lithium 6 [hp_X]",
        "homeopathic lithium",
    ],
)
def test_a_homeopathic_potency_is_told(text: str) -> None:
    assert NAMES.read(text).homeopathic


@pytest.mark.parametrize(
    "text",
    [
        "lithium 2x daily",
        "lithium 2x/day",
        "lithium 2 x 400 mg",
        "lithium 3 x per day",
        "lithium 300 mg 2x daily",
        "lithium carbonate 300 mg, store below 25C",
        "lithium",
        "lithium 400",
        "lithium 300 mg",
    ],
)
def test_a_dose_is_no_potency(text: str) -> None:
    assert not NAMES.read(text).homeopathic


# --- Whatever the names ---------------------------------------------------------------------------

SINGLE = sorted(name for name, meant in NAMES.names.items() if meant and not any(m.by_form for m in meant))
OTHER_WORDS = st.lists(
    st.sampled_from(["warfarin", "apixaban", "take", "with", "food", "at", "night", "5", "mg"]), max_size=3
)


@st.composite
def written(draw: st.DrawFn, name: str) -> str:
    """The name in any case, its words apart by what may stand within a name."""
    cased = "".join(draw(st.sampled_from([sign.lower(), sign.upper()])) for sign in name)
    return "".join(
        draw(st.sampled_from([" ", "-", "  ", "\u00a0"])) if sign == " " else sign for sign in cased
    )


@given(st.data(), st.sampled_from(SINGLE), OTHER_WORDS, OTHER_WORDS)
def test_case_and_what_stands_around_it_do_not_matter(
    data: st.DataObject, name: str, before: list[str], after: list[str]
) -> None:
    sign = st.sampled_from([" ", ", ", " / ", " (", ") ", "; ", "/", " + ", ". "])
    text = data.draw(written(name))
    text = " ".join(before) + data.draw(sign) + text + data.draw(sign) + " ".join(after)

    read = NAMES.read(text)

    assert {m.medicine for m in NAMES.names[name]} <= set(read.medicines)
    assert not read.no_name


@given(
    st.sampled_from(SINGLE), st.text(st.characters(categories=["L"]), min_size=1, max_size=3), st.booleans()
)
def test_a_name_within_a_longer_word_is_none(name: str, letters: str, in_front: bool) -> None:
    text = letters + name if in_front else name + letters

    found = NAMES.read(text).medicines.values()

    assert all(f" {plain_name(one)} " in f" {plain_name(text)} " for one in found)


@given(st.sampled_from(SINGLE), st.sampled_from(["no", "stop", "allergy to", "avoid"]), st.data())
def test_a_denied_name_is_none_in_any_case(name: str, word: str, data: st.DataObject) -> None:
    text = data.draw(written(f"{word} {name}"))

    assert NAMES.read(text).no_name


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    read = NAMES.read(text)

    assert not read.blank or not read.medicines
