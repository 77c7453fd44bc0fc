"""HAR 1.2 (HTTP Archive), as browsers write it: `write` out, `read` in, `words` what both know of the format."""
