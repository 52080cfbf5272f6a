"""Validation of JNE itself."""
