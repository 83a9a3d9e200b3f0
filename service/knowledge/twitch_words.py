"""Words that name a twitch, and words beside which they do not ask (mentions.toml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any


class TwitchWords:
    """Finds a twitch in a text, without a denial, a relative, an end or a history anywhere in it."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.stems: tuple[str, ...] = tuple(stem.lower() for stem in table["names"]["stems"])
        self._names = re.compile("|".join(map(re.escape, self.stems)), re.IGNORECASE)
        self._but = _whole(word for words in table["but_not"].values() for word in words)

    def name_one(self, text: str) -> bool:
        """Whether the text names a twitch that may be asked about."""
        return bool(self._names.search(text)) and not self._but.search(text)

    def patterns(self) -> Iterable[bytes]:
        """What stands in any text that names a twitch, in small letters: the plain start of each stem."""
        for stem in self.stems:
            plain = re.match(r"[\x00-\x7f]*", stem)
            yield (plain[0] if plain else "").encode()


def _whole(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words as a whole one: beside a letter it is another."""
    listed = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(map(re.escape, listed))})(?![^\W\d_])", re.IGNORECASE)
