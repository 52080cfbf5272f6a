"""From a stored run to what the viewer draws."""
