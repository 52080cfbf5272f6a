"""The paper's findings, held against stored runs."""
