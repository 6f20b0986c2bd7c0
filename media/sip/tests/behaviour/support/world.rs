//! Two endpoints and the wire between them.

use super::*;
use std::collections::BTreeMap;

/// What the wire does to packets.
pub enum Fault {
    None,
    /// Loses the packets with these numbers, counted from 0 over both ways.
    Lose(Vec<usize>),
    /// Doubles every packet; the copy comes this much later.
    Double(u64),
    /// Loses, delays and doubles at random, so many of 100 each.
    Random {
        seed: u64,
        percent: u64,
    },
}

type Script = Box<dyn FnMut(&SipEvent, &mut Endpoint, Timestamp)>;

struct Node {
    bench: Bench,
    address: SocketAddr,
    script: Script,
    seen: usize,
}

/// Two endpoints, `0` and `1`, each a trunk of the other.
pub struct World {
    nodes: [Node; 2],
    wire: BTreeMap<(Timestamp, u64), (usize, Bytes)>,
    fault: Fault,
    /// Packets put on the wire so far.
    pub packets: usize,
    random: u64,
    pub trace: Vec<String>,
}

const DELAY_MS: u64 = 20;

impl World {
    pub fn new(fault: Fault) -> Self {
        let seed = match fault {
            Fault::Random { seed, .. } => seed | 1,
            _ => 1,
        };
        let node = |number: u8, own: &str, peer: &str| {
            let directory = Directory::new(
                vec![domains(1, "acme.example")],
                vec![],
                vec![trunk(1, 1, peer)],
                Some(tenant(1)),
            );
            let mut bench = Bench::with(EndpointConfig::new(addr(own)), directory.unwrap());
            bench.endpoint = Endpoint::new(
                EndpointConfig::new(addr(own)),
                [number.wrapping_add(seed as u8); 32],
            );
            let directory = Directory::new(
                vec![domains(1, "acme.example")],
                vec![],
                vec![trunk(1, 1, peer)],
                Some(tenant(1)),
            );
            bench.endpoint.set_directory(START, Arc::new(directory.unwrap()));
            Node { bench, address: addr(own), script: Box::new(|_, _, _| {}), seen: 0 }
        };
        Self {
            nodes: [node(1, US, CARRIER), node(2, CARRIER, US)],
            wire: BTreeMap::new(),
            fault,
            packets: 0,
            random: seed,
            trace: Vec::new(),
        }
    }

    /// What a side does on an event.
    pub fn on(
        &mut self,
        side: usize,
        script: impl FnMut(&SipEvent, &mut Endpoint, Timestamp) + 'static,
    ) {
        self.nodes[side].script = Box::new(script);
    }

    pub fn act(&mut self, side: usize, work: impl FnOnce(&mut Endpoint, Timestamp)) {
        self.nodes[side].bench.act(work);
        self.pump();
    }

    pub fn now(&self) -> Timestamp {
        self.nodes[0].bench.now
    }

    pub fn events(&self, side: usize) -> &[SipEvent] {
        &self.nodes[side].bench.events
    }

    pub fn usage(&self, side: usize) -> Usage {
        self.nodes[side].bench.endpoint.usage()
    }

    /// When a side wants to be woken next, if at all.
    pub fn due(&self, side: usize) -> Option<Timestamp> {
        self.nodes[side].bench.endpoint.next_timeout()
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % 100 < percent
    }

    fn put(&mut self, to: usize, bytes: Bytes) {
        let number = self.packets;
        self.packets += 1;
        let now = self.now();
        let mut at = vec![now.plus_ms(DELAY_MS)];
        match &self.fault {
            Fault::None => {}
            Fault::Lose(lost) => {
                if lost.contains(&number) {
                    at.clear();
                }
            }
            Fault::Double(later) => at.push(now.plus_ms(DELAY_MS + later)),
            Fault::Random { percent, .. } => {
                let percent = *percent;
                if self.chance(percent) {
                    at.clear();
                } else if self.chance(percent) {
                    at[0] = now.plus_ms(DELAY_MS * 10);
                } else if self.chance(percent) {
                    at.push(now.plus_ms(DELAY_MS * 7));
                }
            }
        }
        let lost = if at.is_empty() { " LOST" } else { "" };
        let line = first_line(&String::from_utf8_lossy(&bytes));
        self.trace.push(format!("{:>7} #{number} ->{to} {line}{lost}", now.ms_since(START)));
        for (copy, at) in at.into_iter().enumerate() {
            self.wire.insert((at, (number * 2 + copy) as u64), (to, bytes.clone()));
        }
    }

    /// Runs scripts and puts on the wire what was said, until all is quiet.
    fn pump(&mut self) {
        loop {
            let mut quiet = true;
            for side in 0..2 {
                let node = &mut self.nodes[side];
                while let Some(event) = node.bench.events.get(node.seen).cloned() {
                    node.seen += 1;
                    (node.script)(&event, &mut node.bench.endpoint, node.bench.now);
                    node.bench.drain();
                    quiet = false;
                }
                for (hop, text) in std::mem::take(&mut self.nodes[side].bench.sent) {
                    assert_eq!(hop.remote, self.nodes[1 - side].address, "{text}");
                    self.put(1 - side, Bytes::from(text));
                    quiet = false;
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, ms: u64) {
        let until = self.now().plus_ms(ms);
        loop {
            self.pump();
            let next = [
                self.wire.keys().next().map(|(at, _)| *at),
                self.nodes[0].bench.endpoint.next_timeout(),
                self.nodes[1].bench.endpoint.next_timeout(),
            ];
            let Some(at) = next.into_iter().flatten().min().filter(|at| *at <= until) else {
                break;
            };
            for node in &mut self.nodes {
                node.bench.now = node.bench.now.max(at);
            }
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= at) {
                let (to, bytes) = entry.remove();
                let from = self.nodes[1 - to].address;
                self.nodes[to].bench.packet(Hop::udp(from), bytes.to_vec());
            }
            for node in &mut self.nodes {
                let now = node.bench.now;
                node.bench.endpoint.handle_timeout(now);
                node.bench.drain();
            }
        }
        for node in &mut self.nodes {
            node.bench.now = until;
        }
    }

    /// Side 0 calls side 1.
    pub fn call(&mut self) -> DialogKey {
        let dialog = DialogKey::outbound(1);
        let request = InviteRequest {
            target: InviteTarget::Trunk { trunk: trunk_id(1), number: "100".into() },
            caller: Caller { number: "200".into(), name: None },
            media: media(6000),
            ring_timeout_ms: 30_000,
            headers: vec![],
        };
        self.act(0, |endpoint, now| endpoint.invite(now, dialog, request));
        dialog
    }

    /// Whatever happened, in the end every leg had exactly one last event and
    /// nothing is left.
    pub fn assert_over(&mut self, what: &str) {
        self.run(SETTLE_MS);
        for side in 0..2 {
            let events = self.events(side);
            let mut legs: Vec<_> = events.iter().filter_map(SipEvent::dialog).collect();
            legs.sort();
            legs.dedup();
            for leg in legs {
                let of_leg: Vec<_> =
                    events.iter().filter(|event| event.dialog() == Some(leg)).collect();
                let last = of_leg.iter().filter(|event| event.is_last()).count();
                let story = self.trace.join("\n");
                assert_eq!(last, 1, "{what}: side {side} {of_leg:#?}\n{story}");
                assert!(of_leg.last().unwrap().is_last(), "{what}: {of_leg:#?}\n{story}");
            }
            let story = self.trace.join("\n");
            assert_eq!(self.usage(side), Usage::default(), "{what}: side {side} leaks\n{story}");
        }
    }
}
