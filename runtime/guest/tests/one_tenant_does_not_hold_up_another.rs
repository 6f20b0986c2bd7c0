//! Turns that take long wait among their tenant's own; another tenant's turn
//! comes between them.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use strowger_guest::BackgroundThreads;
use strowger_model::TenantId;
use uuid::Uuid;

/// Longer than anything takes on a busy machine.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_backlog_of_one_is_passed_by_the_other() {
    let threads = BackgroundThreads::start(1).unwrap();
    let tenant = |number| TenantId(Uuid::from_u128(number));
    let (tell, told) = channel();
    let (open, gate) = channel::<()>();
    // The first turn holds the only thread until everything else waits behind it.
    let tell_first = tell.clone();
    let first = move |gate: Receiver<()>| {
        tell_first.send((1, 0)).unwrap();
        gate.recv_timeout(SOON).unwrap();
    };
    threads.submit(tenant(1), gate, first).unwrap();
    assert_eq!(told.recv_timeout(SOON).expect("the first turn begins"), (1, 0));
    for turn in 1..20 {
        let work = move |tell: Sender<(i32, i32)>| tell.send((1, turn)).unwrap();
        threads.submit(tenant(1), tell.clone(), work).unwrap();
    }
    threads.submit(tenant(2), tell, |tell| tell.send((2, 0)).unwrap()).unwrap();
    assert_eq!(threads.waiting(), 20);
    open.send(()).unwrap();
    let order: Vec<(i32, i32)> =
        (0..20).map(|_| told.recv_timeout(SOON).expect("every turn comes")).collect();
    let own = (1..20).map(|turn| (1, turn));
    let expected: Vec<_> = std::iter::once((2, 0)).chain(own).collect();
    assert_eq!(order, expected);
    assert_eq!(threads.waiting(), 0);
}
