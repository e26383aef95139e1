//! A request for a page that asks restic: complete at once where the answer is known, else a page that says what it waits for.

use std::future::Future;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, Uri, request::Parts},
    response::{Html, IntoResponse, Response},
};
use maud::{Markup, html};
use prestic_proto::{
    error::ApiError,
    snapshot::{SnapshotId, SnapshotQuery},
    words as plain,
};

use crate::web::{
    Web,
    browsing::{
        errands::{Errands, Patience},
        links,
    },
    failure::{Failure, PageResult},
    layout::{self, Page},
    sessions::Session,
};

/// What is said while restic is asked: older ones read every folder on the way to a path.
const ASKING: &str =
    "asking restic, which takes its time where a repository is large or far away, or restic is older than 0.16…";

/// The parameter with which the rest of a page is asked for.
const PART: &str = "part";

/// The parameter with which a page is asked for that waits, for browsers that run no scripts.
const WAIT: &str = "wait";

/// Who asks for what.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What every request may use.
    pub web: Web,
    /// Who asks.
    pub session: Session,
    /// Tasks that outlive a request.
    pub errands: Errands,
    /// What was asked for, as it came.
    pub uri: Uri,
}

/// The content of a page.
#[derive(Debug)]
pub struct Content {
    /// The response's status.
    pub status: StatusCode,
    /// What is shown.
    pub markup: Markup,
}

impl From<Markup> for Content {
    fn from(markup: Markup) -> Self {
        Self { status: StatusCode::OK, markup }
    }
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, web).await.map_err(IntoResponse::into_response)?;
        let errands = parts.extensions.get::<Errands>().cloned().unwrap_or_default();
        Ok(Self { web: web.clone(), session, errands, uri: parts.uri.clone() })
    }
}

impl Visit {
    /// Returns the profile that the address names.
    pub fn profile(&self) -> Result<String, Failure> {
        links::profile_of_request_path(self.uri.path()).map_err(|error| Failure::BadRequest(error.to_string()))
    }

    /// Returns the place that the address names.
    pub fn place(&self) -> Result<links::Place, Failure> {
        links::Place::from_request_path(self.uri.path()).map_err(|error| Failure::BadRequest(error.to_string()))
    }

    /// Returns the snapshot of a place: the one that it names, or the newest.
    pub async fn snapshot_id(&self, place: &links::Place) -> Result<SnapshotId, Failure> {
        match &place.snapshot {
            Some(id) => Ok(id.clone()),
            None => {
                let query = SnapshotQuery { limit: 1, ..SnapshotQuery::default() };
                let page = self.web.client.snapshots(&place.profile, query).await??;
                let newest = page.snapshots.into_iter().next().map(|snapshot| snapshot.id);
                newest.ok_or_else(|| ApiError::UnknownSnapshot("latest".to_owned()).into())
            }
        }
    }

    /// Whether only the page's content is wanted, by a script that puts it into the page.
    pub fn is_for_part(&self) -> bool {
        has_parameter(self.uri.query(), PART)
    }

    /// Answers with a page around the content, or with the content alone, or with a page that lets a script ask for it.
    pub async fn answer(
        &self,
        page: Page<'_>,
        content: impl Future<Output = Result<Content, Failure>> + Send + 'static,
    ) -> PageResult {
        let uri = self.uri.clone();
        let content = async move { content.await.or_else(|failure| choice_of_member(&uri, failure)) };
        if self.is_for_part() {
            // One element: the script puts exactly that in the place of what stood for it.
            let part = html! { div.stack { (content.await?.markup) } };
            return Ok(Html(part.into_string()).into_response());
        }
        if has_parameter(self.uri.query(), WAIT) {
            return Ok(self.whole(page, content.await?));
        }
        match self.errands.within(Patience::default(), content).await {
            Some(content) => Ok(self.whole(page, content?)),
            None => Ok(self.whole(page, Content::from(asking(&self.uri)))),
        }
    }

    /// Answers with a page, however long its content takes.
    pub fn whole(&self, page: Page<'_>, content: Content) -> Response {
        (content.status, layout::page(&self.web, &self.session, page, content.markup)).into_response()
    }
}

/// Stands for a part of a page that a script asks for, and that is a page of its own without scripts.
pub fn part(address: &str, what: &str) -> Markup {
    html! {
        div.waiting data-fragment=(with_parameter(address, PART)) {
            p { a.button href=(with_parameter(address, WAIT)) { (what) } }
        }
    }
}

/// Stands for a part that is asked for only when somebody wants to see it, and that is a page of its own without scripts.
pub fn part_on_demand(address: &str, what: &str) -> Markup {
    html! { details { summary { (what) } (part(address, what)) } }
}

/// Stands for all of a page's content.
fn asking(uri: &Uri) -> Markup {
    let address = uri.path_and_query().map_or(uri.path(), |address| address.as_str());
    let waiting = with_parameter(address, WAIT);
    html! {
        noscript { meta http-equiv="refresh" content={ "0; url=" (waiting) }; }
        h1.visually-hidden { "Asking restic" }
        div.waiting data-fragment=(with_parameter(address, PART)) data-waiting=(ASKING) {
            p { a.button href=(waiting) { "Wait for it" } }
        }
    }
}

/// Leads from a group, which has no repository of its own, to the same page of each of its tasks.
fn choice_of_member(uri: &Uri, failure: Failure) -> Result<Content, Failure> {
    let Failure::Api(ApiError::Group { name, members }) = failure else { return Err(failure) };
    let is_search = uri.path().split('/').nth(3) == Some("search");
    let query = uri.query().unwrap_or_default();
    let kept: Vec<&str> = query.split('&').filter(|pair| pair.starts_with("q=")).collect();
    let address = |member: &str| match (is_search, kept.as_slice()) {
        (false, _) => links::snapshots(member),
        (true, []) => links::search(member, "", None),
        (true, kept) => format!("{}?{}", links::search(member, "", None), kept.join("&")),
    };
    Ok(Content::from(html! {
        h1 { @if is_search { "Search for files" } @else { "Snapshots" } }
        p { strong { (name) } " is a group of " (plain::counted_usize(members.len(), "task")) ", each with a repository of its own. Choose one:" }
        ul { @for member in &members { li { a href=(address(member)) data-row { (member) } } } }
    }))
}

fn with_parameter(address: &str, name: &str) -> String {
    links::with_parameters(address.to_owned(), &[(name, Some("1"))])
}

fn has_parameter(query: Option<&str>, name: &str) -> bool {
    query.unwrap_or_default().split('&').any(|pair| pair.split('=').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_told_from_words_that_contain_them() {
        assert!(has_parameter(Some("q=1&part=1"), PART));
        assert!(!has_parameter(Some("q=part&apart=1"), PART));
        assert!(!has_parameter(None, PART));
    }

    #[test]
    fn page_that_waits_leads_to_its_content_with_and_without_scripts() {
        let shown = asking(&"/profile/a/search?q=%22%3E".parse().unwrap()).into_string();
        assert!(shown.contains("data-fragment=\"/profile/a/search?q=%22%3E&amp;part=1\""), "{shown}");
        assert!(shown.contains("href=\"/profile/a/search?q=%22%3E&amp;wait=1\""), "{shown}");
        assert!(shown.contains("older than 0.16"), "{shown}");
    }

    #[track_caller]
    fn check_choice(address: &str, expected: &str) {
        let group = ApiError::Group { name: "both".to_owned(), members: vec!["both@a".to_owned(), "both@<b>".to_owned()] };
        let shown = choice_of_member(&address.parse().unwrap(), group.into()).unwrap().markup.into_string();
        assert!(shown.contains(expected) && shown.contains("both@&lt;b&gt;"), "{shown}");
    }

    #[test]
    fn group_leads_to_the_same_page_of_each_of_its_tasks() {
        check_choice("/profile/both/snapshots?host=x", "href=\"/profile/both%40a/snapshots\"");
        check_choice("/profile/both/search?part=1&q=a%26b", "href=\"/profile/both%40a/search?q=a%26b\"");
        check_choice("/profile/both/search", "href=\"/profile/both%40a/search\"");
    }

    #[test]
    fn other_failures_stay_what_they_are() {
        let failure = choice_of_member(&"/profile/a/search".parse().unwrap(), ApiError::ShuttingDown.into());
        assert!(matches!(failure, Err(Failure::Api(ApiError::ShuttingDown))));
    }
}
