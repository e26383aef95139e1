//! Trees as restic 0.14, 0.18 and 0.19 have stored them.

use prestic_proto::snapshot::EntryKind;

use super::*;

/// What restic 0.18.0 and 0.19.1 wrote of one folder, byte by byte the same; shortened by times and inodes.
const MODERN: &str = r#"{"nodes":[{"name":"a10.txt","type":"file","mode":420,"mtime":"2026-11-23T07:40:33.244060674Z","atime":"2026-11-23T07:40:33.244060674Z","uid":0,"gid":7,"user":"root","size":6,"links":1,"content":["5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"]},{"name":"a9.txt","type":"file","mode":8389101,"mtime":"1970-01-01T00:00:00Z","uid":0,"gid":0,"user":"root","group":"root","size":0,"links":1,"content":[]},{"name":"back\\\\slash","type":"file","mode":420,"size":1,"content":["3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"]},{"name":"bad-\\xff.txt","type":"file","mode":420,"size":1,"content":["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"]},{"name":"badlink","type":"symlink","mode":134218239,"linktarget":"t\ufffd","linktarget_raw":"dP8=","content":null},{"name":"fifo","type":"fifo","mode":33554852,"content":null},{"name":"link","type":"symlink","mode":134218239,"linktarget":"a.txt","content":null},{"name":"new\\nline","type":"file","mode":420,"size":1,"content":["a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa"]},{"name":"quo\\\"te","type":"file","mode":420,"size":1,"content":["594e519ae499312b29433b7dd8a97ff068defcba9755b6d5d00e84c524d67b06"]},{"name":"sub","type":"dir","mode":2147484141,"mtime":"2026-11-23T07:40:33.241209025Z","uid":0,"gid":0,"user":"root","group":"root","content":null,"subtree":"639f1a3b5cab252d4b94fb9fef9190d14132478ac6bf0ef5fd72554de72d8150"}]}
"#;

fn names(tree: &Tree) -> Vec<&[u8]> {
    (0..tree.len()).map(|position| tree.name(position)).collect()
}

#[test]
fn folders_come_first_and_numbers_count() {
    let tree = parse(MODERN.as_bytes()).unwrap();
    let expected: [&[u8]; 10] = [
        b"sub",
        b"a9.txt",
        b"a10.txt",
        b"back\\slash",
        b"bad-\xff.txt",
        b"badlink",
        b"fifo",
        b"link",
        b"new\nline",
        b"quo\"te",
    ];
    assert_eq!(names(&tree), expected);
}

#[test]
fn entry_has_all_that_restic_tells() {
    let tree = parse(MODERN.as_bytes()).unwrap();
    let entry = |name: &[u8]| tree.entry(tree.find(name).unwrap()).unwrap();
    let file = entry(b"a10.txt");
    assert_eq!((file.kind, file.size, file.mode), (EntryKind::File, 6, Some(0o644)));
    assert_eq!((file.owner.as_deref(), file.group.as_deref()), (Some("root"), Some("7")));
    assert_eq!(file.modified_at.unwrap().to_rfc3339(), "2026-11-23T07:40:33.244060674+00:00");
    assert_eq!(file.content.as_deref(), Some("5891b5b522d5df086d0ff0b110fbd9d2"));
    let special = entry(b"a9.txt");
    assert_eq!((special.mode, special.modified_at.unwrap().timestamp()), (Some(0o4755), 0));
    assert_eq!(entry(b"badlink").link_target.as_deref(), Some("t\\xff"));
    assert_eq!(entry(b"link").link_target.as_deref(), Some("a.txt"));
    assert_eq!(entry(b"fifo").kind, EntryKind::Special);
    let folder = entry(b"sub");
    assert_eq!(folder.subtree.unwrap().0, "639f1a3b5cab252d4b94fb9fef9190d14132478ac6bf0ef5fd72554de72d8150");
    assert_eq!((folder.kind, folder.size, folder.content), (EntryKind::Folder, 0, None));
}

#[test]
fn what_is_no_tree_is_refused() {
    for text in
        ["", "{}", "[]", r#"{"nodes":[{"name":"a"}]}"#, r#"{"nodes":[]} more"#, r#"{"nodes":[{"name":"a","type":"dir"}]}"#]
    {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(parse(br#"{"nodes":[]}"#).unwrap().len(), 0);
    assert_eq!(parse(br#"{"nodes":null}"#).unwrap().len(), 0);
}

#[track_caller]
fn check_contents(one: &[char], other: &[char], are_same: bool) {
    let fingerprint = |ids: &[char]| {
        let ids: Vec<String> = ids.iter().map(|digit| digit.to_string().repeat(64)).collect();
        serde_json::from_str::<Fingerprint>(&serde_json::to_string(&ids).unwrap()).unwrap()
    };
    assert_eq!(fingerprint(one) == fingerprint(other), are_same, "{one:?} {other:?}");
}

#[test]
fn contents_are_the_same_only_with_the_same_parts_in_the_same_order() {
    check_contents(&['a', 'b'], &['a', 'b'], true);
    check_contents(&['a', 'b'], &['b', 'a'], false);
    check_contents(&['a', 'b', 'c'], &['a', 'b'], false);
    check_contents(&['a', 'a'], &['a'], false);
    check_contents(&[], &['a'], false);
}

#[test]
fn large_folder_is_small_in_memory() {
    let nodes: Vec<String> = (0..100_000)
        .map(|number| format!(r#"{{"name":"file{number:06}.txt","type":"file","mode":420,"mtime":"2026-11-23T07:40:33Z","user":"me","size":{number},"content":["{}"]}}"#, "ab".repeat(32)))
        .collect();
    let tree = parse(format!(r#"{{"nodes":[{}]}}"#, nodes.join(",")).as_bytes()).unwrap();
    let bytes_per_entry = tree.weight() / 100_000;
    assert!(bytes_per_entry < 80, "{bytes_per_entry}");
}
