"""People who live by themselves: they scan, add, join, buy, drift and complain; employees confirm tasks."""
