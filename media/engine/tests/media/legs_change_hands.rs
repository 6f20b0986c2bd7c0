use crate::support::{Phone, engine};
use strowger_engine::media::{
    Codec, CommandError, LegSpec, MediaConfig, MediaEngine, MediaEventKind,
};
use tokio::sync::mpsc;

fn moved(phone: &mut Phone, group: u64) -> Result<(), CommandError> {
    let (events, receiver) = mpsc::channel(256);
    let spec = LegSpec { events, tag: 7, group };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    phone.leg = runtime.block_on(phone.leg.move_to(spec))?;
    phone.events = receiver;
    Ok(())
}

/// Says a packet at one phone and expects it at the other.
fn is_heard(from: &Phone, to: &Phone, number: u16) {
    let audio: Vec<u8> = (0..160).map(|at| at as u8 ^ number as u8).collect();
    from.say(0, number, u32::from(number) * 160, &audio);
    let heard = std::iter::repeat_with(|| to.hear_sound()).find(|heard| heard.payload.len() == 160);
    assert_eq!(heard.unwrap().payload, audio);
}

#[test]
fn a_leg_goes_to_another_thread_and_is_bridged_there() {
    let config = MediaConfig { threads: 2, pin: false, ..MediaConfig::default() };
    let engine = MediaEngine::start(config).unwrap();
    let mut a = Phone::talking(&engine, 0, Codec::Pcmu);
    let (mut b, group) = (1..64)
        .find_map(|group| {
            let other = Phone::talking(&engine, group, Codec::Pcmu);
            a.leg.bridge(&other.leg).is_err().then_some((other, group))
        })
        .expect("groups are spread over the threads");
    let address = a.leg.local_address();
    let old = a.leg.clone();
    moved(&mut a, group).unwrap();
    assert_eq!(a.leg.local_address(), address, "the other side notices nothing");
    // A handle from before says nothing any more, and does not end the leg.
    drop(old);
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    b.settle();
    is_heard(&a, &b, 1);
    is_heard(&b, &a, 2);
    assert_eq!(a.leg.stats().codec, Some(Codec::Pcmu));
}

#[test]
fn a_leg_leaves_its_bridge_and_the_new_owner_hears_of_it() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Codec::Pcmu);
    let mut b = Phone::talking(&engine, 3, Codec::Pcmu);
    let mut c = Phone::talking(&engine, 3, Codec::Pcmu);
    a.leg.bridge(&b.leg).unwrap();
    moved(&mut a, 3).unwrap();
    a.leg.bridge(&c.leg).unwrap();
    a.settle();
    b.settle();
    c.settle();
    is_heard(&a, &c, 1);
    is_heard(&c, &a, 2);
    a.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
}

#[test]
fn a_leg_that_has_ended_cannot_be_moved() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Codec::Pcmu);
    a.leg.close();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(a.leg.ended());
    assert_eq!(moved(&mut a, 4), Err(CommandError::Busy));
}
