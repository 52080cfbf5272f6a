"""Which numbers a run holds: the part of a run's key that stands for the code."""

from __future__ import annotations

from typing import Final

ALGORITHM: Final = 1
"""Raised by hand when a change alters a run's numbers; tests/engine/test_golden.py says when.

Runs of a lower number still open; the same choices are computed anew.
"""
