"""What people read: the words of each language, and texts from data made harmless."""
