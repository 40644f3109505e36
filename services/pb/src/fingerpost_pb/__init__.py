"""The Perspective Broker service of Fingerpost."""
