"""The operations kit: what every Fingerpost service needs to be configured, listen, be limited, and stop well."""
