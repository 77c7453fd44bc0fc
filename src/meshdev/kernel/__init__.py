"""Floor 0: small pure things that everything above stands on: clock, quantities, backoff, ring."""
