"""Why something is not known, or what must be said of a statement: an id and its values, no sentence.

The sentences stand in `service/knowledge/reasons.toml`, one block an id; `service/knowledge/words.py`
puts the values into them where somebody reads them.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.facts.amounts import Amount, Span

Value = str | float | Amount | Span


@dataclass(frozen=True, slots=True)
class Reason:
    """An id of reasons.toml, and the values that its sentence names, each by its name."""

    id: str
    values: tuple[tuple[str, Value], ...] = ()


def reason(why: str, /, **values: Value) -> Reason:
    """The reason of this id: `reason("too-long-ago", day=span)`."""
    return Reason(why, tuple(values.items()))


NOT_RECORDED = Reason("not-recorded")
