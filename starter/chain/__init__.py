"""Day one of a chain: its stores, employees and groups, from spreadsheets and from WeCom."""
