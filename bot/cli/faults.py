"""Turn what an operator can mend into plain words and exit code 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.content.source import ContentError
from bot.domain.errors import CompanionError, StartupError
from bot.settings import SettingsError


@contextmanager
def expected() -> Iterator[None]:
    """End with code 2 and the reason, without a traceback, for faults in settings, content or set-up."""
    try:
        yield
    except ContentError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        print(f"{len(error.faults)} fault(s) in the content; nothing was started.", file=sys.stderr)
        sys.exit(2)
    except (SettingsError, StartupError) as error:
        print(f"blup: {error}", file=sys.stderr)
        sys.exit(2)
    except CompanionError as error:
        print(f"blup: {error.key} {error.values or ''}".rstrip(), file=sys.stderr)
        sys.exit(2)
