"""A list of RxNorm products -> service/knowledge/products.csv, one line a product.

The list has a line for each of our ingredients in a product: rxcui, name, ingredient_rxcui,
ingredient, class, sources. Here a product stands once, with all of them.

    python -m fhir_profiles.scripts.products LIST.csv
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import service.knowledge
from service.knowledge.products import COLUMNS, PRODUCTS

HERE = Path(service.knowledge.__file__).parent


def written(listed: Iterable[Mapping[str, str]]) -> str:
    """The products as products.csv holds them, by code."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in listed:
        found.setdefault(row["rxcui"], []).append(row)
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    for code, rows in sorted(found.items(), key=lambda item: int(item[0])):
        lines.writerow(
            (
                code,
                rows[0]["name"],
                " ".join(dict.fromkeys(row["ingredient_rxcui"] for row in rows)),
                " ".join(dict.fromkeys(row["class"] for row in rows)),
                " ".join(sorted({source for row in rows for source in row["sources"].split("|")})),
            )
        )
    return out.getvalue()


def main(path: str) -> None:
    """Write the file."""
    with Path(path).open(newline="") as opened:
        text = written(csv.DictReader(opened))
    (HERE / PRODUCTS).write_text(text)
    print(f"{PRODUCTS}: {text.count(chr(10)) - 1} products")


if __name__ == "__main__":
    main(sys.argv[1])
