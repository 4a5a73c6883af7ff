"""The command `paramcalc`, and `python -m paramcalc`."""

import gc
import sys


def run() -> None:
    """Run the command line, in a process of its own."""
    # the process ends before it has garbage worth collecting; what it loads is looked through in vain
    gc.disable()
    try:
        from paramcalc.cli import main

        main(prog_name="paramcalc")
    except KeyboardInterrupt:
        # while modules load, and not even what prints messages is there
        if sys.stderr is not None:
            sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    run()
