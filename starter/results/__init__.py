"""`journeys results`: what came of codes, campaigns and playbooks."""
