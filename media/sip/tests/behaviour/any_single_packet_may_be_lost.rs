//! However a call goes, the loss of any one packet of it, the doubling of all,
//! and a bad line end with every leg over on both sides and nothing left.

use crate::support::{Fault, World, media};
use strowger_model::Cause;
use strowger_sip::{Direction, SipEvent};

/// What it is called, and how it goes.
type Story = (&'static str, fn(&mut World));

/// Every way a call can go; each ends by itself if nothing is lost.
const STORIES: [Story; 8] = [
    ("answered, caller hangs up", |world| {
        answer(world);
        world.call();
        world.run(5_000);
        hang_up(world, 0);
    }),
    ("answered, called party hangs up", |world| {
        answer(world);
        world.call();
        world.run(5_000);
        hang_up(world, 1);
    }),
    ("both hang up at once", |world| {
        answer(world);
        world.call();
        world.run(5_000);
        hang_up(world, 0);
        hang_up(world, 1);
    }),
    ("refused", |world| {
        world.on(1, |event, endpoint, now| {
            if let SipEvent::Incoming(incoming) = event {
                endpoint.reject(now, incoming.dialog, 486, None);
            }
        });
        world.call();
    }),
    ("cancelled while it rings", |world| {
        world.on(1, |event, endpoint, now| {
            if let SipEvent::Incoming(incoming) = event {
                endpoint.ring(now, incoming.dialog);
            }
        });
        let dialog = world.call();
        world.run(3_000);
        world.act(0, |endpoint, now| endpoint.cancel(now, dialog));
    }),
    ("cancelled at once", |world| {
        answer(world);
        let dialog = world.call();
        world.act(0, |endpoint, now| endpoint.cancel(now, dialog));
    }),
    ("rings too long", |world| {
        world.on(1, |event, endpoint, now| {
            if let SipEvent::Incoming(incoming) = event {
                endpoint.ring(now, incoming.dialog);
            }
        });
        world.call();
        world.run(31_000);
    }),
    ("held and resumed", |world| {
        answer(world);
        let dialog = world.call();
        world.run(5_000);
        world.act(0, |e, now| e.reinvite(now, dialog, Direction::SendOnly));
        world.run(40_000);
        world.act(0, |e, now| e.reinvite(now, dialog, Direction::SendRecv));
        world.run(40_000);
        hang_up(world, 1);
    }),
];

/// Side 1 rings, plays something and answers.
fn answer(world: &mut World) {
    world.on(1, |event, endpoint, now| {
        if let SipEvent::Incoming(incoming) = event {
            endpoint.ring(now, incoming.dialog);
            endpoint.early_media(now, incoming.dialog, &media(7000));
            endpoint.answer(now, incoming.dialog, &media(7000));
        }
    });
}

fn hang_up(world: &mut World, side: usize) {
    let leg = world.events(side).iter().find_map(SipEvent::dialog);
    if let Some(leg) = leg {
        world.act(side, |endpoint, now| endpoint.hang_up(now, leg, Cause::Normal));
    }
}

/// Ends what a fault left open, as a server would that hears nothing any more.
fn finish(world: &mut World, what: &str) {
    world.run(100_000);
    for side in 0..2 {
        hang_up(world, side);
    }
    world.assert_over(what);
}

#[test]
fn without_faults_every_story_ends_as_told() {
    for (name, story) in STORIES {
        let mut world = World::new(Fault::None);
        story(&mut world);
        world.assert_over(name);
    }
}

#[test]
fn any_one_packet_may_be_lost() {
    for (name, story) in STORIES {
        let mut whole = World::new(Fault::None);
        story(&mut whole);
        whole.run(10_000);
        for lost in 0..whole.packets {
            let mut world = World::new(Fault::Lose(vec![lost]));
            story(&mut world);
            finish(&mut world, &format!("{name}, packet {lost} lost"));
        }
    }
}

#[test]
fn one_lost_packet_changes_no_outcome() {
    // Repetition must hide a single loss from the server altogether.
    for (name, story) in STORIES {
        let kinds = |world: &World, side: usize| -> Vec<String> {
            let events = world.events(side).iter().filter(|e| e.is_last());
            events.map(|event| format!("{event:?}")).collect()
        };
        let mut whole = World::new(Fault::None);
        story(&mut whole);
        whole.assert_over(name);
        for lost in 0..whole.packets {
            let mut world = World::new(Fault::Lose(vec![lost]));
            story(&mut world);
            world.run(100_000);
            let trace = world.trace.join("\n");
            // Who hangs up first may change when a BYE of two crossing ones is lost.
            if name != "both hang up at once" {
                assert_eq!(kinds(&world, 0), kinds(&whole, 0), "{name}, {lost} lost\n{trace}");
                assert_eq!(kinds(&world, 1), kinds(&whole, 1), "{name}, {lost} lost\n{trace}");
            }
            world.assert_over(name);
        }
    }
}

#[test]
fn every_packet_may_come_twice() {
    for (name, story) in STORIES {
        for later in [0, 1, 30, 700] {
            let mut world = World::new(Fault::Double(later));
            story(&mut world);
            finish(&mut world, &format!("{name}, doubled after {later} ms"));
            let calls = world.events(1).iter().filter(|e| matches!(e, SipEvent::Incoming(_)));
            assert!(calls.count() <= 1, "{name}: a repeated INVITE became a second call");
        }
    }
}

#[test]
fn a_bad_line_leaves_nothing_behind() {
    for (name, story) in STORIES {
        for seed in 1..60 {
            for percent in [5, 30, 60] {
                let mut world = World::new(Fault::Random { seed: seed * 7919, percent });
                story(&mut world);
                finish(&mut world, &format!("{name}, seed {seed}, {percent} %"));
            }
        }
    }
}
