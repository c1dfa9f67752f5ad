"""`journeys groups …`: what is more than a list."""
