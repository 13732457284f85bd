"""The words a content folder may use for people and for what belongs to no single phase or day."""

# DOMAIN's glossary, "People and bodies": who votes, is invited, owns, confirms or records.
ROLES = frozenset(
    {
        "villager",
        "panel",
        "steering",
        "steering_member",
        "steering_secretary",
        "steering_lead",
        "local_council_contact",
        "initiators",
        "coordinator",
        "secretariat",
        "bot",
        "public",
    }
)
ANY_PHASE = "any"  # a poll that belongs to every phase
