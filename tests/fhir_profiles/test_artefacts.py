"""Every artefact is R4, stands where its name says, and is what would be generated today."""

import io
import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_profiles.scripts import examples, generate, invalid, package
from fhir_profiles.scripts.artefact import BASE, EXAMPLES, INVALID, INVALID_HOOKS, RESOURCES
from service import __version__
from service.knowledge import Knowledge
from tests.validators.bindings import Checker

Artefacts = Mapping[str, dict[str, Any]]
EVERY = sorted([*RESOURCES.glob("*.json"), *EXAMPLES.glob("*.json")])


def test_every_artefact_and_example_parses() -> None:
    for file in EVERY:
        resource = json.loads(file.read_text())

        assert get_fhir_model_class(resource["resourceType"]).model_validate(resource), file


def test_the_name_of_a_file_is_its_type_and_id() -> None:
    for file in EVERY:
        resource = json.loads(file.read_text())

        assert file.stem == f"{resource['resourceType']}-{resource['id']}"


def test_every_artefact_has_an_address_a_version_and_a_description(artefacts: Artefacts) -> None:
    for name, artefact in artefacts.items():
        assert artefact["url"] == f"{BASE}/{name}"
        assert artefact["version"] == __version__
        assert artefact["status"] == "active"
        assert artefact["experimental"] is False
        assert artefact["description"] and artefact["publisher"] and artefact["title"], name


@pytest.mark.slow
def test_nothing_is_stale(knowledge: Knowledge) -> None:
    """What comes of FSH is compared by `dev.py fhir`, which has the compiler."""
    changed = [
        line for step in generate.steps(knowledge, None) for line in generate.settle(step(), write=False)
    ]

    assert not changed, "`python3 dev.py fhir --write` brings fhir_profiles/ up to date"


def test_every_canonical_of_ours_leads_to_an_artefact(artefacts: Artefacts) -> None:
    known = {artefact["url"] for artefact in artefacts.values()}
    for file in EVERY:
        text = file.read_text()
        named = set(re.findall(rf'"({re.escape(BASE)}/[A-Z][A-Za-z]+/[a-z0-9-]+)"', text))

        types = ("/Patient/", "/Observation/", "/Condition/", "/QuestionnaireResponse/")
        broken = {url for url in named - known if not any(kind in url for kind in types)}
        assert not broken, file.name


def test_valid_examples_keep_to_bindings_and_references() -> None:
    checker = Checker(RESOURCES)
    for file in EXAMPLES.glob("*.json"):
        assert not list(checker.faults(json.loads(file.read_text()))), file.name


def test_what_breaks_a_binding_or_a_reference_is_refused() -> None:
    checker = Checker(RESOURCES)
    meant = re.compile(r"__.*(?:-binding|subject-type)$")
    for file in filter(lambda file: meant.search(file.stem), INVALID.glob("*.json")):
        assert list(checker.faults(json.loads(file.read_text()))), file.name


@pytest.mark.parametrize("profile", sorted(invalid.cases()))
def test_every_rule_of_a_profile_has_a_resource_that_breaks_it(profile: str) -> None:
    assert set(invalid.cases()[profile]["rules"]) == invalid.rules_of(profile)


@pytest.mark.parametrize("model", sorted(invalid.cases(INVALID_HOOKS)))
def test_every_rule_of_a_logical_model_has_an_answer_that_breaks_it(model: str) -> None:
    assert set(invalid.cases(INVALID_HOOKS)[model]["rules"]) == invalid.rules_of(model)


def test_every_profile_has_cases_and_a_valid_example(artefacts: Artefacts) -> None:
    definitions = [a for name, a in artefacts.items() if name.startswith("StructureDefinition/")]
    profiles = {definition["id"] for definition in definitions if definition["kind"] == "resource"}
    models = {definition["id"] for definition in definitions if definition["kind"] == "logical"}
    shown = {
        url.rpartition("/")[2]
        for file in EXAMPLES.glob("*.json")
        for url in json.loads(file.read_text()).get("meta", {}).get("profile", ())
    }

    assert profiles == set(invalid.cases())
    assert models == set(invalid.cases(INVALID_HOOKS))
    assert profiles | models == {definition["id"] for definition in definitions}
    assert profiles <= shown


def test_every_example_record_has_a_scenario() -> None:
    records = {file.stem for file in EXAMPLES.glob("Bundle-*-record.json")}

    assert records == {f"Bundle-{name}-record" for name in examples.scenarios()[1]}


def test_the_package_is_the_same_each_time_and_holds_every_artefact() -> None:
    packed = package.packed()
    assert packed == package.packed()

    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        names = set(archive.getnames())
        index = json.load(archive.extractfile("package/.index.json") or io.BytesIO())
        manifest = json.load(archive.extractfile("package/package.json") or io.BytesIO())
    assert {Path(name).name for name in names} >= {file.name for file in EVERY}
    assert {entry["filename"] for entry in index["files"]} == {file.name for file in RESOURCES.glob("*.json")}
    assert manifest["name"] == "twitch-cds"
    assert manifest["version"] == __version__
