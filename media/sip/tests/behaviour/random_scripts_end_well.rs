//! Random scripts of everything a call can do, between two of our endpoints
//! over a line that loses, doubles and reorders: both ends agree about the end,
//! and nothing is left of it.

use crate::support::*;
use std::cell::RefCell;
use std::rc::Rc;
use strowger_model::Cause;
use strowger_sip::*;

/// A generator of its own, so that a seed means the same script for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// The legs that a side has heard of or placed.
type Legs = Rc<RefCell<Vec<DialogKey>>>;

fn policies(dice: &mut Dice) -> Arc<Policies> {
    let reliable = match dice.roll(3) {
        0 => Reliability::Never,
        1 => Reliability::WhenRequired,
        _ => Reliability::WhenSupported,
    };
    let session_timer = (dice.roll(4) > 0).then_some(SessionTimer { interval_s: 90, min_s: 90 });
    let leg = LegPolicy { reliable, session_timer, ..LegPolicy::default() };
    Arc::new(Policies { other_trunks: leg, ..Policies::default() })
}

/// What a side does when it hears something.
fn listen(world: &mut World, side: usize, seed: u64) -> Legs {
    let legs: Legs = Rc::default();
    let mine = legs.clone();
    let mut dice = Dice(seed);
    world.on(side, move |event, endpoint, now| match event {
        SipEvent::Incoming(incoming) => {
            let dialog = incoming.dialog;
            mine.borrow_mut().push(dialog);
            match dice.roll(6) {
                0 => endpoint.ring(now, dialog),
                1 => endpoint.early_media(now, dialog, &media(7000)),
                2 => {
                    endpoint.ring(now, dialog);
                    endpoint.early_media(now, dialog, &media(7000));
                    endpoint.answer(now, dialog, &media(7000));
                }
                3 => endpoint.reject(now, dialog, 486, None),
                _ => endpoint.answer(now, dialog, &media(7000)),
            }
            if let Some(replaced) = incoming.replaces {
                endpoint.hang_up(now, replaced, Cause::Normal);
            }
        }
        SipEvent::Referred { dialog, .. } => match dice.roll(3) {
            0 => endpoint.reject_refer(now, *dialog, 603),
            1 => {}
            _ => endpoint.accept_refer(now, *dialog),
        },
        _ => {}
    });
    legs
}

fn step(world: &mut World, dice: &mut Dice, sides: &[Legs; 2]) {
    let side = dice.roll(2) as usize;
    let known = sides[side].borrow().clone();
    let Some(&dialog) = known.get(dice.roll(known.len().max(1) as u64) as usize) else { return };
    let direction = if dice.roll(2) == 0 { Direction::SendOnly } else { Direction::SendRecv };
    match dice.roll(14) {
        0 => world.act(side, |e, now| e.ring(now, dialog)),
        1 => world.act(side, |e, now| e.early_media(now, dialog, &media(7000))),
        2 | 3 => world.act(side, |e, now| e.answer(now, dialog, &media(7000))),
        4 | 5 => world.act(side, |e, now| e.reinvite(now, dialog, direction)),
        6 | 7 => world.act(side, |e, now| e.update(now, dialog, direction)),
        8 => {
            // Both at once.
            for (side, legs) in sides.iter().enumerate() {
                let dialog = legs.borrow().first().copied();
                if let Some(dialog) = dialog {
                    world.act(side, |e, now| e.reinvite(now, dialog, direction));
                }
            }
        }
        9 => world.act(side, |e, now| e.send_digit(now, dialog, '5', 100)),
        10 => {
            let target = TransferTarget::Number("300".into());
            world.act(side, |e, now| e.refer(now, dialog, &target));
        }
        11 => {
            let status = if dice.roll(2) == 0 { 180 } else { 200 };
            world.act(side, |e, now| e.refer_progress(now, dialog, status));
        }
        12 if side == 0 && known.len() == 1 => replace(world, dialog, &sides[0]),
        13 if dice.roll(3) == 0 => world.act(side, |e, now| e.hang_up(now, dialog, Cause::Normal)),
        _ => {}
    }
}

/// Places a call in the place of the first one.
fn replace(world: &mut World, dialog: DialogKey, legs: &Legs) {
    let second = DialogKey::outbound(2);
    world.act(0, |endpoint, now| {
        let Some(replaces) = endpoint.replaces(dialog) else { return };
        legs.borrow_mut().push(second);
        let options = InviteOptions { replaces: Some(replaces), ..InviteOptions::default() };
        let request = InviteRequest {
            target: InviteTarget::Trunk { trunk: trunk_id(1), number: "100".into() },
            caller: Caller { number: "200".into(), name: None },
            media: media(6010),
            ring_timeout_ms: 30_000,
            headers: vec![],
        };
        endpoint.invite_with(now, second, request, options);
    });
}

fn last(world: &World, side: usize, dialog: DialogKey) -> SipEvent {
    let mut all = world.events(side).iter();
    all.rfind(|event| event.dialog() == Some(dialog) && event.is_last()).unwrap().clone()
}

fn run(seed: u64, percent: u64) -> String {
    let what = format!("seed {seed}, {percent} %");
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut world = World::new(Fault::Random { seed: seed * 2 + 1, percent });
    for side in 0..2 {
        let policies = policies(&mut dice);
        world.act(side, |endpoint, _| endpoint.set_policies(policies));
    }
    let sides = [listen(&mut world, 0, seed + 1), listen(&mut world, 1, seed + 2)];
    let first = world.call();
    sides[0].borrow_mut().push(first);
    for _ in 0..dice.roll(12) {
        let wait_ms = [0, 5, 30, 300, 2_000, 15_000, 60_000][dice.roll(7) as usize];
        world.run(wait_ms);
        step(&mut world, &mut dice, &sides);
    }
    // What rings is over by now; whatever is up is hung up by somebody, or by both at once.
    world.run(80_000);
    let who = dice.roll(3);
    for (side, legs) in sides.iter().enumerate() {
        if who == side as u64 || who == 2 {
            for dialog in legs.borrow().clone() {
                world.act(side, |e, now| e.hang_up(now, dialog, Cause::Normal));
            }
        }
    }
    world.run(1_000_000);
    world.assert_over(&what);
    let story = world.trace.join("\n");
    for side in 0..2 {
        assert_eq!(world.due(side), None, "{what}: side {side} still waits for something");
    }
    // They cannot both have been hung up by the other.
    if let ([ours, ..], [theirs, ..]) = (&sides[0].borrow()[..], &sides[1].borrow()[..]) {
        let ends = (last(&world, 0, *ours), last(&world, 1, *theirs));
        let by_them = |event: &SipEvent| matches!(event, SipEvent::HungUp { by: Side::Them, .. });
        assert!(!(by_them(&ends.0) && by_them(&ends.1)), "{what}: {ends:?}\n{story}");
        if matches!(ends.1, SipEvent::Cancelled { .. }) {
            assert!(matches!(ends.0, SipEvent::Failed { .. }), "{what}: {ends:?}\n{story}");
        }
    }
    story
}

#[test]
fn a_good_line_carries_every_script() {
    let stories: String = (0..2_000).map(|seed| run(seed, 0)).collect();
    // The scripts are worth something only if they meet what they are about.
    for met in
        ["PRACK ", "UPDATE ", "REFER ", "NOTIFY ", "CANCEL ", "INFO ", " 491 ", " 183 ", " 202 "]
    {
        assert!(stories.contains(met), "no script had a {met}");
    }
}

#[test]
fn a_bad_line_leaves_both_ends_over_and_nothing_behind() {
    for seed in 0..4_000 {
        run(seed, [5, 10, 20, 30][seed as usize % 4]);
    }
}
