"""Look a text up by its key and fill it in; the prose itself lives in the content folder."""

from collections.abc import Mapping
from typing import Any

from bot.content.filling import compiled
from bot.content.templates import Ready, environment, harmless


class Texts:
    """All texts of one language. Unknown keys and missing values raise at once: a text is never half filled."""

    def __init__(self, texts: Mapping[str, Any], language: str, timezone: str) -> None:
        self._texts = texts
        self._env = environment(language, timezone)

    def __call__(self, key: str, /, **values: Any) -> Ready:
        """Return the text under a dotted key ("post.reminder.week") filled with values. Raises KeyError."""
        found = self._find(key)
        if not isinstance(found, str):
            raise KeyError(f"no text under {key}")
        return Ready(compiled(found, self._env).render(harmless(values)).strip())

    def has(self, key: str) -> bool:
        """Tell whether a text exists."""
        return isinstance(self._find(key), str)

    def _find(self, key: str) -> object:
        node: object = self._texts
        for part in key.split("."):
            node = node.get(part) if isinstance(node, Mapping) else None
        return node
