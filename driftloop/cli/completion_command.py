"""`driftloop completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.output import say


@click.command(short_help="Print what a shell needs to complete commands and options.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what a shell needs to complete commands and options.

    \b
    Examples:
      eval "$(driftloop completion bash)"    # in ~/.bashrc
      eval "$(driftloop completion zsh)"     # in ~/.zshrc
      driftloop completion fish > ~/.config/fish/completions/driftloop.fish
    """
    from click.shell_completion import get_completion_class

    imports_are_done()
    kind = get_completion_class(shell)
    root = context.find_root().command
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    template = kind(root, {}, "driftloop", "_DRIFTLOOP_COMPLETE")
    # Not `source()`: for bash it asks the machine's own bash for its version, which may be another than the user's.
    say(template.source_template % template.source_vars())
