"""What every room stands on: errors, checks, arrays, files on disk, progress, colours."""
