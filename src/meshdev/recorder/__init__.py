"""Floor 3: the process that makes captured bytes into recordings on disk, without their secrets."""
