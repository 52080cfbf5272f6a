"""Files to take away: interactive pages and pictures of what the pages show."""
