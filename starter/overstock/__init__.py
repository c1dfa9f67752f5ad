"""What operators do with stock that will not keep (M51)."""
