//! Names that are made to break out of a page stay names.

use prestic_tests::{browser::Browser, home::TestHome, nasty_repository::NastyRepository, restic::oldest_and_newest};
use serde_json::json;

#[test]
fn no_name_in_a_snapshot_runs_as_a_script() {
    let [_, restic] = oldest_and_newest();
    let mut home = TestHome::new();
    let place = home.path("nasty");
    std::fs::create_dir(&place).unwrap();
    let nasty = NastyRepository::make(&restic, &place, 3);
    home.write_config(format!("[nasty]\n{}command = backup\nargs = /nowhere\n", nasty.repository.profile()));
    let base = home.start_daemon_with_web();
    let browser = Browser::start(&base);
    let newest = nasty.snapshots.last().unwrap();
    let folder = nasty.folder.encoded();
    let address = |what: &str, path: &str| format!("/profile/nasty/{what}/{newest}{path}");
    let mut pages = vec![
        "/profile/nasty/snapshots".to_owned(),
        address("file", &folder),
        address("diff", &folder),
        "/profile/nasty/search?q=%3Cscript%3Edocument.title%3D'owned'%3C/script%3E".to_owned(),
    ];
    pages.extend(nasty.files.iter().map(|file| address("file", &file.path.encoded())));
    for page in pages {
        browser.open(&page);
        browser
            .wait_until("document.readyState === 'complete' && !document.querySelector('[data-fragment], [aria-busy=true]')");
        let title = browser.evaluate("return document.title");
        assert!(!matches!(title.as_str(), Some("owned" | "1")), "{page}: {title}");
        assert_eq!(
            browser.evaluate("return document.querySelectorAll('main script, main [onerror], main [onmouseover]').length"),
            json!(0)
        );
        browser.expect_no_sideways_scrolling();
        browser.expect_no_complaints();
    }
}
