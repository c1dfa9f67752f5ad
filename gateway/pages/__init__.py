"""What customers' phones open: scan pages and short forms. Plain HTML that works without JavaScript."""
