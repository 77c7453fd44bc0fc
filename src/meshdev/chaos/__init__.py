"""Floor 4: experiments — a hypothesis, load, faults, and a verdict; a client of the control API."""
