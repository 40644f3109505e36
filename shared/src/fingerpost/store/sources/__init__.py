"""Where else statuses come from: each source is one module, and an `IStatusSource`."""
