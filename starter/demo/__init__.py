"""`journeys demo`: one store opening, driven through the real stack."""
