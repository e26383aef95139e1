//! What there is to be asked for: the OpenAPI file, and a page that is made of it.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde_json::Value;

use super::{Answered, Parameters, Refusal};
use crate::web::{
    Web,
    layout::{self, Page},
    sessions::Session,
};

/// The file, which is part of the program.
const FILE: &str = include_str!("../../../../assets/web/openapi.json");

/// Answers with the file.
pub async fn file(parameters: Parameters) -> Answered {
    parameters.finish()?;
    Ok(([(header::CONTENT_TYPE, "application/json")], FILE).into_response())
}

/// Shows it to people.
pub async fn page(State(web): State<Web>, session: Session) -> Result<Response, Refusal> {
    let description: Value = serde_json::from_str(FILE)
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "bad-description", error.to_string()))?;
    let page = Page { title: "JSON API", ..Page::default() };
    Ok(layout::page(&web, &session, page, content(&description)))
}

fn content(description: &Value) -> Markup {
    let tags = description["tags"].as_array().into_iter().flatten().filter_map(|tag| tag["name"].as_str());
    html! {
        h1 { "JSON API" }
        p { (text(&description["info"]["description"])) }
        p { "All of it, for programs: " a href="/api/v1/openapi.json" { "/api/v1/openapi.json" } " (OpenAPI 3.1)." }
        @for tag in tags {
            h2 { (tag) }
            @for (path, method, operation) in operations(description).filter(|(_, _, operation)| operation["tags"][0] == tag) {
                (shown_operation(path, method, operation))
            }
        }
    }
}

fn shown_operation(path: &str, method: &str, operation: &Value) -> Markup {
    html! {
        section.operation {
            h3 { code { (method.to_uppercase()) " /api/v1" (path) } }
            p { (text(&operation["summary"])) "." }
            @if let Some(description) = operation["description"].as_str() { p { (description) } }
            @let parameters = parameters(operation);
            @if !parameters.is_empty() {
                dl {
                    @for parameter in parameters {
                        dt { code { (text(&parameter["name"])) } }
                        dd { (text(&parameter["description"])) }
                    }
                }
            }
        }
    }
}

/// Returns every operation with its path and its method.
fn operations(description: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    description["paths"].as_object().into_iter().flatten().flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Returns the parameters that are an operation's own.
fn parameters(operation: &Value) -> Vec<&Value> {
    operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["name"].is_string()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::web::api::ROUTES;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let description: Value = serde_json::from_str(FILE).unwrap();
        let described: BTreeSet<String> =
            operations(&description).map(|(path, method, _)| format!("{method} {path}")).collect();
        let mut served: BTreeSet<String> = BTreeSet::from(["get /events".to_owned()]);
        for route in &ROUTES {
            let shown = format!("{:?}", (route.serve)());
            for method in ["get", "post", "put", "delete", "patch"] {
                if !shown.contains(&format!("{method}: None")) {
                    served.insert(format!("{method} {}", route.path));
                }
            }
        }
        assert_eq!(served, described);
    }

    #[test]
    fn page_shows_every_operation() {
        let description: Value = serde_json::from_str(FILE).unwrap();
        let shown = content(&description).into_string();
        for (path, method, operation) in operations(&description) {
            assert!(shown.contains(&format!("{} /api/v1{path}", method.to_uppercase())), "{method} {path}");
            assert!(shown.contains(text(&operation["summary"])), "{method} {path}");
        }
    }
}
