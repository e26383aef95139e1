// Brings the pages to life. They work without it; whatever is shown comes from the server as HTML or is set as text.

import { actions } from "./actions.js";
import { fragments } from "./fragments.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { logs } from "./logs.js";
import { times } from "./times.js";

times();
fragments();
actions();
logs();
keys();
live();
