"""Derivatives in BIDS: betas or statistical maps of trials or stimuli."""
