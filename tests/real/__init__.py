"""Real recordings by the command line: ``make test-real``."""
