"""What lists of models and of checks show, and how they are paged."""
