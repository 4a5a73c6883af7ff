"""Runs a command and writes what it took as JSON: exit code, CPU seconds, peak memory in MB.

    measure.py SECONDS REPORT COMMAND…

A small process of its own, because a child's peak memory begins at that of its parent.
"""

import json
import os
import subprocess
import sys
from threading import Timer

seconds, report, *command = sys.argv[1:]
process = subprocess.Popen(command)
timer = Timer(float(seconds), process.kill)
timer.start()
_, status, usage = os.wait4(process.pid, 0)
timer.cancel()
with open(report, "w") as file:
    taken = usage.ru_utime + usage.ru_stime
    json.dump({"code": os.waitstatus_to_exitcode(status), "seconds": taken, "megabytes": usage.ru_maxrss / 1024}, file)
