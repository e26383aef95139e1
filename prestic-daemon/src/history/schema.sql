-- The tables of `history.db`, version 1 (`user_version`). Instants are milliseconds since 1970, UTC.

-- Every task that has ever ended a run, with the group that it belonged to then.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    in_group TEXT
) STRICT;
CREATE INDEX tasks_of_group ON tasks (in_group);

-- Every run that has ended, by its number; `run` is what clients get. Each index ends with the number, so that a page of any
-- filter is a walk along one.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL REFERENCES tasks (id),
    outcome TEXT NOT NULL,
    run TEXT NOT NULL
) STRICT;
CREATE INDEX runs_of_task ON runs (task);
CREATE INDEX runs_of_outcome ON runs (outcome);
CREATE INDEX runs_of_task_and_outcome ON runs (task, outcome);

-- What happened to a task on a day of the local calendar; outlives the runs. `weight` is that of `run` among the day's runs.
CREATE TABLE days (
    date TEXT NOT NULL,
    task INTEGER NOT NULL REFERENCES tasks (id),
    succeeded INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    stopped INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    bytes_added INTEGER NOT NULL,
    run INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    PRIMARY KEY (date, task)
) STRICT, WITHOUT ROWID;

-- How large repositories were, by their identity.
CREATE TABLE sizes (
    repository TEXT NOT NULL,
    measured_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    uncompressed_bytes INTEGER,
    snapshots INTEGER NOT NULL,
    PRIMARY KEY (repository, measured_at)
) STRICT, WITHOUT ROWID;

-- One row: how many runs there are, and up to which number all were deleted because they were too many.
CREATE TABLE totals (
    runs INTEGER NOT NULL,
    deleted_up_to INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (0, 0);
