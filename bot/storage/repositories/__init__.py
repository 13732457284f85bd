"""Questions to the database that more than one use-case asks."""
