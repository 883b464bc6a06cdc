"""One cold process, as the Functions worker has it: `python -m benchmarks.cold_process empty|check MODEL`.

Prints a line of JSON: the verdict, the processor seconds that the process took, and the modules that it loaded.
"""

import json
import sys
import time


def empty() -> None:
    """An app that imports nothing: what every function app pays."""
    import azure.functions as func

    app = func.FunctionApp()

    @app.function_name("tick")
    @app.timer_trigger(arg_name="timer", schedule="0 0 6 * * *")
    def tick(timer: func.TimerRequest) -> None: ...

    app.get_functions()


def check(model: str) -> str | None:
    """From the app's import to the verdict."""
    import function_app

    function_app.app.get_functions()
    from function_app.queue.handling import handle
    from function_app.runtime import runtime

    done = handle(runtime(), b'{"model": "%s"}' % model.encode())
    return done and done.verdict


class Absent:
    """A finder that knows no pandas: it is not in requirements.txt, so not in the package, but pyarrow imports it
    where it is.
    """

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Raise ModuleNotFoundError for what the deployed package does not hold."""
        if name.partition(".")[0] in ("pandas", "sklearn"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, Absent)  # type: ignore[arg-type]
    verdict = empty() if sys.argv[1] == "empty" else check(sys.argv[2])
    spent = time.process_time()
    sys.stdout.write(json.dumps({"verdict": verdict, "cpu": spent, "modules": sorted(sys.modules)}) + "\n")
