"""MySQL's and MariaDB's protocol, read along."""
