//! Builds the ssh command that restic runs for an sftp repository, with prompts turned off.
//!
//! restic got `sftp.args` in 0.16.1 only; `sftp.command` is known to all, but wants the whole line. This is the line
//! that restic makes up itself, with one option more.

/// Returns the value of restic's `sftp.command` for a repository, or none where it is not on sftp, or where its
/// address is so unusual that restic might read it otherwise.
pub fn batch_mode_command(repository: &str) -> Option<String> {
    let Address { user, host, port } = Address::parse(repository)?;
    if !is_plain(host)
        || !user.is_none_or(is_plain)
        || !port.is_none_or(|port| port.chars().all(|digit| digit.is_ascii_digit()))
    {
        return None;
    }
    let port = port.map(|port| format!(" -p {port}")).unwrap_or_default();
    let user = user.map(|user| format!(" -l {user}")).unwrap_or_default();
    Some(format!("ssh -oBatchMode=yes {host}{port}{user} -s sftp"))
}

#[derive(Debug, PartialEq, Eq)]
struct Address<'text> {
    user: Option<&'text str>,
    host: &'text str,
    port: Option<&'text str>,
}

impl<'text> Address<'text> {
    fn parse(repository: &'text str) -> Option<Self> {
        let rest = repository.strip_prefix("sftp:")?;
        match rest.strip_prefix("//") {
            Some(rest) => Self::parse_url(&rest[..rest.find('/')?]),
            None => Self::parse_plain(rest.split_once(':')?.0),
        }
    }

    fn parse_url(authority: &'text str) -> Option<Self> {
        let (user, place) = split_user(authority);
        // ssh asks for passwords itself, so restic does not pass the one of a URL.
        let user = user.map(|user| user.split_once(':').map_or(user, |(name, _)| name)).filter(|user| !user.is_empty());
        if let Some(rest) = place.strip_prefix('[') {
            let (host, after) = rest.split_once(']')?;
            return Some(Self { user, host, port: after.strip_prefix(':').filter(|port| !port.is_empty()) });
        }
        let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
        Some(Self { user, host, port: port.filter(|port| !port.is_empty()) })
    }

    fn parse_plain(authority: &'text str) -> Option<Self> {
        let (user, host) = split_user(authority);
        Some(Self { user, host, port: None })
    }
}

fn split_user(authority: &str) -> (Option<&str>, &str) {
    authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host))
}

/// Tells whether a name means the same to restic, to ssh and to whoever splits the line into words.
fn is_plain(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-@:".contains(letter);
    !name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(repository: &str, expected: Option<&str>) {
        assert_eq!(batch_mode_command(repository).as_deref(), expected);
    }

    #[test]
    fn both_spellings_of_sftp_repositories_are_read() {
        check("sftp:me@host:/repo", Some("ssh -oBatchMode=yes host -l me -s sftp"));
        check("sftp:host:repo", Some("ssh -oBatchMode=yes host -s sftp"));
        check("sftp://me@host:23/repo", Some("ssh -oBatchMode=yes host -p 23 -l me -s sftp"));
        check("sftp://host//srv/repo", Some("ssh -oBatchMode=yes host -s sftp"));
        check("sftp://me@[fe80::1]:22/repo", Some("ssh -oBatchMode=yes fe80::1 -p 22 -l me -s sftp"));
        check("sftp:me@domain@host:repo", Some("ssh -oBatchMode=yes host -l me@domain -s sftp"));
    }

    #[test]
    fn passwords_stay_out_of_the_command() {
        check("sftp://me:pw@host/repo", Some("ssh -oBatchMode=yes host -l me -s sftp"));
    }

    #[test]
    fn unusual_addresses_are_left_to_restic() {
        for repository in
            ["sftp:-oProxyCommand=x:/r", "sftp://a b@host/r", "sftp://m%20e@host/r", "sftp://host", "sftp:host", "sftp://h:x/r"]
        {
            check(repository, None);
        }
    }

    #[test]
    fn other_repositories_have_no_ssh() {
        check("/mnt/repo", None);
        check("rest:https://host/", None);
    }
}
