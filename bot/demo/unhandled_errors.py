"""Collects what the bot logged as unhandled, so that a simulated year cannot hide a failure.

discord.py only *logs* what a button's callback or an event handler raises, APScheduler only
logs what a job raises, and our own error boundary logs what it did not expect. All of them
attach the exception, and that is what is collected here.
"""

import logging


class UnhandledErrors(logging.Handler):
    """A root log handler that keeps every exception that was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._caught: list[Exception] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception of an error record; a record without one is only a remark."""
        if record.exc_info and record.exc_info[1] is not None:
            self.add(record.exc_info[1])

    def add(self, error: BaseException) -> None:
        """Keep one error, once."""
        if isinstance(error, Exception) and all(error is not known for known in self._caught):
            self._caught.append(error)

    def install(self) -> None:
        """Begin to listen to everything that is logged."""
        logging.getLogger().addHandler(self)

    def uninstall(self) -> None:
        """Stop listening."""
        logging.getLogger().removeHandler(self)

    def take(self) -> list[Exception]:
        """Return what was collected and forget it."""
        caught, self._caught = self._caught, []
        return caught
