"""Payments: takes money once per idempotency key, gives it back once, and sometimes declines."""
