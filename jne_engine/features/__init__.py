"""From pictures to stimulus features."""
