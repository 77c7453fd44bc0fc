"""Python source that a formatter leaves as it is: `source` for values, `call` for a request as a call of httpx."""
