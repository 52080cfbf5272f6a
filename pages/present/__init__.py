"""Stories and slides."""
