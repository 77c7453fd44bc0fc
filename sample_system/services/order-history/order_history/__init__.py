"""Order history: a read model of every order, built from events alone. It may be thrown away and built again."""
