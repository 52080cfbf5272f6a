"""Encoders, their fit and scores, their Jacobians, and JNE."""
