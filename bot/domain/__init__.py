"""The programme's own rules, in the standard library only: nothing here knows Discord or a database."""
