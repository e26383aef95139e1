//! The JSON of the web interface: everything that its description promises, asked of a real daemon.

use std::collections::BTreeSet;

use jsonschema::Validator;
use prestic_tests::{
    restic::oldest_and_newest,
    web_client::{Answer, WebClient},
    web_home::WebHome,
};
use serde_json::{Value, json};

/// The description, and what was asked of it so far.
struct Described {
    description: Value,
    asked: BTreeSet<String>,
}

impl Described {
    fn of(client: &WebClient) -> Self {
        let description = client.get("/api/v1/openapi.json").expect_status(200).json();
        Self { description, asked: BTreeSet::new() }
    }

    /// Returns what an answer must look like, or that it has no content.
    fn schema(&self, method: &str, path: &str, status: u16) -> Option<Validator> {
        let operation = &self.description["paths"][path][method];
        let responses = operation["responses"].as_object().unwrap_or_else(|| panic!("{method} {path} is not described"));
        let response = responses.get(&status.to_string()).unwrap_or_else(|| {
            assert!(status >= 400, "{method} {path} answers with {status}, which is not described");
            &self.description["components"]["responses"]["Refusal"]
        });
        let schema = response["content"]["application/json"].get("schema")?;
        let root = json!({ "allOf": [schema], "components": self.description["components"] });
        Some(jsonschema::options().should_validate_formats(true).build(&root).expect("the description is a schema"))
    }

    /// Holds an answer against the description.
    #[track_caller]
    fn check(&mut self, method: &str, path: &str, answer: &Answer) {
        match self.schema(method, path, answer.status) {
            None => assert_eq!(answer.text, "", "{method} {path}"),
            Some(schema) => {
                assert_eq!(answer.content_type, "application/json", "{method} {path}");
                let document = answer.json();
                let errors: Vec<String> =
                    schema.iter_errors(&document).map(|error| format!("{error} at {}", error.instance_path)).collect();
                assert!(errors.is_empty(), "{method} {path}: {errors:#?}\n{document:#}");
            }
        }
    }

    /// Asks, holds the answer against the description, and returns it.
    #[track_caller]
    fn get(&mut self, client: &WebClient, path: &str, rest: &str) -> Value {
        let (template, address) = self.address(path, rest);
        let answer = client.get(&address).expect_status(200);
        self.check("get", &template, &answer);
        self.asked.insert(format!("get {template}"));
        answer.json()
    }

    /// Wants something done, holds the answer against the description, and returns it.
    #[track_caller]
    fn post(&mut self, client: &WebClient, path: &str, body: &Value) -> Value {
        let (template, address) = self.address(path, "");
        let answer = client.post(&address, body);
        assert!(answer.status < 300, "{template}: {answer:?}");
        self.check("post", &template, &answer);
        self.asked.insert(format!("post {template}"));
        answer.json()
    }

    /// Takes a path such as `/runs/{id=7}/log` apart, into its template and its address.
    fn address(&self, path: &str, rest: &str) -> (String, String) {
        let (mut template, mut address) = (String::new(), "/api/v1".to_owned());
        for (index, part) in path.split(['{', '}']).enumerate() {
            match part.split_once('=') {
                Some((name, value)) if index % 2 == 1 => {
                    template += &format!("{{{name}}}");
                    address += value;
                }
                _ => {
                    template += part;
                    address += part;
                }
            }
        }
        (template, address + rest)
    }

    fn operations(&self) -> BTreeSet<String> {
        let paths = self.description["paths"].as_object().expect("there are paths").iter();
        paths
            .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}")))
            .collect()
    }
}

#[test]
fn every_operation_answers_as_it_is_described() {
    let [_, restic] = oldest_and_newest();
    let home = WebHome::start(&restic);
    let client = WebClient::with_token(&home.base);
    let mut api = Described::of(&client);
    let [older, newer] = <[String; 2]>::try_from(home.snapshots()).unwrap();
    let (folder, notes) = (home.path(""), home.path("notes.txt"));

    let pictures = api.post(&client, "/tasks/{name=pictures}/run", &json!({}))["run"].clone();
    home.home.wait_for_task("pictures", |run| run.pid().is_some());
    assert_eq!(api.get(&client, "/status", "")["runs"][0]["id"], pictures);
    assert_eq!(api.get(&client, "/tasks", "").as_array().unwrap().len(), 4);
    api.get(&client, "/days", "?days=3");
    assert!(!api.get(&client, "/upcoming", "?task=mail&limit=5").as_array().unwrap().is_empty());
    api.get(&client, "/system", "");
    api.get(&client, "/session", "");
    api.get(&client, "/openapi.json", "");
    api.post(&client, &format!("/runs/{{id={pictures}}}/stop"), &json!({}));

    let failed = api.get(&client, "/runs", "?outcome=failed&limit=1")["runs"][0].clone();
    assert_eq!(failed["task"], "mail");
    let failed = failed["id"].to_string();
    api.get(&client, &format!("/runs/{{id={failed}}}"), "");
    let log = api.get(&client, &format!("/runs/{{id={failed}}}/log"), "?offset=0");
    assert!(log["text"].as_str().unwrap().contains("wrong password"), "{log}");
    let end = api.get(&client, &format!("/runs/{{id={failed}}}/log"), "?tail=1");
    assert_eq!(end["text"].as_str().unwrap().lines().count(), 1, "{end}");

    assert!(api.get(&client, "/profiles", "").as_array().unwrap().len() >= 4);
    let profile = api.get(&client, "/profiles/{name=documents}", "");
    assert!(!profile.to_string().contains(home.secret()), "{profile}");
    let page = api.get(&client, "/profiles/{name=documents}/snapshots", "?fresh=true&limit=1");
    assert_eq!((&page["snapshots"][0]["id"], &page["total"]), (&json!(newer), &json!(2)));
    let listed = api.get(&client, "/profiles/{name=documents}/folder", &format!("?snapshot={newer}&path={folder}"));
    assert_eq!(listed["total"], 5, "{listed}");
    let at_notes = format!("?snapshot={newer}&path={notes}");
    api.get(&client, "/profiles/{name=documents}/entry", &at_notes);
    assert_eq!(api.get(&client, "/profiles/{name=documents}/versions", &at_notes)["versions"].as_array().unwrap().len(), 2);
    let changes = api.get(&client, "/profiles/{name=documents}/difference", &format!("?to={newer}&path={folder}"));
    assert_eq!((&changes["from"]["id"], &changes["total"]), (&json!(older), &json!(3)), "{changes}");
    api.get(&client, "/profiles/{name=documents}/locks", "");
    api.post(&client, "/profiles/{name=documents}/unlock", &json!({}));

    let job =
        api.post(&client, "/profiles/{name=documents}/jobs", &json!({ "job": "index", "snapshot": newer }))["job"].clone();
    assert_eq!(api.get(&client, &format!("/jobs/{{id={job}}}"), "?wait=60")["state"], "done");
    assert_ne!(api.get(&client, "/profiles/{name=documents}/search", "?q=NOTES")["total"], 0);
    api.post(&client, &format!("/jobs/{{id={job}}}/cancel"), &json!({}));
    let job = json!({ "job": "difference", "from": older, "to": newer, "path": "/" });
    let job = api.post(&client, "/profiles/{name=documents}/jobs", &job)["job"].clone();
    assert_eq!(api.get(&client, &format!("/jobs/{{id={job}}}"), "?wait=60")["state"], "done");
    assert_eq!(api.get(&client, &format!("/jobs/{{id={job}}}/results"), "")["results"], "changes");
    let job = api.post(&client, "/profiles/{name=documents}/jobs", &json!({ "job": "measure" }))["job"].clone();
    assert_eq!(api.get(&client, &format!("/jobs/{{id={job}}}"), "?wait=60")["state"], "done");
    assert!(!api.get(&client, "/profiles/{name=documents}/sizes", "").as_array().unwrap().is_empty());
    assert!(api.get(&client, "/profiles/{name=documents}/jobs", "").as_array().unwrap().len() >= 3);
    api.post(&client, "/caches/{cache=trees}/clear", &json!({}));

    home.home.wait_for_task("pictures", |run| run.finished().is_some());
    api.post(&client, "/tasks/{name=pictures}/run", &json!({ "if_active": "queue" }));
    api.post(&client, "/tasks/{name=pictures}/stop", &json!({}));
    api.post(&client, "/pause", &json!({ "task": "mail", "until": "2100-01-01T00:00:00Z" }));
    api.post(&client, "/resume", &json!({ "task": "mail" }));
    api.post(&client, "/reload", &json!({}));

    // The stream never ends, and has tests of its own.
    api.asked.insert("get /events".to_owned());
    assert_eq!(api.asked, api.operations());
}

#[test]
fn refusals_have_a_code_and_a_status_of_their_own() {
    let [_, restic] = oldest_and_newest();
    let home = WebHome::start(&restic);
    let client = WebClient::with_token(&home.base);
    let mut api = Described::of(&client);
    let mut check = |template: &str, path: &str, status: u16, code: &str| {
        let answer = client.get(&format!("/api/v1{path}")).expect_status(status);
        assert_eq!(answer.json()["error"]["code"], code, "{answer:?}");
        api.check("get", template, &answer);
    };
    check("/runs/{id}", "/runs/999999", 404, "unknown-run");
    check("/runs/{id}", "/runs/latest", 404, "not-found");
    check("/runs", "/runs?limt=1", 400, "unknown-parameter");
    check("/runs", "/runs?limit=1&limit=2", 400, "unknown-parameter");
    check("/runs", "/runs?limit=100000", 400, "bad-parameter");
    check("/upcoming", "/upcoming?task=nobody", 404, "unknown-task");
    check("/profiles/{name}", "/profiles/nobody", 404, "unknown-profile");
    check("/profiles/{name}", "/profiles/%2e%2e%2fetc", 404, "unknown-profile");
    check("/profiles/{name}/folder", "/profiles/documents/folder", 400, "bad-parameter");
    check("/profiles/{name}/folder", "/profiles/documents/folder?snapshot=--help00", 400, "bad-parameter");
    check("/profiles/{name}/folder", "/profiles/documents/folder?snapshot=deadbeef", 404, "unknown-snapshot");
    check("/status", "/no-such-thing", 404, "not-found");
}

#[test]
fn orders_are_taken_from_the_users_own_pages_and_programs_only() {
    let [_, restic] = oldest_and_newest();
    let home = WebHome::start(&restic);
    let stranger = WebClient::new(&home.base);
    assert_eq!(stranger.post("/api/v1/tasks/pictures/run", &json!({})).status, 403);
    assert_eq!(stranger.get("/api/v1/tasks/pictures/run").status, 405);
    assert!(home.home.status().runs.is_empty());

    let client = WebClient::with_token(&home.base);
    let answer = client.post("/api/v1/tasks/pictures/run", &json!({ "args": ["--option", "rclone.program=sh"] }));
    assert_eq!((answer.status, answer.json()["error"]["code"].clone()), (400, json!("bad-body")), "{answer:?}");
    client.post("/api/v1/tasks/pictures/run", &json!({})).expect_status(202);
    let again = client.post("/api/v1/tasks/pictures/run", &json!({})).expect_status(409);
    assert_eq!(again.json()["error"]["code"], "already-active");
}
