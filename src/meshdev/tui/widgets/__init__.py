"""The dashboard's own widgets, all drawn line by line; none of them asks for data."""
