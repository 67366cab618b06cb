"""What people hear and say: one file a platform on the shelf `platforms`."""
