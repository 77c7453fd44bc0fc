"""The dashboard in a browser: a small HTTP server, and a dashboard process of its own for every tab."""
