"""The in-memory world: what is true, without HTTP."""
