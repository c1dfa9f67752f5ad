"""WHY: the retail rules. Pure; imports only the standard library, pydantic and liquid templates.

Shapes (what travels and is stored) and rules (functions that take `now`) live in separate modules, because
the Temporal sandbox lets shapes through and re-imports rules, so that a rule can never read a real clock.
"""
