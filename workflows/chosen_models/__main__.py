"""`python3 -m workflows.chosen_models`: say which models this run trains.

On GitHub the names go to the output `models`, as a list in JSON for the jobs' matrix. On Azure DevOps a run of the same
pipeline is started for each. A push (GITHUB_EVENT_NAME, BUILD_REASON) trains what it changed; any other event the model
that DRIFTLOOP_MODEL names. Exit code 1, with one line, for a name that no folder has.
"""

import os
import sys
from pathlib import Path

from workflows.chosen_models import azure_devops, choice, github
from workflows.reporting import Report

ROOT = Path(__file__).resolve().parents[2]
PUSHES = ("IndividualCI", "BatchedCI")  # Azure DevOps' words


def main() -> int:
    """Choose, and hand on."""
    to, environment = Report(), os.environ
    on_devops = environment.get("TF_BUILD", "").lower() == "true"
    pushed = environment.get("BUILD_REASON") in PUSHES if on_devops else environment.get("GITHUB_EVENT_NAME") == "push"
    asked = environment.get("DRIFTLOOP_MODEL", "")
    try:
        names = choice.folders(ROOT, "" if pushed else asked)
        changed: list[str] | None = []
        if pushed:
            for name in choice.unwatched(names, choice.entries(ROOT)):
                to.line(f"models/{name} has no entry in {choice.CONFIG}: it is trained and served, and not watched")
            changed, why = (azure_devops if on_devops else github).changed_paths(environment)
            if changed is None:
                to.line(f"what this push changed cannot be told ({why}): every model is trained")
        chosen = choice.choose(names, asked=asked, changed=changed, pushed=pushed)
        to.line(f"to train: {', '.join(chosen) or 'none, for no model has changed'}")
        to.output(models=choice.as_json(chosen))
        if on_devops:
            for line in azure_devops.queue(environment, chosen):
                to.line(line)
    except (choice.ChoiceError, azure_devops.QueueError) as error:
        to.error(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
