"""What stories need: databases, clocks and a small world to tell them in."""
