"""RxNorm products that hold an ingredient of ours: what an order carries instead of the ingredient.

products.csv has a line a product: its code, RxNorm's name for it, the codes of our ingredients in it
(medicines.toml says of which class each is), the classes that follow from them, and where it was seen.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from service.knowledge.codes import Index, indexed
from service.knowledge.measures import named_rows

PRODUCTS = "products.csv"
COLUMNS = ("rxnorm", "name", "ingredients", "classes", "seen")
RXNORM = "rxnorm"
_BRAND = re.compile(r"\[([^\[\]]+)\]")


class Product(NamedTuple):
    """A product by its RxNorm code: its name, our ingredients in it by code, and their classes."""

    code: str
    name: str
    ingredients: tuple[str, ...]
    classes: tuple[str, ...]


def products_in(text: str) -> tuple[list[Product], list[str]]:
    """The products of the text of products.csv, and what is wrong with its form."""
    lines = csv.reader(text.splitlines())
    if tuple(next(lines, ())) != COLUMNS:
        return [], [f"products.csv must begin with the line {','.join(COLUMNS)}"]
    found: list[Product] = []
    problems: list[str] = []
    listed = cache(lambda several: tuple(several.split()))
    for number, line in enumerate(lines, start=2):
        if len(line) != len(COLUMNS) or not all(line):
            problems.append(f"products.csv line {number} must hold {', '.join(COLUMNS)}")
        else:
            found.append(Product(line[0], line[1], listed(line[2]), listed(line[3])))
    return found, problems


def product_problems(products: Sequence[Product], medicines: Mapping[str, Any]) -> Iterator[str]:
    """Products that stand twice, or whose ingredients and classes are not those of medicines.toml."""
    twice = [code for code, times in Counter(product.code for product in products).items() if times > 1]
    yield from (f"products.csv {code} stands there twice" for code in twice)
    classes = {code: name for name, block in medicines.items() for code in block.get(RXNORM, {})}
    wrong = {
        held: list(_contradictions(*held, classes, medicines.keys()))
        for held in {(product.ingredients, product.classes) for product in products}
    }
    for product in products:
        for problem in wrong[product.ingredients, product.classes]:
            yield f"products.csv {product.code} {problem}"


def _contradictions(
    ingredients: tuple[str, ...], said: tuple[str, ...], classes: Mapping[str, str], known: Container[str]
) -> Iterator[str]:
    """What is wrong with a product of these ingredients that is said to be of these classes."""
    unknown = [code for code in ingredients if code not in classes]
    strange = [name for name in said if name not in known]
    yield from (f"holds {code}, which is no ingredient of medicines.toml" for code in unknown)
    yield from (f"is of class {name}, which medicines.toml lacks" for name in strange)
    if not unknown and not strange and {classes[code] for code in ingredients} != set(said):
        followed = " ".join(sorted({classes[code] for code in ingredients}))
        yield f"is of class {' '.join(said)}, but its ingredients are of class {followed}"


def medicine_codes(classes: Mapping[str, Any], products: Iterable[Product]) -> Index:
    """From a code to classes: ingredients and ATC by medicines.toml, products by what is in them."""
    held = ((RXNORM, product.code, name, name) for product in products for name in product.classes)
    return indexed(dict.fromkeys((*named_rows(classes), *held)))


def brands(products: Iterable[Product]) -> Mapping[str, tuple[str, ...]]:
    """The names in brackets, and the classes of the products that bear them.

    A pack names one for each of its parts, and its own.
    """
    found: dict[str, dict[str, None]] = {}
    for product in products:
        if product.name.endswith("]"):
            for brand in _BRAND.findall(product.name):
                found.setdefault(brand, {}).update(dict.fromkeys(product.classes))
    return {brand: tuple(classes) for brand, classes in found.items()}
