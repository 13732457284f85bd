"""What is said when something cannot be done; services and cogs raise, the client looks the text up.

The help line's number is given to every one of them.
"""

from collections.abc import Mapping

SUPPLIES: Mapping[str, frozenset[str]] = {
    "error.technical": frozenset({"code", "phone"}),
    "error.old_button": frozenset({"phone"}),
    "error.conflict": frozenset({"phone"}),
    "error.invalid": frozenset({"phone"}),
    "error.link": frozenset({"phone"}),
    "error.link_long": frozenset({"over", "phone"}),
    "error.video_slot": frozenset({"count", "phone"}),
    "error.date_format": frozenset({"text", "phone"}),
    "error.date_passed": frozenset({"starts_at", "phone"}),
    "error.date_outside": frozenset({"from_on", "to_on", "phone"}),
    "error.you_wrote": frozenset({"written"}),
    "error.not_allowed.start_binding_poll": frozenset({"phone"}),
    "error.day_outside_window": frozenset({"phone"}),
    "error.milestone_open": frozenset({"title"}),
    "error.meeting_held": frozenset({"title", "starts_at", "phone"}),
    "error.letter_already_sent": frozenset({"title", "phone"}),
    "error.link_dead": frozenset({"phone"}),
    "error.link_internal": frozenset({"phone"}),
    "error.video_minutes": frozenset({"most", "phone"}),
    "error.letter_not_approved": frozenset({"title", "phone"}),
    "error.letter_broken": frozenset({"title", "phone"}),
    "error.letter_changed": frozenset({"title", "phone"}),
    "error.letter_failed_nowhere": frozenset({"title", "phone"}),
    "error.letter_not_out": frozenset({"title", "phone"}),
    "error.no_letter_out": frozenset({"phone"}),
    "error.print_where": frozenset({"phone"}),
    "error.letter_stands_nowhere": frozenset({"title", "phone"}),
    "error.letter_for_nobody": frozenset({"phone"}),
    "error.letter_not_waiting": frozenset({"title", "phone"}),
    "error.letter_withdrawn": frozenset({"title", "phone"}),
    "error.not_found.other": frozenset({"phone"}),
    "error.not_found.cohort": frozenset({"phone"}),
    "error.not_found.place": frozenset({"phone"}),
    "error.not_found.meeting": frozenset({"text", "phone"}),
    "error.not_found.municipality": frozenset({"text", "phone"}),
    "error.not_found.newsletter": frozenset({"text", "phone"}),
    "error.not_allowed.*": frozenset({"phone"}),
}
