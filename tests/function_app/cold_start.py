"""One cold process, as the worker has it:

`python cold_start.py empty|check MODEL`. Prints the CPU seconds that it took.
"""

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


def check(model: str) -> None:
    """From the app's import to the verdict."""
    import function_app

    function_app.app.get_functions()
    from function_app.queue.handling import handle
    from function_app.runtime import runtime

    done = handle(runtime(), b'{"model": "%s"}' % model.encode())
    if done is None or done.verdict != "stable":
        raise SystemExit(f"no verdict: {done}")


class Absent:
    """A finder that knows no pandas: it is not in requirements.txt, so not in the package, but pyarrow imports it
    where it is.
    """

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name.partition(".")[0] in ("pandas", "sklearn"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, Absent)  # type: ignore[arg-type]
    if sys.argv[1] == "empty":
        empty()
    else:
        check(sys.argv[2])
    sys.stdout.write(f"{time.process_time():.3f}\n")
