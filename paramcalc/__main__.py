"""The command `paramcalc`, and `python -m paramcalc`."""

import gc


def run() -> None:
    """Run the command line, in a process of its own."""
    # the process ends before it has garbage worth collecting; what it loads is looked through in vain
    gc.disable()
    from paramcalc.cli import main

    main(prog_name="paramcalc")


if __name__ == "__main__":
    run()
