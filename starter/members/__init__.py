"""What `journeys members` shows."""
