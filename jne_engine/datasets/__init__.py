"""From files on disk, as their authors publish them, to one typed dataset a subject."""
