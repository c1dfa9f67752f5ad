"""Files in the world's state."""


class Blob(bytes):
    """An uploaded file. It never changes, so each snapshot only names it; see `simulators.blobs`."""
