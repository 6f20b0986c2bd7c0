//! A seed is a day: it can be seen again.

use strowger_sim::{Config, run};

#[test]
fn a_seed_tells_the_whole_day() {
    let day = |seed| run(Config { seed, ..Config::bad_day(seed, 150) });
    assert_eq!(day(5), day(5));
    assert_ne!(day(5).fingerprint, day(6).fingerprint);
}
