"""Do more models drift at once than chance explains? Then one change upstream is likelier than many by themselves."""
