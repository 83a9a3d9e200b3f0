"""Whether a piece of raw JSON could state a twitch, without parsing it.

A record without the code of any twitch cannot state one, and most records are such.
One pass over the bytes looks for all those codes at once (Aho-Corasick). A hit, or an
escape that might hide a code, only means: parse it and see.
"""

from __future__ import annotations

from collections.abc import Iterator

from ahocorasick_rs import BytesAhoCorasick

from service.fhir.read.questionnaire import ABOUT_THE_TWITCH
from service.knowledge import Knowledge
from service.knowledge.codes import ICD

OPENS_THE_DOOR = ("twitch", "look-alike")
# How JSON may write the printed signs of ASCII, of which codes consist ("\u0038"); \u00fc hides none.
ESCAPES = tuple(b"\\u00%d" % row for row in range(2, 8))


class Prefilter:
    """Built once from the knowledge; safe to share between threads."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._codes = BytesAhoCorasick(sorted({*ESCAPES, *_patterns(knowledge)}))

    def may_twitch(self, raw: bytes | memoryview) -> bool:
        """False only where no statement of a twitch can be in `raw`."""
        return bool(self._codes.find_matches_as_indexes(raw))


def _patterns(knowledge: Knowledge) -> Iterator[bytes]:
    """The codes as JSON writes them: in quotes; ICD (by prefix) with an open end, with and without dot."""
    yield from (f'"{link_id}"'.encode() for link_id in ABOUT_THE_TWITCH)
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
