"""Layers and subjects."""
