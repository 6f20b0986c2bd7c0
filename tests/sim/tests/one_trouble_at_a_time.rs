//! Each kind of trouble alone, so that a failure points at its cause.

use strowger_sim::{Config, Trouble, run};

fn only(trouble: Trouble) {
    for seed in 100..104 {
        run(Config::bad_day(seed, 200).with(trouble));
    }
}

#[test]
fn people_alone() {
    only(Trouble::NONE);
}

#[test]
fn late_and_doubled_messages() {
    only(Trouble { late: 200, doubled: 300, ..Trouble::NONE });
}

#[test]
fn lost_messages() {
    only(Trouble { lost: 60, ..Trouble::NONE });
}

#[test]
fn vanishing_phones() {
    only(Trouble { vanishing: 250, ..Trouble::NONE });
}

#[test]
fn failing_guests() {
    only(Trouble { guest_faults: 120, ..Trouble::NONE });
}

#[test]
fn failing_routers() {
    only(Trouble { router_faults: 400, ..Trouble::NONE });
}

#[test]
fn silent_services() {
    only(Trouble { silent_services: 150, ..Trouble::NONE });
}

#[test]
fn operators() {
    only(Trouble { operator: 300, ..Trouble::NONE });
}
