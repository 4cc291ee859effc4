#!/usr/bin/python3
"""An iCalendar text as another program reads it.

usage: occurrences.py N <FILE    JSON: what it holds, and the first N days

Needs Debian's python3-vobject, which Radicale brings.
"""

import itertools
import json
import sys

import vobject


def main():
    calendar = vobject.readOne(sys.stdin.buffer.read().decode())
    event = calendar.vevent
    event.validate(raiseException=True)
    days = itertools.islice(event.getrruleset(addRDate=True),
                            int(sys.argv[1]))
    json.dump({
        "method": getattr(getattr(calendar, "method", None), "value", None),
        "uid": event.uid.value,
        "sequence": int(event.sequence.value),
        "stamp": event.dtstamp.value.isoformat(),
        "summary": event.summary.value,
        "description": event.description.value,
        "days": [day.strftime("%Y-%m-%d") for day in days],
        "alarms": [int(alarm.trigger.value.total_seconds())
                   for alarm in event.valarm_list],
    }, sys.stdout)


main()
