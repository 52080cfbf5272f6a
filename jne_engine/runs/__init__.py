"""A run: computed once, stage by stage, stored, and never changed after."""
