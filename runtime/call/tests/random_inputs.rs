//! Whatever is thrown at a call, in whatever order: it does not panic, keeps its
//! promises, and is over once the caller has hung up.

mod common;
use common::*;
use proptest::prelude::*;
use strowger_call::*;
use strowger_model::*;

#[derive(Clone, Debug)]
enum Step {
    Input(Input),
    Pass(u64),
    /// Answers the turn under way; whether actions go past `admit` unchecked.
    Turn {
        actions: Vec<Action>,
        unchecked: bool,
    },
    Fault,
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        Just(Cause::Normal),
        Just(Cause::Busy),
        Just(Cause::NoAnswer),
        Just(Cause::Internal)
    ]
}

fn leg_input() -> impl Strategy<Value = LegInput> {
    prop_oneof![
            1 => any::<bool>().prop_map(|early_media| LegInput::Ringing { early_media }),
            4 => Just(answered()),
            1 => cause().prop_map(|cause| LegInput::Failed { cause, sip_status: None }),
            1 => cause().prop_map(|cause| LegInput::HungUp { cause }),
            1 => Just(LegInput::Held),
            1 => Just(LegInput::Resumed),
            3 => any::<char>().prop_map(|digit| LegInput::Digit { digit, held_ms: 1 }),
            3 => prop::char::range('0', '9').prop_map(|digit| LegInput::Digit { digit, held_ms: 1 }),
            1 => Just(LegInput::MediaTimeout),
            2 => refer_to().prop_map(|to| LegInput::Referred { target: "202".parse().unwrap(), to }),
    ]
}

fn refer_to() -> impl Strategy<Value = ReferTo> {
    prop_oneof![
            4 => Just(ReferTo::Target("extension:202".into())),
            1 => Just(ReferTo::Target("nonsense".into())),
            2 => Just(ReferTo::Number),
            1 => Just(ReferTo::Nowhere { sip_status: 404 }),
            3 => (6u128..9, 0u32..3).prop_map(|(call, leg)| ReferTo::Leg {
                call: CallId(uuid::Uuid::from_u128(call)),
                leg: LegId(leg),
            }),
    ]
}

fn facts() -> impl Strategy<Value = LegFacts> {
    (any::<bool>(), any::<bool>()).prop_map(|(answered, held)| LegFacts {
        address: "209".parse().unwrap(),
        direction: if answered { Direction::Outbound } else { Direction::Inbound },
        agent: None,
        trunk: None,
        answered_at: answered.then_some(START),
        codec: None,
        held,
    })
}

fn between() -> impl Strategy<Value = Input> {
    let what = prop_oneof![
            2 => (0u32..6, any::<bool>()).prop_map(|(leg, keeps)| Between::Ask { leg: LegId(leg), keeps }),
            2 => Just(Between::Want),
            2 => prop::option::of(0u32..4).prop_map(|leg| Between::PickUp { leg: leg.map(LegId) }),
            1 => Just(Between::No { sip_status: 481 }),
            3 => facts().prop_map(|facts| Between::Given(LegFacts { answered_at: Some(START), ..facts })),
    ];
    prop_oneof![
            4 => (7u128..9, what).prop_map(|(call, what)| Input::Between {
                from: CallId(uuid::Uuid::from_u128(call)),
                what,
            }),
            3 => (0u32..6, facts()).prop_map(|(leg, by)| Input::PickUp {
                leg: LegId(leg),
                by: LegFacts { answered_at: None, direction: Direction::Inbound, ..by },
            }),
            2 => prop::option::of((7u128..9, prop::option::of(0u32..3))).prop_map(|found| Input::Found {
                found: found.map(|(call, leg)| (CallId(uuid::Uuid::from_u128(call)), leg.map(LegId))),
            }),
            1 => Just(Input::SlotTaken),
            1 => Just(Input::NumberReady { flow: "other".into(), version: None }),
            1 => Just(Input::NumberFailed { reason: "no".into() }),
    ]
}

fn outcome() -> impl Strategy<Value = ContactOutcome> {
    prop_oneof![
            3 => Just(ContactOutcome::Served),
            1 => Just(ContactOutcome::Abandoned),
            1 => Just(ContactOutcome::TimedOut),
            1 => Just(ContactOutcome::Left),
            1 => Just(ContactOutcome::Failed),
    ]
}

fn queue_input() -> impl Strategy<Value = QueueInput> {
    prop_oneof![
            1 => (0u32..5, any::<u64>())
                .prop_map(|(position, expected_wait_ms)| QueueInput::Waiting { position, expected_wait_ms }),
            4 => (0u64..4).prop_map(offer),
            1 => Just(QueueInput::Offer { offer: OfferId(9), agent: agent(9), target: "@".into(), ring_ms: 0 }),
            1 => (0u64..4).prop_map(|n| QueueInput::Withdraw { offer: OfferId(n) }),
            3 => (outcome(), prop::option::of(0u128..4)).prop_map(|(outcome, n)| QueueInput::Ended {
                outcome,
                reason: String::new(),
                agent: n.map(agent),
            }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        // Mostly not the caller's leg, or every run would be short.
        6 => (1u32..6, leg_input()).prop_map(|(leg, i)| Input::Leg(LegId(leg), i)),
        1 => leg_input().prop_map(|i| Input::Leg(LegId(0), i)),
        2 => Just(Input::Leg(LegId(0), answered())),
        3 => (0u64..20, any::<bool>()).prop_map(|(play, ok)| Input::Media(MediaInput::PlayEnded {
            play: PlayId(play),
            ok,
            reason: String::new(),
        })),
        1 => any::<u64>().prop_map(|ms| Input::Media(MediaInput::Silence { ms })),
        1 => Just(Input::Media(MediaInput::Tone { name: "busy".into() })),
        1 => Just(Input::Media(MediaInput::ConferenceFailed { reason: "full".into() })),
        6 => queue_input().prop_map(Input::Queue),
        3 => (0u64..30).prop_map(CommandId).prop_flat_map(result),
        3 => news(),
        3 => between(),
    ]
}

fn result(command: CommandId) -> impl Strategy<Value = Input> {
    prop_oneof![
        Just(Input::Kv { command, outcome: "ok".into(), value: String::new() }),
        Just(Input::Http {
            command,
            outcome: "response".into(),
            value: String::new(),
            details: vec![],
        }),
    ]
}

fn news() -> impl Strategy<Value = Input> {
    prop_oneof![
        Just(Input::FallbackReady { version: None }),
        Just(Input::FallbackFailed { reason: "no".into() }),
        Just(Input::Signal { name: "x".into(), data: String::new() }),
    ]
}

fn sources() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        Just(vec![]),
        Just(vec!["file:a".to_owned()]),
        Just(vec!["queue:position:en".to_owned(), "silence:5".to_owned()]),
        Just(vec!["nonsense".to_owned()]),
    ]
}

fn dial() -> impl Strategy<Value = DialOptions> {
    let targets = prop_oneof![
        Just(vec!["extension:201".to_owned()]),
        Just(vec!["number:+1".to_owned(), "agent:5".to_owned()]),
        Just(vec!["nonsense".to_owned()]),
        Just(vec![]),
    ];
    (targets, any::<bool>(), 0u32..40_000).prop_map(|(targets, all, timeout_ms)| {
        let strategy = if all { DialStrategy::All } else { DialStrategy::InTurn };
        DialOptions { targets, strategy, timeout_ms, caller_id: String::new() }
    })
}

fn signalling() -> impl Strategy<Value = Action> {
    prop_oneof![
        1 => Just(Action::Ring),
        1 => Just(Action::EarlyMedia),
        6 => Just(Action::Answer),
        1 => (100u16..800).prop_map(|status| Action::Reject { status, reason: String::new() }),
        1 => Just(Action::HangUp),
    ]
}

fn sound() -> impl Strategy<Value = Action> {
    let gather = (sources(), any::<bool>(), any::<bool>(), 0u32..5);
    prop_oneof![
        3 => (sources(), 0u32..3).prop_map(|(sources, times)| Action::Play { sources, times }),
        1 => (0u64..40).prop_map(|c| Action::Stop { command: CommandId(c) }),
        3 => gather.prop_map(|(prompt, barge_in, secret, max)| Action::Gather {
            prompt,
            options: GatherOptions { barge_in, secret, ..gather_options(max) },
        }),
        1 => any::<bool>().prop_map(|on| Action::WatchDigits { on }),
        2 => (0u32..9_000, 0u32..100)
            .prop_map(|(max_ms, silence_ms)| Action::RecordStart { max_ms, silence_ms }),
        1 => Just(Action::RecordStop),
        1 => Just(Action::RecordPause),
        1 => Just(Action::RecordResume),
    ]
}

fn connecting() -> impl Strategy<Value = Action> {
    prop_oneof![
        5 => Just(enqueue("support")),
        1 => Just(Action::LeaveQueue),
        3 => dial().prop_map(Action::Dial),
        2 => (0u32..6).prop_map(|leg| Action::Bridge { leg: LegId(leg) }),
        1 => dial().prop_map(Action::Transfer),
        1 => Just(Action::KvGet { key: "k".into() }),
        1 => (0u32..20_000).prop_map(|max_wait_ms| Action::Park(ParkOptions {
            slot: "1".into(),
            treatment: vec![],
            max_wait_ms,
        })),
        1 => prop_oneof![Just("slot:1"), Just("extension:201")]
            .prop_map(|from| Action::PickUp { from: from.into() }),
        1 => any::<bool>()
            .prop_map(|muted| Action::ConferenceJoin { conference: "all".into(), muted }),
        1 => any::<bool>().prop_map(|on| Action::Mute { on }),
        1 => Just(Action::Detect(DetectOptions { tones: true, ..DetectOptions::default() })),
        1 => (0u32..90_000).prop_map(|ms| Action::Sleep { ms }),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![signalling(), sound(), connecting()]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
            6 => input().prop_map(Step::Input),
            2 => prop_oneof![0u64..100, 0u64..30_000].prop_map(Step::Pass),
            6 => (prop::collection::vec(action(), 0..6), prop::bool::weighted(0.2))
                .prop_map(|(actions, unchecked)| Step::Turn { actions, unchecked }),
            1 => Just(Step::Fault),
    ]
}

fn run(line: &mut Line, step: Step) {
    match step {
        Step::Input(input) => line.raw(input),
        Step::Pass(ms) => line.pass(ms),
        Step::Fault => {
            if let Some((_, _, view)) = line.pending.take() {
                let fault = Fault::new(FaultKind::Trap, "at random");
                line.raw(Input::Turn(view.finish(Some(fault), 1, 1)));
            }
        }
        Step::Turn { actions, unchecked } => {
            let Some((_, _, mut view)) = line.pending.take() else { return };
            if !unchecked {
                for action in actions {
                    let _ = view.admit(action);
                }
                line.raw(Input::Turn(view.finish(None, 1, 1)));
                return;
            }
            let first = view.state().next_command;
            let mut result = view.finish(None, 1, 1);
            result.outcome = Ok((first..).map(CommandId).zip(actions).collect());
            line.raw(Input::Turn(result));
        }
    }
}

/// Everybody is gone when the server is back: the call ends, and its journal
/// makes it again.
fn taken_up_and_killed_again(journal: &[JournalEntry], mut call: Call) {
    let mut journal = journal.to_vec();
    let now = journal.last().unwrap().at.plus_ms(5_000);
    let gone = |(leg, _)| (leg, LegFate::Gone { cause: Cause::ServerRestart });
    let legs = call.living_legs().into_iter().map(gone).collect();
    call.handle(now, Input::Recovered { legs });
    assert!(call.is_over() || call.view().phase() == Phase::Ended || call.living_legs().is_empty());
    while let Some(effect) = call.poll() {
        if let Effect::Journal(entry) = effect {
            journal.push(entry);
        }
    }
    let again = Call::rebuild(&journal).unwrap();
    assert_eq!(format!("{:?}", again.call), format!("{call:?}"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_call_survives_anything(
        steps in prop::collection::vec(step(), 0..60),
        outbound in any::<bool>(),
        fallback in prop_oneof![
            Just(Fallback::HangUp),
            Just(Fallback::Flow),
            Just(Fallback::Number("extension:9".into())),
        ],
    ) {
        let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
        let mut line = Line::with(CallSetup { direction, fallback, ..setup() });
        line.watch.nonsense = true;
        for step in steps {
            run(&mut line, step);
        }
        let again = Call::rebuild(&line.journal).unwrap();
        prop_assert_eq!(again.unwritten, vec![]);
        // Secret digits are nowhere but in the call that died.
        let is_secret = |entry: &JournalEntry| entry.body.contains("\"secret\":true");
        if !line.journal.iter().any(is_secret) {
            prop_assert_eq!(format!("{:?}", again.call), format!("{:?}", line.call));
            if let Some((event, moment, _)) = &line.pending {
                let turn = again.turn.as_ref().map(|(event, moment, _)| (event, moment));
                prop_assert_eq!(turn, Some((event, moment)));
            }
        }
        taken_up_and_killed_again(&line.journal, again.call);
        // Whoever is served by now hangs up; an operator ends what has nobody left.
        line.raw(Input::Leg(line.call.subject(), hung_up()));
        if line.call.view().phase() != Phase::Ended {
            line.raw(Input::HangUp { cause: Cause::Normal, by: Party::Host });
        }
        prop_assert_eq!(line.call.view().phase(), Phase::Ended);
        line.idle_guest();
        line.pass(60_000);
        line.assert_over();
        prop_assert!(line.call.next_timeout().is_none());
        Story::read(&line.journal).unwrap();
    }
}
