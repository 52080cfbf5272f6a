"""BOLD5000, release 2.0."""
