"""Which models a run trains. Standard library only: the job that asks installs nothing."""
