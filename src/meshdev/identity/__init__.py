"""Who is who on this machine: a local authority, the certificates that it signs. Sans-IO; alone uses cryptography."""
