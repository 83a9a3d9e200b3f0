"""The list of products: every line holds what medicines.toml knows, and is RxNorm's as it was verified."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fhir_profiles.scripts.products import written
from service.errors import KnowledgeInvalid
from service.knowledge import load, products
from service.knowledge.products import Product, brands, product_problems, products_in

ROOT = Path(__file__).resolve().parents[2]
PACKAGED = (ROOT / "service" / "knowledge" / "products.csv").read_text(encoding="utf-8")
VERIFIED = ROOT.parent / "shared" / "design" / "rxnorm-products.csv"
MEDICINES = {
    "lithium": {"rxnorm": {"6448": "Lithium"}},
    "statin": {"rxnorm": {"36567": "Simvastatin"}},
}
HEAD = "rxnorm,name,ingredients,classes,seen\n"
GOOD = Product("1", "lithium carbonate 300 MG Oral Capsule", ("6448",), ("lithium",))


def test_the_packaged_products_are_sound() -> None:
    found, problems = products_in(PACKAGED)

    assert problems == []
    assert len(found) == len(load().products) == 2456


def test_the_packaged_products_are_those_of_the_verified_list() -> None:
    if not VERIFIED.exists():
        pytest.skip(f"NOT CHECKED: the list of verified products is not at {VERIFIED}")

    with VERIFIED.open(encoding="utf-8", newline="") as lines:
        assert written(csv.DictReader(lines)) == PACKAGED


@pytest.mark.parametrize(
    ("product", "problem"),
    [
        (GOOD, None),
        (GOOD._replace(ingredients=("36567", "6448"), classes=("statin", "lithium")), None),
        (
            GOOD._replace(ingredients=("999",)),
            "products.csv 1 holds 999, which is no ingredient of medicines.toml",
        ),
        (
            GOOD._replace(classes=("lithia",)),
            "products.csv 1 is of class lithia, which medicines.toml lacks",
        ),
        (
            GOOD._replace(classes=("statin",)),
            "products.csv 1 is of class statin, but its ingredients are of class lithium",
        ),
        (
            GOOD._replace(ingredients=("36567", "6448")),
            "products.csv 1 is of class lithium, but its ingredients are of class lithium statin",
        ),
    ],
)
def test_a_product_of_what_we_do_not_know_is_a_problem(product: Product, problem: str | None) -> None:
    assert list(product_problems([product], MEDICINES)) == ([problem] if problem else [])


def test_a_code_that_stands_twice_is_a_problem() -> None:
    assert list(product_problems([GOOD, GOOD], MEDICINES)) == ["products.csv 1 stands there twice"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "products.csv must begin with the line rxnorm,name,ingredients,classes,seen"),
        ("code,name\n", "products.csv must begin with the line rxnorm,name,ingredients,classes,seen"),
        (HEAD + "1,lithium,6448\n", "products.csv line 2 must hold rxnorm, name, ingredients, classes, seen"),
        (HEAD + ",lithium,6448,lithium,x\n", "products.csv line 2 must hold"),
        (HEAD + "1,lithium,,lithium,x\n", "products.csv line 2 must hold"),
    ],
)
def test_a_line_without_its_columns_is_a_problem(text: str, problem: str) -> None:
    found, problems = products_in(text)

    assert found == []
    assert [p.startswith(problem) for p in problems] == [True]


def test_the_service_does_not_start_with_a_list_that_contradicts_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = PACKAGED.splitlines(keepends=True)
    broken = tmp_path / "products.csv"
    broken.write_text("".join([*lines, lines[1]]), encoding="utf-8")
    monkeypatch.setattr("service.knowledge.PRODUCTS", str(broken))

    with pytest.raises(KnowledgeInvalid, match="stands there twice"):
        load()


def test_the_version_names_the_products_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load().version
    fewer = tmp_path / "products.csv"
    fewer.write_text("".join(PACKAGED.splitlines(keepends=True)[:-1]), encoding="utf-8")
    monkeypatch.setattr("service.knowledge.PRODUCTS", str(fewer))

    assert load().version != before


def test_the_brands_are_the_names_in_brackets_of_a_product_and_of_its_parts() -> None:
    pack = "{7 (lithium 10 MG Tablet [Part]) / 7 (lithium 20 MG Tablet [Part]) } Pack [Whole]"

    assert brands([GOOD, GOOD._replace(name=pack)]) == {"Part": ("lithium",), "Whole": ("lithium",)}


def test_a_name_names_what_is_in_the_product_and_nothing_else() -> None:
    """RxNorm writes every ingredient into a product's name: each class of ours in it stands in the list."""
    knows = load()
    differ = {
        product.name
        for product in knows.products.values()
        if set(knows.medicine_names.read(product.name).medicines) != set(product.classes)
    }

    assert differ == set()


def test_no_product_is_of_a_form_that_does_not_count() -> None:
    knows = load()
    read = [knows.medicine_names.read(product.name) for product in knows.products.values()]

    assert not [r for r in read if r.local or r.homeopathic or r.no_name]


@pytest.mark.parametrize("code", ["93252", "998582", "745679"])
def test_a_product_code_speaks(code: str) -> None:
    assert load().speaks(products.RXNORM, code)


def test_an_overlay_adds_codes_and_names(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[medicines.lithium.rxnorm]\n"9999999" = "Lithosun 300 MG"\n'
        '[medicines.lithium.names]\n"lithosun" = "site"\n'
    )

    knows = load(own)

    assert knows.medicine_codes.find("rxnorm", "9999999") == ("lithium",)
    assert set(knows.medicine_names.read("LITHOSUN SR").medicines) == {"lithium"}
