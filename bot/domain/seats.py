"""Answers to a meeting; knows no database or prose."""

from enum import StrEnum


class Answer(StrEnum):
    """What somebody says to an invitation."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"
