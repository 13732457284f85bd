"""What can go wrong, as keys without prose: the texts live in the content folder."""


class CompanionError(Exception):
    """An expected refusal; `key` is the full key of its text, `values` fill it."""

    key = "error.technical"

    def __init__(self, key: str | None = None, **values: object) -> None:
        self.key = key or self.key
        self.values = values
        super().__init__(self.key, values)


class NotPermitted(CompanionError):
    """The person may not do this."""

    key = "error.not_allowed.other"


class NotFound(CompanionError):
    """What was asked for does not exist."""

    key = "error.not_found.other"


class Conflict(CompanionError):
    """It cannot be done now, because of what has already happened."""

    key = "error.conflict"


class InvalidInput(CompanionError):
    """What was written cannot be used."""

    key = "error.invalid"


class StartupError(Exception):
    """The bot cannot start; the text is English, for operators, and names file and key."""
