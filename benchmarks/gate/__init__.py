"""How often the gate promotes: a challenger that is no better, and one that is."""
