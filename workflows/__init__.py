"""WHAT happens in which order. No rules and no I/O: those are in domain/ and activities/."""
