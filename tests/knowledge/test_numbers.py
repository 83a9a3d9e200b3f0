"""The numbers and citations of the knowledge, recomputed and cross-checked from the TOML files alone.

pint and UCUM know masses and volumes. They do not know valence (to pint, 1 meq is 1 mmol), international
units, or how much a drink holds: those factors are computed by hand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from ucumvert import PintUcumRegistry

from service.assessment import Disposition
from service.knowledge import load

PRECISION = 5e-9  # factors are written to nine significant digits
RULE_KINDS = {"suspicion", "motor", "red-flag", "same-day", "contributor"}
EVIDENCE_KINDS = {"guideline", "study", "laboratory", "regulation", "local"}
CONTRIBUTORS_WITH_A_DISPOSITION = {"electrolyte-imbalance", "nutritional-deficiency", "thyroid"}
STEPS = ["caffeine", "sleep", "hydration", "nutrients", "stress", "stretching"]

# Every DOI that the knowledge cites. A new one is added here when somebody has seen it at its source.
DOIS = {
    "10.1016/j.psym.2019.04.001",
    "10.1002/14651858.CD009402.pub3",
    "10.1002/ana.21580",
    "10.1002/ana.23969",
    "10.1002/mus.26193",
    "10.1007/s00415-013-6856-8",
    "10.1007/s12031-015-0663-x",
    "10.1093/eurheartj/ehv043",
    "10.1136/bmj-2022-073857",
    "10.1136/bmj.k186",
    "10.1136/practneurol-2013-000557",
    "10.1136/practneurol-2021-003256",
    "10.1212/WNL.88.16_supplement.S45.007",
    "10.1371/journal.pone.0027041",
    "10.1530/eje-18-0736",
    "10.2903/j.efsa.2010.1459",
    "10.3390/brainsci14111055",
    "10.5664/jcsm.4758",
}

BY_HAND = {
    ("screen-time", "h"): 1,
    ("screen-time", "min"): 1 / 60,
    ("tsh", "u[IU]/mL"): 1,  # 10^-6 / 10^-3 L = 10^-3 / L
    ("tsh", "mU/L"): 1,  # laboratories' way to write international units
    ("tsh", "uU/mL"): 1,
    ("ck", "[IU]/L"): 1,  # the international unit of an enzyme is the enzyme unit
    ("alcohol", "/d"): 7 * 14 / 8,  # drinks of 14 g a day, in UK units of 8 g a week
    ("alcohol", "1/d"): 7 * 14 / 8,
    ("alcohol", "{drinks}/d"): 7 * 14 / 8,
    ("alcohol", "/wk"): 14 / 8,
    ("alcohol", "{drinks}/wk"): 14 / 8,
    ("alcohol", "g/d"): 7 / 8,
    ("alcohol", "g/wk"): 1 / 8,
    ("gad-7", "1"): 1,
    ("audit-c", "1"): 1,
    ("mrc-grade", "1"): 1,
    ("sleep-duration", "h/d"): 1,  # hours of each day's sleep
    ("sleep-duration", "min/d"): 1 / 60,
}


@cache
def table(name: str) -> dict[str, Any]:
    """The content of one knowledge file."""
    return tomllib.loads((files("service.knowledge") / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def ucum() -> PintUcumRegistry:
    """pint, taught UCUM."""
    return PintUcumRegistry()


def unit_factors() -> Iterator[tuple[str, str, float]]:
    """Every unit that is accepted for every analyte, listed or worked out from a concentration."""
    for analyte in load().analytes.values():
        yield from ((analyte.id, unit, factor) for unit, factor in analyte.units.items())


def recomputed(analyte: str, unit: str) -> float:
    """The factor from `unit` to the analyte's own unit, from first principles."""
    block = table("analytes")[analyte]
    if (analyte, unit) in BY_HAND:
        return BY_HAND[analyte, unit]
    if "eq/" in unit:
        return float(1 / block["valence"])
    given, wanted = (_quantity(u) for u in (unit, block["unit"]))
    if given.dimensionality != wanted.dimensionality:
        per_mole = block["molar_mass"] * ucum().from_ucum("g/mol")
        given = given / per_mole if given.check("[mass]/[length]**3") else given * per_mole
    return float((given / wanted).to("").magnitude)


def _quantity(unit: str) -> Any:
    """A UCUM unit as a pint quantity; braces are remarks."""
    bare = unit if not unit.startswith("{") else "1" + unit.split("}", 1)[1]
    return 1 * ucum().from_ucum(bare.replace("1/", "/", 1) if bare.startswith("1/") else bare)


def cited() -> Iterator[tuple[str, str]]:
    """(where, claim id) of every citation in every file."""
    for name in ("thresholds", "medicines", "rules", "diagnoses"):
        for key, block in table(name).items():
            claims = [block["evidence"]] if isinstance(block["evidence"], str) else block["evidence"]
            yield from ((f"{name}.{key}", claim) for claim in claims)
    for key, block in table("analytes").items():
        if "reference" in block:
            yield f"analytes.{key}", block["reference"]["evidence"]
        if "plausible" in block:
            yield f"analytes.{key}", block["plausible"]["evidence"]
    for key, step in table("lifestyle")["steps"].items():
        yield from ((f"lifestyle.{key}", claim) for claim in step["evidence"])
    yield from (("lifestyle.safety_net", claim) for claim in table("lifestyle")["safety_net"]["evidence"])


# --- Units ------------------------------------------------------------------------------


def test_a_units_factor_is_what_mass_volume_and_valence_make_it() -> None:
    factors = {(analyte, unit): factor for analyte, unit, factor in unit_factors()}

    wrong = {
        key: (factor, by_hand)
        for key, factor in factors.items()
        if factor != pytest.approx(by_hand := recomputed(*key), rel=PRECISION)
    }
    assert len(factors) > 300
    assert wrong == {}


CONCENTRATIONS = [*table("units")["molar"], *table("units")["mass"]]


@pytest.mark.parametrize(
    ("analyte", "accepted"),
    [
        *(
            (name, CONCENTRATIONS)
            for name in ("potassium", "calcium", "b12", "vitamin-d", "creatinine", "glucose")
        ),
        ("albumin", table("units")["mass"]),
        ("tsh", []),
        ("ck", []),
        ("hba1c", []),
    ],
)
def test_a_concentration_is_accepted_where_the_analytes_unit_and_molar_mass_allow_it(
    analyte: str, accepted: list[str]
) -> None:
    units = load().analytes[analyte].units

    assert {unit for unit in CONCENTRATIONS if unit in units} == set(accepted)


@pytest.mark.parametrize("analyte", [name for name, block in table("analytes").items() if block["units"]])
def test_what_is_plausible_leaves_room_above_every_limit(analyte: str) -> None:
    block = table("analytes")[analyte]
    most = block["plausible"]["most"]
    named = analyte.replace("-", "_")
    limits = [t["value"] for name, t in table("thresholds").items() if name.startswith(f"{named}_critically")]
    limits.append(block.get("reference", {}).get("high", 0))

    assert most > 5 * max(limits)


def test_two_milliequivalents_of_calcium_or_magnesium_are_one_millimole() -> None:
    halves = {
        name: block["units"]["meq/L"]
        for name, block in table("analytes").items()
        if block.get("valence") == 2
    }

    assert halves == {"calcium": 0.5, "calcium-adjusted": 0.5, "magnesium": 0.5}


def test_an_analytes_own_unit_is_accepted_as_it_is() -> None:
    own = {name: block["units"][block["unit"]] for name, block in table("analytes").items() if block["units"]}

    assert set(own.values()) == {1}


def test_every_unit_is_ucum() -> None:
    units = {unit for _, unit, _ in unit_factors()} | {block["unit"] for block in table("analytes").values()}
    units |= {block["unit"] for block in table("thresholds").values()}

    read = {unit: ucum().from_ucum(unit) for unit in units}  # raises for what is not UCUM
    assert len(read) > 20


def test_an_alias_leads_to_a_unit_that_some_analyte_accepts_and_is_none_itself() -> None:
    accepted = {unit for _, unit, _ in unit_factors()}
    aliases = table("units")["aliases"]

    assert set(aliases.values()) <= accepted
    assert not aliases.keys() & accepted


def test_no_alias_changes_how_much_is_meant() -> None:
    """Where an alias happens to be UCUM as well ("mmol/l"), it is the same unit."""
    for alias, unit in table("units")["aliases"].items():
        try:
            as_written = ucum().from_ucum(alias)
        except Exception:
            continue  # not UCUM, which is what the alias is for
        ratio = (1 * as_written) / (1 * ucum().from_ucum(unit))
        assert ratio.dimensionless, alias
        assert ratio.to("").magnitude == pytest.approx(1), alias


# --- Ranges and limits ------------------------------------------------------------------


def test_reference_ranges_are_the_decision_models() -> None:
    ranges = {
        name: (block["reference"].get("low"), block["reference"].get("high"))
        for name, block in table("analytes").items()
        if "reference" in block
    }

    assert ranges == {
        "sodium": (135, 145),
        "potassium": (3.5, 5.1),
        "calcium": (2.15, 2.55),
        "calcium-adjusted": (2.15, 2.55),
        "magnesium": (0.70, 1.00),
        "b12": (180, None),
        "vitamin-d": (50, None),
        "tsh": (0.4, 4.5),
    }


@pytest.mark.parametrize("analyte", ["sodium", "potassium", "calcium", "magnesium"])
def test_a_critical_value_lies_outside_the_reference_range(analyte: str) -> None:
    reference = table("analytes")[analyte]["reference"]
    limits = table("thresholds")

    assert limits[f"{analyte}_critically_low"]["value"] < reference["low"]
    if analyte != "magnesium":
        assert limits[f"{analyte}_critically_high"]["value"] > reference["high"]


def test_a_limit_that_repeats_a_reference_range_agrees_with_it() -> None:
    analytes, limits = table("analytes"), table("thresholds")

    assert limits["sodium_low"]["value"] == analytes["sodium"]["reference"]["low"]
    assert limits["potassium_high"]["value"] == analytes["potassium"]["reference"]["high"]


@pytest.mark.parametrize("test", sorted(table("tests").keys() - {"neurology-referral"}))
def test_every_test_has_a_limit_for_its_repetition(test: str) -> None:
    limit = table("thresholds")[f"{test.replace('-', '_')}_again"]

    assert limit["unit"] == "d" and limit["value"] > 0


def test_a_body_weight_counts_as_long_as_its_rule_looks_back() -> None:
    limits = table("thresholds")
    looks_back = sum(
        limits[name]["value"] for name in ("weight_latest", "weight_loss_within", "weight_neighbours")
    )

    assert table("analytes")["body-weight"]["counts_days"] == looks_back


def test_every_threshold_says_what_it_is() -> None:
    for name, block in table("thresholds").items():
        assert block.keys() == {"value", "unit", "says", "evidence"}, name


# --- Orders -----------------------------------------------------------------------------


def test_an_order_is_coded_with_a_code_of_its_own_analyte() -> None:
    for name, block in table("analytes").items():
        if "order" in block:
            assert block["order"]["loinc"] in block["loinc"], name


def test_what_a_medicine_or_dehydration_disturbs_can_be_ordered() -> None:
    orderable = {name for name, block in table("analytes").items() if block.get("order", {}).get("loinc")}
    blocks = [*table("medicines").values(), *table("rules").values()]

    assert {analyte for block in blocks for analyte in block.get("disturbs", [])} <= orderable


# --- Evidence ---------------------------------------------------------------------------


def test_every_citation_leads_to_a_claim() -> None:
    citations = [*cited()]

    assert len(citations) > 200
    assert [(where, claim) for where, claim in citations if claim not in table("evidence")] == []


def test_a_claim_has_every_field() -> None:
    for claim, block in table("evidence").items():
        assert block.keys() == {"cite", "identifier", "says", "checked", "due", "kind"}, claim
        assert all(block[field] for field in ("cite", "says", "checked")), claim
        assert isinstance(block["due"], date), claim
        assert block["kind"] in EVIDENCE_KINDS, claim
        assert bool(block["identifier"]) is (block["kind"] != "local"), claim


def test_only_dois_that_somebody_has_seen_are_cited() -> None:
    identifiers = [block["identifier"] for block in table("evidence").values()]

    assert {i.removeprefix("doi:") for i in identifiers if i.startswith("doi:")} == DOIS
    assert not any("10." in i and "/" in i for i in identifiers if not i.startswith(("doi:", "http")))


# --- Rules, pathways, diagnoses ---------------------------------------------------------


def rules_of(*kinds: str) -> set[str]:
    return {rule for rule, block in table("rules").items() if block["kind"] in kinds}


def test_every_rule_has_its_words() -> None:
    for rule, block in table("rules").items():
        assert block["kind"] in RULE_KINDS, rule
        assert block["says"], rule
        assert block["why"].endswith("."), rule
        assert block["evidence"], rule


@pytest.mark.parametrize("pathway", table("pathways"))
def test_a_pathway_answers_for_every_rule_that_asks_for_something(pathway: str) -> None:
    rules = {rule.partition(".")[0] for rule in table("pathways")[pathway]} - {"describes"}

    asking = rules_of("motor", "suspicion", "red-flag", "same-day")
    assert rules == asking | CONTRIBUTORS_WITH_A_DISPOSITION | {"long-standing"}


def test_both_pathways_hold_the_same_rows() -> None:
    first, second = table("pathways").values()

    assert first.keys() == second.keys()


@pytest.mark.parametrize("pathway", table("pathways"))
def test_same_day_is_for_same_day_rules_only_and_motor_signs_are_urgent(pathway: str) -> None:
    cells = table("pathways")[pathway]

    assert {rule for rule, text in cells.items() if text == "same-day"} == rules_of("same-day")
    assert {cells[rule] for rule in rules_of("motor")} == {"urgent-referral"}


def test_the_early_referral_pathway_is_nowhere_slower_than_the_guideline() -> None:
    early, guideline = table("pathways")["early-referral"], table("pathways")["nice-ng127"]

    for rule in early.keys() - {"describes"}:
        assert Disposition.named(early[rule]) >= Disposition.named(guideline[rule]), rule


def test_no_diagnosis_explains_a_same_day_rule_or_a_bulbar_or_breathing_sign() -> None:
    never = rules_of("same-day", "contributor") | {
        "speech-difficulty",
        "swallowing-difficulty",
        "breathing-difficulty",
        "tongue-fasciculation",
        "unexplained-weight-loss",
    }

    for name, block in table("diagnoses").items():
        assert set(block["explains"]) <= table("rules").keys(), name
        assert not set(block["explains"]) & never, name


def test_benign_fasciculation_explains_no_motor_sign() -> None:
    explained = set(table("diagnoses")["benign-fasciculation-syndrome"]["explains"])

    assert not explained & rules_of("motor")


# --- Lifestyle --------------------------------------------------------------------------


def test_there_are_six_steps_and_a_checklist_of_seven() -> None:
    advice = table("lifestyle")

    assert list(advice["steps"]) == STEPS
    assert len(advice["daily"]) == 7


def test_a_line_of_the_checklist_falls_with_a_part_that_exists() -> None:
    advice = table("lifestyle")

    for line, part in advice["daily_parts"].items():
        step, _, name = part.partition(".")
        assert line in advice["daily"]
        if part == "adults":
            continue
        assert advice["steps"][step]["parts"][name]["withheld_when"]


def test_advice_is_tailored_to_contributors_only() -> None:
    named = {
        contributor
        for step in table("lifestyle")["steps"].values()
        for contributor in step.get("because", {})
    }

    assert named <= rules_of("contributor")


def test_two_litres_a_day_are_withheld_where_they_harm() -> None:
    part = table("lifestyle")["steps"]["hydration"]["parts"]["two-litres"]

    assert part["label"] == "2 litres a day"
    assert part["withheld_when"]["heart-failure"] == "heart failure"
    assert part["withheld_when"].keys() == {"heart-failure", "advanced-kidney-disease", "low-sodium", "child"}


def test_every_class_of_medicines_is_a_contributor_with_words() -> None:
    assert table("medicines").keys() <= rules_of("contributor")
