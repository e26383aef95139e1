// What makes the pages live.
