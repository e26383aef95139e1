//! What a profile inherits, what it mixes in, and the few templates that can be told without running anything.

use crate::import::{node::Node, paths::Places};

/// Profiles and mixins are not nested deeper; a loop ends here.
const DEEPEST: usize = 20;

/// Returns a profile with all that it inherits.
pub(super) fn resolved(name: &str, profiles: &[(String, Node)], is_second: bool, depth: usize) -> Node {
    let Some((_, own)) = profiles.iter().find(|(known, _)| known == name) else { return Node::Empty };
    match own.text_of("inherit") {
        Some(parent) if depth < DEEPEST => merged(&resolved(&parent, profiles, is_second, depth + 1), own, is_second),
        _ => merged(&Node::Empty, own, is_second),
    }
}

/// Lays a node over another. Version 1 replaces lists item by item, version 2 as a whole, but for `key...` and `...key`.
fn merged(below: &Node, above: &Node, is_second: bool) -> Node {
    match (below, above) {
        (Node::Map(_) | Node::Empty, Node::Map(own)) => {
            let mut result = Node::Map(below.entries().to_vec());
            for (key, value) in own {
                let (name, appends, prepends) = parted(key);
                let known = result.get(name).cloned().unwrap_or_default();
                let value = match (appends, prepends) {
                    (true, _) => Node::List([items(&known), items(value)].concat()),
                    (_, true) => Node::List([items(value), items(&known)].concat()),
                    _ => merged(&known, value, is_second),
                };
                result.set(name, value);
            }
            result
        }
        (Node::List(known), Node::List(own)) if !is_second && known.len() > own.len() => {
            Node::List([own.as_slice(), &known[own.len()..]].concat())
        }
        _ => above.clone(),
    }
}

/// Returns a key's name, and whether its values come after or before those that are there.
fn parted(key: &str) -> (&str, bool, bool) {
    if let Some(name) = key.strip_suffix("...").or_else(|| key.strip_suffix("__APPEND")) {
        (name, true, false)
    } else if let Some(name) = key.strip_prefix("...").or_else(|| key.strip_suffix("__PREPEND")) {
        (name, false, true)
    } else {
        (key, false, false)
    }
}

fn items(node: &Node) -> Vec<Node> {
    match node {
        Node::Empty => Vec::new(),
        Node::List(nodes) => nodes.clone(),
        node => vec![node.clone()],
    }
}

/// Replaces each `use` by what it names, which lies over the values that stand beside it.
pub(super) fn with_mixins(node: Node, mixins: &Node, depth: usize) -> Node {
    let Node::Map(entries) = node else { return node };
    if depth > DEEPEST {
        return Node::Map(entries);
    }
    let mut own = Node::Map(Vec::new());
    let mut used = Vec::new();
    for (key, value) in entries {
        if key == "use" {
            used = items(&value);
        } else {
            own.set(&key, with_mixins(value, mixins, depth + 1));
        }
    }
    for used in used {
        let name = used.text().or_else(|| used.text_of("name")).unwrap_or_default();
        let Some(mixin) = mixins.get(&name) else { continue };
        let content = with_mixins(with_variables(mixin, &variables(mixin, &used)), mixins, depth + 1);
        own = mixed(&own, &content);
    }
    own
}

/// Returns the name of the first mixin that is used and not there.
pub(super) fn unknown_mixin(node: &Node, mixins: &Node, depth: usize) -> Option<String> {
    let used = node.get("use").filter(|_| depth <= DEEPEST).map(items).unwrap_or_default();
    let names = used.iter().map(|used| used.text().or_else(|| used.text_of("name")).unwrap_or_default());
    for name in names {
        match mixins.get(&name) {
            None => return Some(name),
            Some(mixin) => {
                if let Some(unknown) = unknown_mixin(mixin, mixins, depth + 1) {
                    return Some(unknown);
                }
            }
        }
    }
    let inner = node.entries().iter().filter(|(key, _)| key != "use");
    inner.filter(|_| depth <= DEEPEST).find_map(|(_, node)| unknown_mixin(node, mixins, depth + 1))
}

/// Lays a mixin over a node. What it adds to a list that is not there waits for that of the parent.
fn mixed(own: &Node, content: &Node) -> Node {
    let mut result = own.clone();
    for (key, value) in content.entries() {
        let (name, appends, prepends) = parted(key);
        let waiting = result.get(key).cloned().unwrap_or_default();
        match result.get(name).cloned() {
            None if appends => result.set(key, Node::List([items(&waiting), items(value)].concat())),
            None if prepends => result.set(key, Node::List([items(value), items(&waiting)].concat())),
            Some(known) if known.is_map() && value.is_map() => result.set(name, mixed(&known, value)),
            _ => {
                let laid = merged(&result, &Node::Map(vec![(key.clone(), value.clone())]), true);
                result = laid;
            }
        }
    }
    result
}

/// Returns the variables of a mixin: those of its use go before its own.
fn variables(mixin: &Node, used: &Node) -> Vec<(String, String)> {
    let of = |node: Option<&Node>| node.map(Node::entries).unwrap_or_default().to_vec();
    let given = of(used.get("vars")).into_iter().chain(used.entries().to_vec());
    let defaults = of(mixin.get("default-vars"));
    given.chain(defaults).filter_map(|(name, value)| Some((name.to_ascii_uppercase(), value.text()?))).collect()
}

fn with_variables(node: &Node, variables: &[(String, String)]) -> Node {
    match node {
        Node::Text(text) => Node::Text(replaced(text, variables)),
        Node::List(nodes) => Node::List(nodes.iter().map(|node| with_variables(node, variables)).collect()),
        Node::Map(entries) => {
            let is_content = |(key, _): &&(String, Node)| key != "default-vars";
            let entries = entries.iter().filter(is_content);
            Node::Map(entries.map(|(key, node)| (key.clone(), with_variables(node, variables))).collect())
        }
        node => node.clone(),
    }
}

/// Longer names go first: one may begin with another.
fn replaced(text: &str, variables: &[(String, String)]) -> String {
    let mut names: Vec<_> = variables.iter().collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut text = text.to_owned();
    for (name, value) in names {
        text = text.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
    }
    text
}

/// Replaces the templates that are known beforehand; none if another one is left.
pub(super) fn without_templates(node: &Node, profile: &str, places: &Places<'_>) -> Option<Node> {
    match node {
        Node::Text(text) => evaluated(text, profile, places).map(Node::Text),
        Node::List(nodes) => {
            nodes.iter().map(|node| without_templates(node, profile, places)).collect::<Option<_>>().map(Node::List)
        }
        Node::Map(entries) => {
            let evaluated = entries.iter().map(|(key, node)| Some((key.clone(), without_templates(node, profile, places)?)));
            evaluated.collect::<Option<_>>().map(Node::Map)
        }
        node => Some(node.clone()),
    }
}

/// Whether it has another value in each profile that inherits it.
pub(super) fn names_its_profile(node: &Node) -> bool {
    match node {
        Node::Text(text) => text.contains("{{") && text.contains(".Profile.Name"),
        Node::List(nodes) => nodes.iter().any(names_its_profile),
        Node::Map(entries) => entries.iter().any(|(_, node)| names_its_profile(node)),
        _ => false,
    }
}

/// Replaces the templates of a text; none if another one is left.
pub(super) fn evaluated(text: &str, profile: &str, places: &Places<'_>) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (expression, following) = after.split_once("}}")?;
        result.push_str(before);
        let expression = expression.trim_matches(['-', ' ']);
        match expression {
            ".Profile.Name" => result.push_str(profile),
            ".Hostname" => result.push_str(places.host_name.as_deref()?),
            ".ConfigDir" => result.push_str(&places.folder.display().to_string()),
            _ => result.push_str(&(places.variable)(&expression.strip_prefix(".Env.")?.to_ascii_uppercase())?),
        }
        rest = following;
    }
    Some(result + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::node::Format;

    #[track_caller]
    fn check(yaml: &str, is_second: bool, expected: &[&str]) {
        let node = Format::Yaml.read(yaml).unwrap();
        let mixins = node.get("mixins").cloned().unwrap_or_default();
        let profiles: Vec<_> =
            node.entries().iter().map(|(name, node)| (name.clone(), with_mixins(node.clone(), &mixins, 0))).collect();
        assert_eq!(resolved("child", &profiles, is_second, 0).texts_of("list"), expected);
    }

    #[test]
    fn lists_are_inherited_as_each_version_has_it() {
        let yaml = "parent: {list: [a, b, c]}\nchild: {inherit: parent, list: [x]}\n";
        check(yaml, false, &["x", "b", "c"]);
        check(yaml, true, &["x"]);
        check("parent: {list: [a]}\nchild: {inherit: parent, list...: x}\n", true, &["a", "x"]);
        check("parent: {list: [a]}\nchild: {inherit: parent, ...list: [x]}\n", true, &["x", "a"]);
    }

    #[test]
    fn mixins_lie_over_own_values_and_have_variables() {
        check(
            "mixins: {m: {default-vars: {V: one}, list...: \"$V-$W\"}}\nchild: {use: {name: m, W: two}}\n",
            true,
            &["one-two"],
        );
        check("mixins: {m: {list: [m]}}\nchild: {use: [m], list: [own]}\n", true, &["m"]);
        check("mixins: {m: {list...: [m]}, n: {list...: n}}\nchild: {use: [m, n], list: [own]}\n", true, &["own", "m", "n"]);
        check("mixins: {m: {list...: [m]}}\nparent: {list: [a]}\nchild: {inherit: parent, use: m}\n", true, &["a", "m"]);
    }

    #[test]
    fn loop_of_parents_ends() {
        check("child: {inherit: other, list: [x]}\nother: {inherit: child}\n", true, &["x"]);
    }

    #[test]
    fn templates_that_are_known_are_evaluated() {
        let variable = |name: &str| (name == "USER").then(|| "me".to_owned());
        let places = Places { folder: "/etc/x".into(), user_home: None, host_name: None, variable: &variable };
        for (text, expected) in
            [("/r/{{ .Profile.Name }}/{{.Env.USER}}", Some("/r/home/me")), ("{{ .Hostname }}", None), ("plain", Some("plain"))]
        {
            assert_eq!(evaluated(text, "home", &places).as_deref(), expected, "{text}");
        }
    }
}
