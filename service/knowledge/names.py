"""What a text on a medication resource names: the one text that decides, as it is a name and no narrative.

All names and all words of naming.toml are looked for at once (Aho-Corasick), in a form of the text
in which every word stands between two spaces: so a name is only ever found as a whole word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick

from service.knowledge.products import RXNORM, Product, brands

# A word, a number with its decimals, or a sign. Hyphens, apostrophes and "&" stand within names: passed over.
_PIECE = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[^\w\s\-‐‑–'’&]")
_SIGN = "|"
_INVISIBLE = {ord(sign): " " for sign in "®™℠©"} | {
    ord(sign): None for sign in "\u00ad\u200b\u200c\u200d\u2060\ufeff"
}
_FORMS = ("local", "inhaled", "systemic", "homeopathic")


class Meant(NamedTuple):
    """A class that a name stands for; `by_form`: only where it is swallowed or injected."""

    medicine: str
    by_form: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """What one text says.

    `medicines` maps the classes that it names to the name as we write it; another medicine is not in it.
    `by_form` holds those that count only for a medicine that is swallowed or injected.
    `blank`: there is no word in it. `no_name`: it speaks of a medicine of ours as not taken, or of something
    else ("lithium battery"). `local`, `inhaled`, `systemic`, `homeopathic`: the form that it tells of.
    """

    medicines: Mapping[str, str]
    by_form: Mapping[str, str] = field(default_factory=dict)
    blank: bool = False
    no_name: bool = False
    local: bool = False
    inhaled: bool = False
    systemic: bool = False
    homeopathic: bool = False


class _Found(NamedTuple):
    """A phrase in a text, by the places of its first word and of the word after its last."""

    first: int
    end: int
    phrase: str


class MedicineNames:
    """Reads texts; made once from the knowledge, and safe to share between threads."""

    def __init__(
        self, classes: Mapping[str, Any], products: Iterable[Product], naming: Mapping[str, Any]
    ) -> None:
        self._names, self._spelt = _names(classes, products, naming["other"])
        self._forms = {kind: {plain_name(w) for w in naming[kind]["words"]} for kind in _FORMS}
        self._no_forms = {plain_name(w) for w in naming["local"]["except"]}
        self._phrases = sorted({*self._names, *self._no_forms}.union(*self._forms.values()))
        self._automaton = AhoCorasick([f" {phrase} " for phrase in self._phrases])
        self._before = [_words(phrase)[::-1] for phrase in naming["no_name"]["before"]]
        self._after = [_words(phrase) for phrase in naming["no_name"]["after"]]
        between = naming["between"]
        self._salts = {plain_name(word) for word in between["salts"]}
        self._between = {plain_name(word) for part in between.values() for word in part}
        self._potency: Mapping[str, Sequence[str]] = naming["homeopathic"]
        self._measures = {*(plain_name(w) for w in between["strengths"]), *self._potency["frequencies"]}

    @property
    def names(self) -> Mapping[str, tuple[Meant, ...]]:
        """What each name stands for; nothing for a longer name that only holds one of ours."""
        return self._names

    def read(self, text: str) -> Named:
        """What the text names."""
        words = _words(text)
        if not any(word[0].isalpha() for word in words):
            return Named({}, blank=True)
        found = list(self._find(words))
        if not found:
            return Named({})
        forms = self._forms_of(found)
        names = [f for f in _longest(f for f in found if f.phrase in self._names) if self._names[f.phrase]]
        meant = [(m, self._spelt[n.phrase]) for n in reversed(names) for m in self._names[n.phrase]]
        return Named(
            {m.medicine: spelt for m, spelt in meant if not m.by_form},
            {m.medicine: spelt for m, spelt in meant if m.by_form},
            no_name=any(self._is_no_name(words, name) for name in names),
            local="local" in forms,
            inhaled="inhaled" in forms,
            systemic="systemic" in forms,
            homeopathic="homeopathic" in forms or any(self._has_potency(words, name) for name in names),
        )

    def _find(self, words: Sequence[str]) -> Iterator[_Found]:
        """Every phrase that is in the text, also within a longer one."""
        places = {}
        at = 0
        for place, word in enumerate(words):
            places[at] = place
            at += len(word) + 1
        line = f" {' '.join(words)} "
        for which, start, _ in self._automaton.find_matches_as_indexes(line, overlapping=True):
            phrase = self._phrases[which]
            yield _Found(places[start], places[start] + phrase.count(" ") + 1, phrase)

    def _forms_of(self, found: Sequence[_Found]) -> set[str]:
        """Which kinds of form the text tells of. "Nasal decongestant" is not one, though "nasal" is."""
        hidden = [f for f in found if f.phrase in self._no_forms]
        return {
            kind
            for kind, phrases in self._forms.items()
            for f in found
            if f.phrase in phrases and not any(h.first <= f.first and f.end <= h.end for h in hidden)
        }

    def _is_no_name(self, words: Sequence[str], name: _Found) -> bool:
        before, after = words[: name.first][::-1], words[name.end :]
        return self._leads_to(before, self._before) or self._leads_to(after, self._after)

    def _leads_to(self, words: Sequence[str], phrases: Iterable[Sequence[str]]) -> bool:
        """Whether one of the phrases comes first, but for salts, strengths, forms and signs."""
        skipped = len(list(takewhile(self._may_stand_between, words)))
        return any(words[skipped : skipped + len(phrase)] == phrase for phrase in phrases)

    def _may_stand_between(self, word: str) -> bool:
        return not word[0].isalpha() or word in self._between

    def _has_potency(self, words: Sequence[str], name: _Found) -> bool:
        """Whether the first number after the name is a homeopathic potency: 6X, 30C, D6, but not 2x daily."""
        rest = words[name.end :]
        skipped = len(list(takewhile(lambda word: word == _SIGN or word in self._salts, rest)))
        first, second, *more = (*rest[skipped:], "", "")
        then = next((word for word in more if word != _SIGN), "")
        if then in self._measures or then[:1].isdigit() or second in self._measures:
            return False
        return (first[:1].isdigit() and second in self._potency["after_a_number"]) or (
            first in self._potency["before_a_number"] and second[:1].isdigit()
        )


def plain_name(text: str) -> str:
    """A name as it is compared: its words in small letters, one space between them."""
    return " ".join(_words(text))


def _words(text: str) -> list[str]:
    if text.isascii():
        plain = text.lower()
    else:
        plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).casefold()
    return [piece if piece[0].isalnum() else _SIGN for piece in _PIECE.findall(plain)]


def _longest(found: Iterable[_Found]) -> Iterator[_Found]:
    """Of phrases that overlap the leftmost, and of those the longest."""
    end = 0
    for f in sorted(found, key=lambda f: (f.first, -f.end)):
        if f.first >= end:
            end = f.end
            yield f


def _names(
    classes: Mapping[str, Any], products: Iterable[Product], other: Iterable[str]
) -> tuple[dict[str, tuple[Meant, ...]], dict[str, str]]:
    """Ingredients, listed names and brands by the words that they consist of; and how each is written."""
    found: dict[str, dict[Meant, None]] = {}
    spelt: dict[str, str] = {}

    def name(text: str, meant: Meant) -> None:
        plain = plain_name(text)
        if any(word.isalpha() for word in plain.split()):
            found.setdefault(plain, {})[meant] = None
            spelt.setdefault(plain, text)

    for medicine, block in classes.items():
        for text in (*block.get(RXNORM, {}).values(), *block.get("names", {})):
            name(text, Meant(medicine))
        for text in block.get("by_form", {}):
            name(text, Meant(medicine, by_form=True))
    for brand, held in brands(products).items():
        for medicine in held:
            name(brand, Meant(medicine))
    listed = {plain: tuple(meant) for plain, meant in found.items()}
    return listed | {plain_name(o): () for o in other}, spelt
