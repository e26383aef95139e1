//! Reads a tree as restic stores it.

use std::{borrow::Cow, collections::HashMap, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::DateTime;
use prestic_proto::file_path::shown;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    go_quote::unquote_into,
    object_id::ObjectId,
    tree::{Detail, NEVER, NOBODY, Record, Tree},
};

#[cfg(test)]
mod tests;

/// The bits of Go's `os.FileMode` beside the nine permissions, and those of Unix.
const SPECIAL_BITS: [(u32, u16); 3] = [(1 << 23, 0o4000), (1 << 22, 0o2000), (1 << 20, 0o1000)];

/// Reads a tree, and works out its id.
pub fn parse(json: &[u8]) -> serde_json::Result<Tree> {
    let mut builder = Builder::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    builder.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(builder.finish(ObjectId::of(json)))
}

/// An entry as restic writes it.
#[derive(Deserialize)]
struct Node<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    mode: u32,
    #[serde(borrow, default)]
    mtime: Cow<'a, str>,
    #[serde(default)]
    uid: u64,
    #[serde(default)]
    gid: u64,
    #[serde(borrow, default)]
    user: Cow<'a, str>,
    #[serde(borrow, default)]
    group: Cow<'a, str>,
    #[serde(default)]
    size: u64,
    #[serde(borrow, default)]
    linktarget: Cow<'a, str>,
    /// In base64, where the target is not text.
    #[serde(borrow)]
    linktarget_raw: Option<Cow<'a, str>>,
    #[serde(default)]
    content: Fingerprint,
    #[serde(borrow)]
    subtree: Option<Cow<'a, str>>,
}

/// Puts a tree together without a list of nodes in between, which would take many times as much memory.
#[derive(Default)]
struct Builder {
    records: Vec<Record>,
    text: Vec<u8>,
    subtrees: Vec<ObjectId>,
    people: HashMap<Box<str>, u16>,
}

impl Builder {
    fn add(&mut self, node: &Node<'_>) -> Result<(), String> {
        let name_start = self.position()?;
        unquote_into(&node.name, &mut self.text);
        let name_length = self.text.len() - name_start as usize;
        let name_length = u16::try_from(name_length).map_err(|_| "a name is too long".to_owned())?;
        let detail = match node.kind.as_ref() {
            "dir" => Detail::Folder(self.add_subtree(node)?),
            "file" => Detail::File([(node.content.0 >> 64) as u64, node.content.0 as u64]),
            "symlink" => self.add_target(node)?,
            _ => Detail::Special,
        };
        let special = SPECIAL_BITS.iter().filter(|(go, _)| node.mode & go != 0).map(|(_, unix)| unix);
        let permissions = (node.mode & 0o777) as u16;
        let modified = DateTime::parse_from_rfc3339(&node.mtime).ok().and_then(|at| at.timestamp_nanos_opt());
        let (owner, group) = (self.person(&node.user, node.uid), self.person(&node.group, node.gid));
        self.records.push(Record {
            size: if matches!(detail, Detail::File(_)) { node.size } else { 0 },
            modified: modified.unwrap_or(NEVER),
            detail,
            name_start,
            name_length,
            mode: special.fold(permissions, |bits, bit| bits | bit),
            owner,
            group,
        });
        Ok(())
    }

    fn position(&self) -> Result<u32, String> {
        u32::try_from(self.text.len()).map_err(|_| "the folder has too many names".to_owned())
    }

    fn add_subtree(&mut self, node: &Node<'_>) -> Result<u32, String> {
        let id = node.subtree.as_deref().and_then(ObjectId::parse).ok_or("a folder has no tree")?;
        self.subtrees.push(id);
        u32::try_from(self.subtrees.len() - 1).map_err(|_| "the folder has too many folders".to_owned())
    }

    fn add_target(&mut self, node: &Node<'_>) -> Result<Detail, String> {
        let start = self.position()?;
        match node.linktarget_raw.as_deref().and_then(|raw| BASE64_STANDARD.decode(raw).ok()) {
            Some(raw) => self.text.extend_from_slice(&raw),
            None => self.text.extend_from_slice(node.linktarget.as_bytes()),
        }
        Ok(Detail::Link(start, self.position()? - start))
    }

    /// Returns the number of a user or group: by name, or by number where there is no name.
    fn person(&mut self, name: &str, number: u64) -> u16 {
        let name: Cow<'_, str> = if name.is_empty() { number.to_string().into() } else { name.into() };
        if let Some(index) = self.people.get(name.as_ref()) {
            return *index;
        }
        // So many users that there is no number left are shown as nobody.
        let index = u16::try_from(self.people.len()).unwrap_or(NOBODY);
        if index != NOBODY {
            self.people.insert(name.into(), index);
        }
        index
    }

    fn finish(self, id: ObjectId) -> Tree {
        let mut people: Vec<(Box<str>, u16)> = self.people.into_iter().collect();
        people.sort_by_key(|(_, index)| *index);
        let mut tree = Tree {
            id,
            records: Box::default(),
            text: self.text.into(),
            subtrees: self.subtrees.into(),
            people: people.into_iter().map(|(name, _)| name).collect(),
        };
        let mut records = self.records;
        records.sort_by(|one, other| {
            let is_file = |record: &Record| !matches!(record.detail, Detail::Folder(_));
            let (name, other_name) = (tree.name_of(one), tree.name_of(other));
            let by_name =
                || alphanumeric_sort::compare_str(readable(name), readable(other_name)).then_with(|| name.cmp(other_name));
            is_file(one).cmp(&is_file(other)).then_with(by_name)
        });
        tree.records = records.into();
        tree
    }
}

fn readable(name: &[u8]) -> Cow<'_, str> {
    str::from_utf8(name).map_or_else(|_| shown(name).into(), Cow::from)
}

/// A number that two files share if they have the same content: the ids of its parts are hashes already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fingerprint(u128);

impl Fingerprint {
    /// Odd, and far from a power of two, so that the order of the parts counts.
    const FACTOR: u128 = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3211;

    fn add(&mut self, id: &str) -> Option<()> {
        let start = u128::from_str_radix(id.get(..32)?, 16).ok()?;
        self.0 = self.0.wrapping_mul(Self::FACTOR).wrapping_add(start);
        Some(())
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ids;

        impl<'de> Visitor<'de> for Ids {
            type Value = Fingerprint;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of ids")
            }

            fn visit_unit<E>(self) -> Result<Fingerprint, E> {
                Ok(Fingerprint::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut ids: A) -> Result<Fingerprint, A::Error> {
                let mut fingerprint = Fingerprint::default();
                while let Some(id) = ids.next_element::<Cow<'de, str>>()? {
                    fingerprint.add(&id).ok_or_else(|| A::Error::custom("not the id of a blob"))?;
                }
                Ok(fingerprint)
            }
        }

        deserializer.deserialize_any(Ids)
    }
}

/// Reads `{"nodes": […]}`.
impl<'de> DeserializeSeed<'de> for &mut Builder {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(TreeVisitor(self))
    }
}

struct TreeVisitor<'b>(&'b mut Builder);

impl<'de> Visitor<'de> for TreeVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tree")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut is_tree = false;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "nodes" {
                is_tree = true;
                map.next_value_seed(Nodes(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if is_tree { Ok(()) } else { Err(A::Error::missing_field("nodes")) }
    }
}

struct Nodes<'b>(&'b mut Builder);

impl<'de> DeserializeSeed<'de> for Nodes<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nodes<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of nodes")
    }

    /// An empty folder may have no list.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut nodes: A) -> Result<(), A::Error> {
        while let Some(node) = nodes.next_element::<Node<'de>>()? {
            self.0.add(&node).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
