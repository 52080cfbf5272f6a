"""Tests of images → features."""
