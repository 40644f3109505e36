"""The engines that keep the store's records; one contract test runs against each of them."""
