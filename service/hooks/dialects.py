"""Client profiles: how the dialect of one EHR differs from CDS Hooks 2.0. The decision is the same for all.

Nothing is guessed from a request: the file of clients says which dialect a client speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a client understands; the defaults are CDS Hooks 2.0.

    `hooks`: those that it calls, None for all; discovery lists no others.
    `selection_behavior`: the only one that it knows, None for all.
    `actions`: how many actions of a suggestion it carries out, None for all.
    `updates`: whether a suggestion may change an order that is already there.
    `links`: whether links are shown; they have to be registered with some.
    `since_1_1`: the members of cards that came after 1.0 (a card's uuid, overrideReasons,
    isRecommended, source.topic), `since_2_0` those of discovery (usageRequirements, version).
    A strict client of 1.0 refuses a whole answer for one of them.
    """

    hooks: tuple[str, ...] | None = None
    selection_behavior: str | None = None
    actions: int | None = None
    updates: bool = True
    links: bool = True
    since_1_1: bool = True
    since_2_0: bool = True

    @property
    def apart(self) -> bool:
        """Whether each suggestion needs a card of its own, because only one of a card can be accepted."""
        return self.selection_behavior == "at-most-one"


DIALECTS: Mapping[str, Dialect] = {
    "2.0": Dialect(),
    "1.0": Dialect(selection_behavior="at-most-one", since_1_1=False, since_2_0=False),
    # It reads no discovery, knows only "any", and carries out one action a suggestion. For orders it
    # takes new ones only; how urgent one should be stands in the card's text.
    "epic": Dialect(
        hooks=("order-sign", "order-select", "patient-view"),
        selection_behavior="any",
        actions=1,
        updates=False,
    ),
    # Answers as of 1.0, and links that nobody has registered are cut out of them.
    "cerner": Dialect(
        hooks=("patient-view",),
        selection_behavior="at-most-one",
        links=False,
        since_1_1=False,
        since_2_0=False,
    ),
    # The public one of cds-hooks.org, and what behaves like it.
    "sandbox": Dialect(hooks=("order-sign", "order-select", "patient-view")),
}
