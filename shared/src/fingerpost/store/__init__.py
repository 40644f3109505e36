"""The status store: the one process that touches files, databases and sources."""
