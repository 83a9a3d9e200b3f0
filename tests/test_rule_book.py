"""The rule book as a value: what a page says of its rule is what the rule does and the knowledge holds."""

from service.knowledge import load
from service.rules import RULES
from service.rules.book import rule_book


def test_every_rule_has_a_page_in_the_words_and_cells_of_the_knowledge() -> None:
    known = load()

    pages = rule_book(known)

    assert sorted(page.id for page in pages) == sorted(RULES)
    for page in pages:
        words = known.rules[page.id]
        assert (page.says, page.why, page.evidence) == (words.says, words.why, words.evidence)
        assert page.asks_for == {name: str(p.dispositions[page.id]) for name, p in known.pathways.items()}
        assert page.reads, page.id
        assert page.looks_at, page.id


def test_a_page_names_what_its_rule_asks_also_through_others_and_by_which_numbers() -> None:
    pages = {page.id: page for page in rule_book(load())}

    compromise = pages["respiratory-compromise"]
    assert (compromise.kind, pages["muscle-weakness"].kind) == ("same-day", "motor flag")
    assert "oxygen-saturation" in compromise.looks_at
    assert ("oxygen_saturation_low", 92.0, "%") in compromise.thresholds
    assert {"potassium", "calcium-adjusted"} <= {*pages["critical-electrolytes"].looks_at}
    assert "family history" in pages["family-history-of-mnd"].looks_at
