"""The dashboard: one folder a page, and `frame` for what all pages share."""
