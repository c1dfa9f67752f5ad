"""Seeing before doing: the production workflows under time skipping, with a made-up customer."""
