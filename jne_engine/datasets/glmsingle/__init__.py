"""Outputs of GLMsingle, of any lab."""
