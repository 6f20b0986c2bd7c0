//! One caller at a quiet rate, with a clock of its own: SIPp tells whole
//! milliseconds only.

use anyhow::{Context as _, Result, ensure};
use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use strowger_e2e::phone::Message;

/// How long an answer may take before the run counts as failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// A call that is up.
struct Talk {
    bye: Vec<u8>,
    until: Instant,
}

/// Places `calls` calls, `rate` a second, each held for `hold`; gives the
/// milliseconds from INVITE to 200 of each.
pub(super) fn invite_to_200_ms(
    server: SocketAddr,
    number: &str,
    calls: u32,
    rate: u32,
    hold: Duration,
) -> Result<Vec<f64>> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let local = socket.local_addr()?;
    let start = Instant::now();
    let mut talks: VecDeque<Talk> = VecDeque::new();
    let mut taken = Vec::with_capacity(calls as usize);
    for call in 0..calls {
        let due = start + Duration::from_secs(1) * call / rate;
        while let Some(talk) = talks.front().filter(|talk| talk.until <= due) {
            wait_until(talk.until);
            socket.send(&talk.bye)?;
            talks.pop_front();
        }
        wait_until(due);
        let (ms, bye) = place(&socket, server, local, number, call)?;
        taken.push(ms);
        talks.push_back(Talk { bye, until: Instant::now() + hold });
    }
    for talk in talks {
        wait_until(talk.until);
        socket.send(&talk.bye)?;
    }
    Ok(taken)
}

pub(crate) fn wait_until(due: Instant) {
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
}

/// Places one call; how long the 200 took, and the BYE that will end it.
pub(crate) fn place(
    socket: &UdpSocket,
    server: SocketAddr,
    local: SocketAddr,
    number: &str,
    call: u32,
) -> Result<(f64, Vec<u8>)> {
    // With the address: two callers may have got the same port, and the same call
    // twice over two ways is refused (RFC 3261, 8.2.2.2).
    let id = format!("quiet{call}-{}-{}", local.port(), local.ip());
    let request = |method: &str, uri: &str, to: &str, cseq: u32| {
        Message::new(format!("{method} {uri} SIP/2.0"))
            .with("Via", format!("SIP/2.0/UDP {local};branch=z9hG4bK{method}{id}"))
            .with("Max-Forwards", "70")
            .with("From", format!("<sip:+441632960999@{local}>;tag=caller"))
            .with("To", to.to_owned())
            .with("Call-ID", id.clone())
            .with("CSeq", format!("{cseq} {method}"))
    };
    let uri = format!("sip:{number}@{server}");
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
               m=audio 9 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n\
               a=rtpmap:101 telephone-event/8000\r\n";
    let invite = request("INVITE", &uri, &format!("<{uri}>"), 1)
        .with("Contact", format!("<sip:caller@{local}>"))
        .with_sdp(sdp)
        .encode();
    let mut datagram = vec![0; 65_535];
    let sent = Instant::now();
    socket.send(&invite)?;
    loop {
        let length = socket.recv(&mut datagram).context("no answer to an INVITE")?;
        let took = sent.elapsed();
        ensure!(took < PATIENCE, "no 200 within {PATIENCE:?}");
        let Some(reply) = Message::parse(&datagram[..length]) else { continue };
        // Answers to the BYEs of earlier calls arrive in between.
        if reply.call_id() != id || reply.cseq() != Some((1, "INVITE")) {
            continue;
        }
        match reply.status() {
            Some(200) => {
                let to = reply.header("To").context("200 without To")?.to_owned();
                let contact = reply.header("Contact").context("200 without Contact")?;
                let target = contact.trim_start_matches('<').split('>').next().unwrap_or_default();
                socket.send(&request("ACK", target, &to, 1).encode())?;
                let bye = request("BYE", target, &to, 2).encode();
                return Ok((took.as_secs_f64() * 1_000.0, bye));
            }
            Some(100..=199) => {}
            other => anyhow::bail!("an INVITE was answered {other:?}"),
        }
    }
}
