"""Writes config.example.golden.json: what the Python PRestic makes of config.example.ini.

Follows that program's rules, not its text: ConfigParser reads, lists are split by shlex, `repository` and its like are
other names of a flag or a variable, a child's own value wins and then the first parent's.
"""

import configparser
import json
import pathlib
import shlex

# For each option: how its value is read, and under which name it is kept.
OPTIONS = {
    "inherit": ("list", "inherit"),
    "executable": ("list", "executable"),
    "command": ("list", "command"),
    "args": ("list", "args"),
    "option": ("list", "flag.option"),
    "repository": ("str", "flag.repo"),
    "password": ("str", "env.RESTIC_PASSWORD"),
    "password-command": ("str", "env.RESTIC_PASSWORD_COMMAND"),
    "password-file": ("str", "env.RESTIC_PASSWORD_FILE"),
    "cache-dir": ("str", "env.RESTIC_CACHE_DIR"),
    "key-hint": ("str", "env.RESTIC_KEY_HINT"),
    "notifications": ("bool", "notifications"),
    "limit-upload": ("size", "limit-upload"),
    "limit-download": ("size", "limit-download"),
    "verbose": ("int", "flag.verbose"),
}
UNITS = {"k": 1, "m": 1024, "g": 1024**2}


def convert(kind, value):
    if kind == "list":
        return shlex.split(value)
    if kind == "bool":
        return value.lower() in ("true", "on", "yes", "1")
    if kind == "int":
        return int(value)
    if kind == "size":
        unit = value[-1].lower()
        return int(float(value[:-1]) * UNITS[unit]) if unit in UNITS else int(value)
    return value


def read(path):
    parser = configparser.ConfigParser()
    parser.optionxform = lambda key: key if key.startswith("env.") else key.lower()
    parser.read_string(path.read_text(encoding="utf-8"))
    profiles = {}
    for name in parser.sections():
        profiles[name] = values = {}
        for key, text in parser[name].items():
            kind, kept_as = OPTIONS.get(key, ("str", key))
            values[kept_as] = convert(kind, text)
    return profiles


def resolve(profiles, name):
    values = dict(profiles[name])
    for parent in values.get("inherit", []):
        for key, value in resolve(profiles, parent).items():
            values.setdefault(key, value)
    return values


def flags(values):
    for key, value in values.items():
        if key.startswith("flag."):
            for one in map(str, value if isinstance(value, list) else [value]):
                # Two words, unless there are nothing but letters and digits.
                yield from [f"--{key[5:]}={one}"] if one.isalnum() else [f"--{key[5:]}", one]
    for limit in ("limit-upload", "limit-download"):
        if values.get(limit):
            yield f"--{limit}={values[limit]}"


def variables(values):
    found = {key[4:]: value for key, value in values.items() if key.startswith("env.")}
    limits = [values.get("limit-upload"), values.get("limit-download")]
    if any(limits):
        found["RCLONE_BWLIMIT"] = ":".join(str(limit) if limit else "off" for limit in limits)
    return found


def describe(profiles, name):
    values = resolve(profiles, name)
    command = values.get("command", []) + (values.get("args", []) if values.get("command") else [])
    return {
        "name": name,
        "description": values.get("description", "no description"),
        "is_task": bool(values.get("command") and values.get("flag.repo")),
        "inherits": profiles[name].get("inherit", []),
        "repository": values.get("flag.repo"),
        "schedule": values.get("schedule"),
        "notifications": values.get("notifications", True),
        "prune_logs_after": int(values["prune-logs-after"]) if "prune-logs-after" in values else None,
        "wait_for_lock": int(values["wait-for-lock"]) if "wait-for-lock" in values else None,
        "cpu_priority": values.get("cpu-priority"),
        "io_priority": values.get("io-priority"),
        "keyring": values.get("password-keyring"),
        "words": values.get("executable", ["restic"]) + list(flags(values)) + command,
        "variables": variables(values),
    }


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    profiles = read(here / "config.example.ini")
    rows = [describe(profiles, name) for name in profiles]
    (here / "config.example.golden.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{len(rows)} profiles")
