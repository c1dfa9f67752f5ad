"""Outside systems as plain libraries: no Temporal, no settings, no clock of their own."""
