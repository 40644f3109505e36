"""The IRC bot of Fingerpost."""
