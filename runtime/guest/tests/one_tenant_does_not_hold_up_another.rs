//! Turns that take long wait among their tenant's own; another tenant's turn
//! comes between them.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use strowger_guest::BackgroundThreads;
use strowger_model::TenantId;
use uuid::Uuid;

#[test]
fn a_backlog_of_one_is_passed_by_the_other() {
    let threads = BackgroundThreads::start(1).unwrap();
    let tenant = |number| TenantId(Uuid::from_u128(number));
    let (tell, told) = channel();
    for turn in 0..20 {
        let work = move |tell: Sender<(i32, i32)>| {
            std::thread::sleep(Duration::from_millis(5));
            tell.send((1, turn)).unwrap();
        };
        threads.submit(tenant(1), tell.clone(), work).unwrap();
    }
    // The first of them has begun, so that there is something to be unfair about.
    assert_eq!(told.recv().unwrap(), (1, 0));
    threads.submit(tenant(2), tell, |tell| tell.send((2, 0)).unwrap()).unwrap();
    let order: Vec<(i32, i32)> = (0..20).map(|_| told.recv().unwrap()).collect();
    let passed = order.iter().position(|turn| *turn == (2, 0)).unwrap();
    assert!(passed <= 2, "{order:?}");
    assert_eq!(threads.waiting(), 0);
}
