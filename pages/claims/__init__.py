"""The paper's findings."""
