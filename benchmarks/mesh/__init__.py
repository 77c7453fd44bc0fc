"""The mesh beside other proxies (`command`: figures, side by side), and at its limits (`endurance`)."""
