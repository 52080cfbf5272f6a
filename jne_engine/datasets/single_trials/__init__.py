"""Single-trial betas of any experiment, with the table of its trials."""
