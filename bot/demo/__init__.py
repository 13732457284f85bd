"""A year of the programme on an embedded Discord, for people to look at and tests to use."""
