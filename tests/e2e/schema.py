"""Checks JSON against a schema of docs/schema: schema.py SCHEMA FILE, one object in the
file or
one on each line. It is stricter than the schemas: a key that they do not describe is an
error. It knows the keywords that they use, and refuses others."""
import json
import re
import sys

TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "number": (int, float), "integer": int,
}


def is_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, TYPES[name])


def check(value, schema, where):
    for keyword, wanted in schema.items():
        ok = True
        if keyword == "type":
            names = wanted if isinstance(wanted, list) else [wanted]
            ok = any(is_type(value, name) for name in names)
        elif keyword == "const":
            ok = value == wanted
        elif keyword == "enum":
            ok = value in wanted
        elif keyword == "minimum":
            ok = not is_type(value, "number") or value >= wanted
        elif keyword == "pattern":
            ok = not isinstance(value, str) or re.search(wanted, value)
        elif keyword == "required":
            ok = all(key in value for key in wanted)
        elif keyword == "properties":
            for key in value:
                if key not in wanted:
                    sys.exit(f"{where}.{key} is not documented")
                check(value[key], wanted[key], f"{where}.{key}")
        elif keyword == "items":
            for i, item in enumerate(value):
                check(item, wanted, f"{where}[{i}]")
        elif keyword not in ("$schema", "title", "description"):
            sys.exit(f"schema.py does not know '{keyword}'")
        if not ok:
            sys.exit(f"{where}: {json.dumps(value)} against {keyword} {json.dumps(wanted)}")


def main():
    schema = json.load(open(sys.argv[1], encoding="utf-8"))
    text = open(sys.argv[2], encoding="utf-8").read()
    try:
        objects = [json.loads(text)]
    except ValueError:
        objects = [json.loads(line) for line in text.splitlines()]
    if not objects:
        sys.exit("nothing to check")
    for i, value in enumerate(objects):
        check(value, schema, f"object {i + 1}")


main()
