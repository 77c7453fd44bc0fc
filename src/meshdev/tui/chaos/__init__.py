"""What the Chaos screen is made of: pure modules, and `desk`, which does what is asked of faults."""
