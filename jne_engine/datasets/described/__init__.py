"""Folders that say themselves what they hold."""
