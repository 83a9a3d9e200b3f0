"""Whether a piece of raw JSON could state a twitch, without parsing it.

A record without the code of any twitch, and without a word for it, cannot state or name one, and most
records are such. One pass over the bytes looks for all the codes at once (Aho-Corasick). A hit, or an
escape that might hide a code, only means: parse it and see.
"""

from __future__ import annotations

from collections.abc import Iterator

from ahocorasick_rs import BytesAhoCorasick

from service.fhir.read.questionnaire import SITES
from service.knowledge import Knowledge
from service.knowledge.codes import ICD

A_CONDITION = b'"Condition"'
OPENS_THE_DOOR = ("twitch", "look-alike")
# How JSON may write the printed signs of ASCII, of which codes consist ("\u0038"); \u00fc hides none.
ESCAPES = tuple(b"\\u00%d" % row for row in range(2, 8))


class Prefilter:
    """Built once from the knowledge; safe to share between threads."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._codes = BytesAhoCorasick(sorted({*ESCAPES, *_patterns(knowledge)}))
        self._words = BytesAhoCorasick(sorted(knowledge.twitch_words.patterns()))

    def may_twitch(self, raw: bytes | memoryview) -> bool:
        """False only where nothing in `raw` can state a twitch or name one; only a Condition's words do."""
        if self._codes.find_matches_as_indexes(raw):
            return True
        whole = bytes(raw)
        return A_CONDITION in whole and bool(self._words.find_matches_as_indexes(whole.lower()))


def _patterns(knowledge: Knowledge) -> Iterator[bytes]:
    """The codes as JSON writes them: in quotes; ICD (by prefix) with an open end, with and without dot.

    A number without quotes is no code of FHIR, and is to be set aside in the open. Every pattern begins with
    a quote (or an escape), which is what makes the search fast.
    """
    yield from (f'"{link_id}"'.encode() for link_id in SITES)
    for concept in knowledge.concepts.values():
        if concept.kind not in OPENS_THE_DOOR:
            continue
        yield f'"{concept.id}"'.encode()
        for system, code, meaning in concept.codes:
            if meaning is None:
                continue
            if system in ICD:
                for written in {code, code.replace(".", ""), code.lower(), code.replace(".", "").lower()}:
                    yield f'"{written}'.encode()
            else:
                yield f'"{code}"'.encode()
                if code.isdecimal():
                    yield from (f'"code":{space}{code}'.encode() for space in ("", " "))
