"""The web service of Fingerpost: pages and XML-RPC over HTTP and HTTPS."""
