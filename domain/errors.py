"""What every error has in common that an operator can do something about."""


class Explained(Exception):
    """Its text says what is wrong and what to do. The command line prints it and leaves with 1."""
