"""`journeys campaign …`: one module for each thing that operators do with campaigns."""
