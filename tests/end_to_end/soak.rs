//! The two days around the night in which the clocks go forward, with a crash, a suspend and a clock that is set back.

use prestic_tests::soak::Soak;

#[test]
fn every_occurrence_of_two_days_is_accounted_for_once() {
    let report = Soak::spring_night().live(|event| eprintln!("   {event}"));
    eprintln!("{}", report.text);
    assert!(report.is_clean, "{}", report.text);
}
