"""Networks of their own for processes: made and kept by a process that has the rights for it (Linux)."""
