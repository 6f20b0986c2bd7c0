//! Another phone takes the place of a leg that rings or talks (RFC 3891).

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

fn other_phone() -> LegFacts {
    LegFacts {
        address: "209".parse().unwrap(),
        direction: Direction::Inbound,
        agent: Some(agent(9)),
        trunk: None,
        answered_at: None,
        codec: None,
        held: false,
    }
}

fn dialling() -> Line {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let options = dial_options(&["extension:202"], DialStrategy::All);
    line.turn_ok(vec![Action::Transfer(options)]);
    line.leg(1, ringing());
    line.effects();
    line
}

fn pick_up(line: &mut Line, leg: u32) {
    line.raw(Input::PickUp { leg: LegId(leg), by: other_phone() });
}

#[test]
fn a_ringing_leg_is_answered_elsewhere() {
    let mut line = dialling();
    pick_up(&mut line, 1);
    assert_eq!(line.leg_effects(), [(2, LegEffect::Take), (2, LegEffect::Answer)]);
    line.leg(2, answered());
    let effects = line.effects();
    assert!(effects.iter().any(|e| matches!(e, Effect::Leg(LegId(1), LegEffect::Cancel))));
    assert!(
        effects
            .iter()
            .any(|e| matches!(e, Effect::Media(MediaEffect::Bridge { a: LegId(0), b: LegId(2) })))
    );
    assert!(
        matches!(line.told(), GuestEvent::Completed { outcome, .. } if outcome == "transferred")
    );
    line.leg(2, hung_up());
    line.idle_guest();
    line.assert_over();
    let transfer = &line.call.record().transfers[0];
    assert_eq!((transfer.kind, transfer.by), (TransferKind::PickedUp, LegId(1)));
    assert_eq!((transfer.target.as_str(), transfer.leg), ("209", Some(LegId(2))));
}

#[test]
fn a_talking_leg_is_replaced_once_the_new_one_is_there() {
    let mut line = dialling();
    line.leg(1, answered());
    line.idle_guest();
    line.effects();
    pick_up(&mut line, 1);
    assert_eq!(line.media_effects(), [], "they talk until then");
    line.leg(2, answered());
    let effects = line.effects();
    assert!(
        matches!(
            effects[..],
            [
                Effect::Media(MediaEffect::Unbridge { .. }),
                Effect::Leg(LegId(1), LegEffect::HangUp { .. }),
                Effect::Media(MediaEffect::Bridge { a: LegId(0), b: LegId(2) }),
            ]
        ),
        "{effects:?}"
    );
}

#[test]
fn who_comes_too_late_is_hung_up() {
    let mut line = dialling();
    pick_up(&mut line, 1);
    line.leg(1, answered());
    line.leg(1, hung_up());
    line.idle_guest();
    line.assert_over();
    assert!(
        line.leg_effects()
            .iter()
            .any(|(leg, e)| *leg == 2 && matches!(e, LegEffect::HangUp { .. }))
    );
}

#[test]
fn a_phone_that_rings_for_a_queue_is_its_agents() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.queue(offer(1));
    line.leg(1, ringing());
    line.effects();
    pick_up(&mut line, 1);
    assert!(line.effects().is_empty());
}
