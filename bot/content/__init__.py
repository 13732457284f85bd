"""Load and check a content folder; a fault names file, line and key."""
