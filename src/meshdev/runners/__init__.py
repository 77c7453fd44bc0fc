"""Floor 2: what makes an incarnation run: processes now, containers and stubs later."""
