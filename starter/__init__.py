"""The operators' command line: `journeys …`."""
