"""The finger service of Fingerpost (RFC 1288), and the setter."""
