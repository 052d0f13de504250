"""Checks the record of record.c: order.py RECORD [FINAL...]

Every renamed file was synced after its last write, and the folder of its new name was
synced afterwards; no file was truncated. Each FINAL is the new name of a file. The contents
of a folder FINAL.resume are removed only after the folder of FINAL has been synced.
"""
import os
import sys

KINDS = {"rename": 2, "exchange": 2}


def read(path):
    events = []
    for line in open(path):
        what, *paths = line.rstrip("\n").split(" ")
        paths = [os.path.normpath(p) for p in paths]
        if len(paths) != KINDS.get(what, 1):
            sys.exit(f"names with spaces are not for this test: {line}")
        events.append((what, *paths))
    return events


def is_synced(events, name, begin, end):
    """The file was synced in events[begin:end], and not written after that."""
    synced = False
    for event in events[begin:end]:
        if event[0] in ("write", "create") and event[1] == name:
            synced = False
        if event[0] == "sync" and event[1] == name:
            synced = True
    return synced


def main():
    events = read(sys.argv[1])
    finals = [os.path.abspath(name) for name in sys.argv[2:]]
    wrong, named = [], {}
    for i, event in enumerate(events):
        if event[0] == "truncate":
            wrong.append(f"truncated: {event[1]}")
        if event[0] not in KINDS:
            continue
        old, new = event[1:]
        if not is_synced(events, old, 0, i):
            wrong.append(f"not synced before it became {new}: {old}")
        folder = os.path.dirname(new)
        after = [k for k in range(i, len(events)) if events[k] == ("sync", folder)]
        if not after:
            wrong.append(f"the folder is not synced after {new} is in it")
        named[new] = after[0] if after else len(events)
    for final in finals:
        if final not in named:
            wrong.append(f"never got its name: {final}")
        for i, event in enumerate(events):
            below = event[-1].startswith(final + ".resume/")
            if event[0] == "remove" and below and not event[1].endswith(".part"):
                if i < named.get(final, len(events)):
                    wrong.append(f"removed before {final} was safe: {event[1]}")
    for line in wrong:
        print(line)
    sys.exit(bool(wrong))


main()
