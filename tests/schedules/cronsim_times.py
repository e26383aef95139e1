"""Answers for the differential tests: when cronsim says that lines of cron are due.

Reads one JSON object a line (expression, zone, from and count), and writes one array of Unix times a line. The first
line that it writes is the version of its zones' data.
"""

import json
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import tzdata
from cronsim import CronSim


def next_times(expression, zone, start, count):
    """Returns the first so many different times after an instant."""
    found = []
    # Where clocks go back, cronsim begins with the first of the two passes.
    for due in CronSim(expression, datetime.fromtimestamp(start, ZoneInfo(zone))):
        instant = int(due.timestamp())
        if instant > start and instant not in found:
            found.append(instant)
        if len(found) == count:
            break
    return found


print(tzdata.IANA_VERSION)
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(next_times(question["expression"], question["zone"], question["from"], question["count"])))
