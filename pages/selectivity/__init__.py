"""Stimulus selectivity."""
