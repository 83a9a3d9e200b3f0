"""The value sets say what the knowledge says, and under whose licence."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir_profiles.scripts.artefact import HERE, ROOT, table
from fhir_profiles.scripts.terminology import COMMENT, open_snomed
from service.cards.card import TOPICS, Kind
from service.cards.order_card import TOPIC as ORDER_CHECK
from service.knowledge import Knowledge

Artefacts = Mapping[str, dict[str, Any]]
SNOMED = "http://snomed.info/sct"


def codes(value_set: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in value_set["compose"]["include"]:
        for concept in part.get("concept", ()):
            yield part["system"], concept


def test_every_code_of_a_concept_is_in_its_value_set(knowledge: Knowledge, artefacts: Artefacts) -> None:
    for name, concept in knowledge.concepts.items():
        listed = {(s, c["code"]) for s, c in codes(artefacts[f"ValueSet/concept-{name}"])}
        meant = {
            (knowledge.uris[system], code)
            for system, code, meaning in concept.codes
            if meaning is not None and not meaning.unspecific
        }

        assert meant <= listed, name


def test_a_code_that_is_too_wide_is_not_in_the_value_set(knowledge: Knowledge, artefacts: Artefacts) -> None:
    for name, concept in knowledge.concepts.items():
        listed = {(s, c["code"]) for s, c in codes(artefacts[f"ValueSet/concept-{name}"])}
        wide = {
            (knowledge.uris[s], code) for s, code, meaning in concept.codes if meaning and meaning.unspecific
        }

        assert not wide & listed, name


def test_sites_analytes_medicines_and_tests_have_value_sets(
    knowledge: Knowledge, artefacts: Artefacts
) -> None:
    sites = table("sites")
    expected = {f"ValueSet/site-{name}" for group in ("sites", "areas") for name in sites[group]}
    expected |= {f"ValueSet/analyte-{name}" for name in knowledge.analytes}
    expected |= {f"ValueSet/medicine-{name}" for name in knowledge.medicines}
    expected |= {f"ValueSet/test-{name}" for name in knowledge.tests}

    assert expected <= artefacts.keys()


def test_every_snomed_code_says_whether_it_is_open(artefacts: Artefacts) -> None:
    for name, artefact in artefacts.items():
        for system, concept in codes(artefact) if name.startswith("ValueSet/") else ():
            if system == SNOMED:
                said = [e["valueString"] for e in concept["extension"] if e["url"] == COMMENT]
                assert said[0].startswith("Open: " if concept["code"] in open_snomed() else "Not open: ")


def test_no_code_is_listed_as_open_that_nobody_uses() -> None:
    places = [*(ROOT / "service" / "knowledge").glob("*.toml"), *(HERE / "input" / "fsh").glob("*.fsh")]
    words = set(re.findall(r"\d+", " ".join(file.read_text() for file in places)))

    assert open_snomed().keys() <= words


def test_value_sets_with_codes_of_others_carry_their_notice(artefacts: Artefacts) -> None:
    notices = {
        SNOMED: "SNOMED International",
        "http://loinc.org": "Regenstrief",
        "http://www.nlm.nih.gov/research/umls/rxnorm": "National Library of Medicine",
        "http://www.whocc.no/atc": "WHO Collaborating Centre",
        "http://human-phenotype-ontology.org": "Human Phenotype Ontology",
        "http://unitsofmeasure.org": "UCUM",
        "http://hl7.org/fhir/sid/icd-10": "World Health Organization",
    }
    for name, artefact in artefacts.items():
        for system in {s for s, _ in codes(artefact)} if name.startswith("ValueSet/") else ():
            if system in notices:
                assert notices[system] in artefact["copyright"], name


def test_our_code_systems_hold_every_code_that_we_use(knowledge: Knowledge, artefacts: Artefacts) -> None:
    def concepts(name: str) -> set[str]:
        return {concept["code"] for concept in artefacts[f"CodeSystem/{name}"]["concept"]}

    answers = {answer for own in knowledge.own.values() for answer in own.get("answers", {})}
    assert concepts("twitch-findings") == knowledge.own.keys() | answers
    assert artefacts["CodeSystem/twitch-findings"]["url"] == knowledge.uris["own"]
    assert concepts("twitch-rules") == knowledge.rules.keys()
    assert concepts("twitch-card-topics") == {*(kind.topic.code for kind in Kind), ORDER_CHECK.code}
    assert artefacts["CodeSystem/twitch-card-topics"]["url"] == TOPICS


def test_the_invariants_of_our_own_codes_name_every_code_and_answer(
    knowledge: Knowledge, artefacts: Artefacts
) -> None:
    elements = artefacts["StructureDefinition/twitch-characteristic"]["differential"]["element"]
    rules = {
        rule["key"]: rule["expression"] for element in elements for rule in element.get("constraint", ())
    }
    of_type = {
        "boolean": "own-boolean",
        "CodeableConcept": "own-coded",
        "Quantity": "own-quantity",
        "integer": "own-grade",
        "dateTime": "own-day",
    }
    for code, own in knowledge.own.items():
        expression = rules[of_type[own["value"]]]

        assert f"'{code}'" in expression
        assert all(f"'{answer}'" in expression for answer in own.get("answers", {}))
        assert f"'{own.get('unit', code)}'" in expression
