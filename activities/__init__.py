"""HOW the world is touched: one class per outside system, clients injected, one change per activity."""
