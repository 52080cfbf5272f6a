"""Cortical maps."""
