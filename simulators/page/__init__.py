"""A web page for people's hands: scan codes, tap confirmations, press faults; and the API described."""
