//! What stands behind the `?`: every word of it must be known, and fit.

use std::{fmt::Display, str::FromStr};

use axum::{
    extract::{FromRequestParts, Query},
    http::{StatusCode, Uri, request::Parts},
};
use chrono::{DateTime, Utc};
use prestic_proto::{file_path::FilePath, snapshot::SnapshotId};

use super::Refusal;

/// The parameters of a request that nobody has taken yet.
#[derive(Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Self::of(&parts.uri)
    }
}

impl Parameters {
    /// Reads the parameters of an address.
    pub fn of(uri: &Uri) -> Result<Self, Refusal> {
        let Query(pairs) = Query::try_from_uri(uri)
            .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "bad-parameter", error.body_text()))?;
        Ok(Self { pairs })
    }

    /// Takes a parameter, if it is there. What is empty is not there: forms send their empty fields too.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let index = self.pairs.iter().position(|(key, _)| key == name)?;
        Some(self.pairs.remove(index).1).filter(|value| !value.is_empty())
    }

    /// Takes all parameters of a name.
    pub fn take_all(&mut self, name: &str) -> Vec<String> {
        let (taken, rest) = std::mem::take(&mut self.pairs).into_iter().partition(|(key, _)| key == name);
        self.pairs = rest;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes a parameter that is something else than text.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        let parse = |value: String| {
            value.parse().map_err(|error| Refusal::bad_parameter(name, format!("`{value}` does not fit: {error}")))
        };
        self.take(name).map(parse).transpose()
    }

    /// Takes a number that has a largest value, or else a usual one.
    pub fn number(&mut self, name: &str, usual: u32, largest: u32) -> Result<u32, Refusal> {
        match self.parse(name)? {
            Some(number) if number > largest => Err(Refusal::bad_parameter(name, format!("{largest} is the largest"))),
            number => Ok(number.unwrap_or(usual)),
        }
    }

    /// Takes an instant.
    pub fn instant(&mut self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let refuse = |_| Refusal::bad_parameter(name, "not an instant like 2026-11-23T12:00:00Z");
        let parse = |value: String| DateTime::parse_from_rfc3339(&value).map_err(refuse);
        Ok(self.take(name).map(parse).transpose()?.map(|instant| instant.to_utc()))
    }

    /// Takes the id of a snapshot.
    pub fn snapshot(&mut self, name: &str) -> Result<Option<SnapshotId>, Refusal> {
        let refuse = || Refusal::bad_parameter(name, "not the id of a snapshot: 8 to 64 digits from 0 to f");
        self.take(name).map(|value| SnapshotId::new(&value).ok_or_else(refuse)).transpose()
    }

    /// Takes the path in a snapshot that answers have, percent-encoded; the topmost folder if none is given.
    pub fn path(&mut self) -> Result<FilePath, Refusal> {
        let refuse = || Refusal::bad_parameter("path", "not an absolute path in a snapshot");
        self.take("path").map_or_else(|| Ok(FilePath::root()), |value| FilePath::from_encoded(&value).ok_or_else(refuse))
    }

    /// Makes sure that all were taken.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => {
                let text = format!("parameter `{name}` is not known here, or is there twice");
                Err(Refusal::new(StatusCode::BAD_REQUEST, "unknown-parameter", text).with_hint("`/api` tells what there is"))
            }
        }
    }
}

/// Refuses a request for a parameter that it does not have.
pub fn required<T>(name: &str, value: Option<T>) -> Result<T, Refusal> {
    value.ok_or_else(|| Refusal::bad_parameter(name, "it is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Parameters {
        Parameters::of(&format!("/api?{query}").parse().unwrap()).unwrap()
    }

    #[test]
    fn parameters_are_decoded_once_and_taken_once() {
        let mut parameters = of("q=a%20b%2525+c&limit=7");
        assert_eq!(parameters.take("q").as_deref(), Some("a b%25 c"));
        assert_eq!(parameters.take("q"), None);
        assert_eq!(parameters.number("limit", 5, 10).unwrap(), 7);
        assert_eq!(parameters.number("limit", 5, 10).unwrap(), 5);
        parameters.finish().unwrap();
    }

    #[test]
    fn what_is_not_known_or_is_there_twice_is_refused() {
        assert!(of("limt=7").finish().is_err());
        let mut twice = of("limit=7&limit=8");
        twice.number("limit", 5, 10).unwrap();
        assert!(twice.finish().is_err());
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        assert!(of("limit=11").number("limit", 5, 10).is_err());
        assert!(of("limit=-1").number("limit", 5, 10).is_err());
        assert!(of("from=today").instant("from").is_err());
        assert!(of("snapshot=latest").snapshot("snapshot").is_err());
        assert!(of("path=home").path().is_err());
        assert!(of("path=/a/../b").path().is_err());
    }

    #[test]
    fn path_is_read_as_answers_have_it() {
        let path = FilePath::new(b"/a \xff&b").unwrap();
        assert_eq!(path.encoded(), "/a%20%FF&b");
        assert_eq!(of("path=/a%2520%25FF%26b").path().unwrap(), path);
        assert_eq!(of("").path().unwrap(), FilePath::root());
        assert_eq!(of("path=/a%20b").path().unwrap(), FilePath::new("/a b").unwrap());
    }

    #[test]
    fn lists_and_empty_fields_are_taken_as_forms_send_them() {
        let mut parameters = of("outcome=failed&task=&outcome=killed");
        assert_eq!(parameters.take_all("outcome"), ["failed", "killed"]);
        assert_eq!(parameters.take("task"), None);
        parameters.finish().unwrap();
    }
}
