//! Scenarios in short: what SIPp says and hears, as its XML wants it.
//!
//! A line that begins with `>` is said, one with `<` heard (`<?` if a bad road
//! may lose it for good), `= 500` waits so many milliseconds, `=? 500` only on a bad
//! road: what is repeated meanwhile is passed over. Indented lines belong to the message
//! above:
//! - `~ pattern` must be found in it, `! pattern` must not;
//! - `save name pattern` keeps its group as `[$name]`;
//! - `verify` wants a digest of `line` with the password `s3cret`;
//! - `sdp …` is a body, each word an attribute; `sdp0 …` has no address;
//! - `dtmf 5` and `frag 200 OK` are bodies too;
//! - `uri`, `to`, `from`, `via`, `contact` replace what would stand there;
//! - `tag v` answers as somebody else; `dialog 2` belongs to another dialog;
//! - `late` answers our last INVITE, not what was heard last;
//! - anything else is a header.
//!
//! `{server}` and `{us}` are the ports of the server and of SIPp as the server
//! sees it. Whoever speaks first calls.

use std::fmt::Write;

/// How long a side that may have to repeat itself is given for it.
const SETTLE_MS: u32 = 500;

#[derive(Default)]
struct Line {
    says: bool,
    optional: bool,
    /// A method, a status, or milliseconds.
    what: String,
    rest: Vec<String>,
}

impl Line {
    fn status(&self) -> Option<u16> {
        self.what.parse().ok()
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.rest.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    }

    fn dialog(&self) -> usize {
        self.word("dialog").map_or(1, |text| text.parse().unwrap())
    }

    fn acknowledges(&self, other: &Self) -> bool {
        self.says && self.what == "ACK" && self.dialog() == other.dialog()
    }

    fn flag(&self, name: &str) -> bool {
        self.rest.iter().any(|line| line == name)
    }

    fn headers(&self) -> impl Iterator<Item = &str> {
        const WORDS: [&str; 12] = [
            "~ ", "! ", "save ", "uri ", "to ", "from ", "via ", "contact ", "tag ", "dialog ",
            "dtmf ", "frag ",
        ];
        let plain = |line: &&String| {
            !WORDS.iter().any(|word| line.starts_with(word))
                && !line.starts_with("sdp")
                && !matches!(line.as_str(), "late" | "verify")
        };
        self.rest.iter().filter(plain).map(String::as_str)
    }

    fn body(&self, version: usize) -> (&'static str, String) {
        for line in &self.rest {
            let mut words = line.split(' ');
            match words.next() {
                Some(kind @ ("sdp" | "sdp0")) => {
                    let address = if kind == "sdp" { "127.0.0.1" } else { "0.0.0.0" };
                    let mut text = format!(
                        "v=0\no=sipp 1 {version} IN IP4 127.0.0.1\ns=-\nc=IN IP4 {address}\nt=0 0\n\
                         m=audio 6000 RTP/AVP 0 8 101\na=rtpmap:101 telephone-event/8000\n"
                    );
                    words.for_each(|word| writeln!(text, "a={word}").unwrap());
                    return ("application/sdp", text);
                }
                Some("dtmf") => {
                    let digit = words.next().unwrap();
                    return ("application/dtmf-relay", format!("Signal={digit}\nDuration=160\n"));
                }
                Some("frag") => {
                    let rest = line.strip_prefix("frag ").unwrap();
                    return ("message/sipfrag;version=2.0", format!("SIP/2.0 {rest}\n"));
                }
                _ => {}
            }
        }
        ("", String::new())
    }
}

fn parse(script: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for raw in script.lines().filter(|line| !line.trim().is_empty()) {
        let text = raw.trim();
        let (mark, what) = text.split_once(' ').unwrap_or((text, ""));
        match mark {
            ">" | "<" | "<?" | "=" | "=?" => lines.push(Line {
                says: mark == ">",
                optional: mark.ends_with('?'),
                what: if mark.starts_with('=') { format!("={what}") } else { what.to_owned() },
                rest: vec![],
            }),
            _ => lines.last_mut().expect("a message first").rest.push(text.to_owned()),
        }
    }
    lines
}

/// Whether SIPp places the call.
pub fn calls_us(script: &str) -> bool {
    parse(script)[0].says
}

pub struct Ports {
    pub server: u16,
    pub us: u16,
}

/// The scenario; one that `settles` gives the other side time to repeat itself
/// where SIPp could not tell a repetition any more.
pub fn xml(script: &str, ports: &Ports, settles: bool) -> String {
    let mut writer = Writer { settles, calls: calls_us(script), ..Writer::default() };
    let lines = parse(script);
    for (at, line) in lines.iter().enumerate() {
        writer.is_acknowledged = lines.iter().skip(at).any(|later| later.acknowledges(line));
        if let Some(ms) = line.what.strip_prefix('=') {
            if settles || !line.optional {
                writer.pause(ms.parse().unwrap());
            }
        } else if line.says {
            writer.say(line);
        } else {
            writer.hear(line);
        }
    }
    if settles {
        writer.pause(SETTLE_MS);
    }
    let names: Vec<&str> = writer.names.iter().map(String::as_str).collect();
    let reference = match &names[..] {
        [] => String::new(),
        names => format!("<Reference variables=\"{}\"/>\n", names.join(",")),
    };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<scenario name=\"script\">\n{}{reference}\
         </scenario>\n",
        writer.out
    );
    text.replace("{server}", &ports.server.to_string()).replace("{us}", &ports.us.to_string())
}

#[derive(Default)]
struct Writer {
    out: String,
    settles: bool,
    /// SIPp placed the call.
    calls: bool,
    /// Messages and pauses so far, as SIPp counts them.
    index: usize,
    names: std::collections::BTreeSet<String>,
    cseq: [u32; 3],
    /// Index and number of the INVITE that was said last, by dialog.
    invite: [(usize, u32); 3],
    uris: [String; 3],
    /// The final status heard last.
    heard: u16,
    said: String,
    /// The transaction of what was said last, if it is of interest which of several
    /// like responses answers it.
    asking: Option<usize>,
    /// The transaction of the INVITE that was said last, by dialog.
    inviting: [Option<usize>; 3],
    /// Whether an ACK follows what is said.
    is_acknowledged: bool,
    verified: usize,
    /// INVITEs heard; the first makes the dialog.
    invited: usize,
    first_is_open: bool,
    heard_method: String,
}

impl Writer {
    fn pause(&mut self, ms: u32) {
        writeln!(self.out, "<pause milliseconds=\"{ms}\"/>").unwrap();
        self.index += 1;
    }

    fn hear(&mut self, line: &Line) {
        let dialog = line.dialog();
        let optional = if line.optional && self.settles { " optional=\"true\"" } else { "" };
        let mut attributes = optional.to_owned();
        let mut checks: Vec<(String, String)> = Vec::new();
        let kind = match line.status() {
            Some(status) => {
                let asked = self.asking.take().or(self.inviting[dialog]);
                let answers =
                    asked.map_or(String::new(), |number| format!(" response_txn=\"t{number}\""));
                if self.said == "INVITE" && !line.optional {
                    for early in ["100", "180"].iter().filter(|early| **early != line.what) {
                        // Ringing is as good as the 100 before it, which may be lost.
                        let next = if status == 100 { " next=\"heard\"" } else { "" };
                        writeln!(
                            self.out,
                            "<recv response=\"{early}\" optional=\"true\"{answers}{next}/>"
                        )
                        .unwrap();
                        self.index += 1;
                    }
                    self.said.clear();
                }
                self.heard = status;
                attributes += &answers;
                if matches!(status, 401 | 407) {
                    attributes += " auth=\"true\"";
                }
                if self.calls && (101..300).contains(&status) {
                    checks.push(("To".into(), format!("theirs{dialog}")));
                }
                "response"
            }
            None => {
                if line.what == "INVITE" {
                    for (header, name) in
                        [("Via", "via"), ("CSeq", "cseq"), ("From", "from"), ("To", "to")]
                    {
                        checks.push((header.into(), name.into()));
                    }
                    self.first_is_open = !self.calls && self.invited == 0;
                    if self.first_is_open {
                        checks.push(("From".into(), "theirs1".into()));
                        checks.push(("To".into(), "ours1".into()));
                    }
                    self.invited += 1;
                }
                self.heard_method.clone_from(&line.what);
                "request"
            }
        };
        writeln!(self.out, "<recv {kind}=\"{}\"{attributes}><action>", line.what).unwrap();
        for (header, name) in checks {
            writeln!(
                self.out,
                "<ereg regexp=\".*\" search_in=\"hdr\" header=\"{header}:\" assign_to=\"{name}\"/>"
            )
            .unwrap();
            self.names.insert(name);
        }
        for (mark, attribute) in [("~ ", "check_it"), ("! ", "check_it_inverse")] {
            for pattern in line.rest.iter().filter_map(|text| text.strip_prefix(mark)) {
                let pattern = pattern.replace('&', "&amp;").replace('<', "&lt;");
                let pattern = pattern.replace('"', "&quot;");
                writeln!(
                    self.out,
                    "<ereg regexp=\"{pattern}\" search_in=\"msg\" {attribute}=\"true\" \
                     assign_to=\"found\"/>"
                )
                .unwrap();
                self.names.insert("found".into());
            }
        }
        for saved in line.rest.iter().filter_map(|text| text.strip_prefix("save ")) {
            let (name, pattern) = saved.split_once(' ').unwrap();
            writeln!(
                self.out,
                "<ereg regexp=\"{pattern}\" search_in=\"msg\" check_it=\"true\" \
                 assign_to=\"found,{name}\"/>"
            )
            .unwrap();
            self.names.extend(["found".into(), name.into()]);
        }
        if line.flag("verify") {
            self.verify();
        } else {
            self.out.push_str("</action></recv>\n");
        }
        if line.status() == Some(100) {
            self.out.push_str("<label id=\"heard\"/>\n");
        }
        self.index += 1;
    }

    /// A wrong digest leads to where nothing is ever heard.
    fn verify(&mut self) {
        self.verified += 1;
        let label = self.verified;
        writeln!(
            self.out,
            "<verifyauth assign_to=\"good\" username=\"line\" password=\"s3cret\"/>\n\
             </action></recv>\n<nop next=\"{label}\" test=\"good\"/>\n\
             <recv request=\"NEVER\"/>\n<label id=\"{label}\"/>"
        )
        .unwrap();
        self.names.insert("good".into());
        self.index += 2;
    }

    fn say(&mut self, line: &Line) {
        let (text, repeats) = match line.status() {
            Some(status) => self.response(line, status),
            None => self.request(line),
        };
        let repeats = if repeats { " retrans=\"200\"" } else { "" };
        let mut starts = String::new();
        let asks = match &*line.what {
            "ACK" => false,
            // SIPp wants all of an INVITE's transaction or nothing.
            "INVITE" => self.is_acknowledged,
            _ => line.status().is_none(),
        };
        if asks {
            self.asking = Some(self.index);
            starts = format!(" start_txn=\"t{}\"", self.index);
        }
        match &*line.what {
            "INVITE" => self.inviting[line.dialog()] = self.asking,
            "ACK" => {
                if let Some(number) = self.inviting[line.dialog()].take() {
                    starts = format!(" ack_txn=\"t{number}\"");
                }
            }
            _ => {}
        }
        let (content_type, body) = line.body(self.index + 1);
        let typed = match content_type {
            "" => String::new(),
            kind => format!("Content-Type: {kind}\n"),
        };
        write!(
            self.out,
            "<send{repeats}{starts}><![CDATA[\n{text}{typed}Content-Length: [len]\n\n{body}]]></send>\n"
        )
        .unwrap();
        self.index += 1;
        if line.what == "ACK" && self.settles {
            self.pause(SETTLE_MS);
        }
    }

    fn response(&mut self, line: &Line, status: u16) -> (String, bool) {
        let reliable = line.headers().any(|header| header.starts_with("RSeq"));
        let late = line.flag("late") || (self.first_is_open && self.heard_method == "INVITE");
        let to_invite = late || self.heard_method == "INVITE";
        let makes = (late && self.invited == 1 && !self.calls) || self.heard_method == "REGISTER";
        let tag = match line.word("tag") {
            Some(tag) => format!(";tag=[pid]{tag}[call_number]"),
            None if makes && status > 100 => ";tag=[pid]u[call_number]".into(),
            None => String::new(),
        };
        let mut text = format!("SIP/2.0 {status} As Said\n");
        text += &match late {
            true => format!(
                "Via: [$via]\nFrom: [$from]\nTo: [$to]{tag}\n[last_Call-ID:]\nCSeq: [$cseq]\n"
            ),
            false => {
                format!(
                    "[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n"
                )
            }
        };
        if !line.headers().any(|header| header.starts_with("Contact:")) && status < 300 {
            writeln!(text, "{}", contact(line)).unwrap();
        }
        line.headers().for_each(|header| writeln!(text, "{header}").unwrap());
        (text, (to_invite && status >= 200) || reliable)
    }

    fn request(&mut self, line: &Line) -> (String, bool) {
        let dialog = line.dialog();
        let method = line.what.as_str();
        let known = self.names.contains(&format!("theirs{dialog}"));
        let mut branch = "[branch]".to_owned();
        let cseq = match method {
            "ACK" | "CANCEL" => {
                let (index, cseq) = self.invite[dialog];
                if method == "CANCEL" || self.heard >= 300 {
                    branch = format!("[branch-{}]", self.index - index);
                }
                cseq
            }
            _ => {
                self.cseq[dialog] += 1;
                self.cseq[dialog]
            }
        };
        if let Some(uri) = line.word("uri") {
            self.uris[dialog] = uri.to_owned();
        } else if self.uris[dialog].is_empty() {
            self.uris[dialog] = "sip:100@127.0.0.1:{server}".into();
        }
        let uri = &self.uris[dialog];
        if method == "INVITE" {
            self.invite[dialog] = (self.index, cseq);
            self.heard = 0;
        }
        self.said = method.to_owned();
        let via = line.word("via").unwrap_or("127.0.0.1:{us}");
        let from = match (self.calls, line.word("from")) {
            (_, Some(from)) => from.to_owned(),
            (true, None) => format!("<sip:200@127.0.0.1:{{us}}>;tag=[pid]d{dialog}[call_number]"),
            (false, None) => "[$ours1];tag=[pid]u[call_number]".into(),
        };
        let to = match (known, line.word("to")) {
            (true, _) => format!("[$theirs{dialog}]"),
            (false, Some(to)) => to.to_owned(),
            (false, None) => "<sip:100@127.0.0.1:{server}>".into(),
        };
        let id = if dialog == 1 { "[call_id]".into() } else { format!("{dialog}///[call_id]") };
        let mut text = format!(
            "{method} {uri} SIP/2.0\nVia: SIP/2.0/[transport] {via};branch={branch}\nFrom: {from}\n\
             To: {to}\nCall-ID: {id}\nCSeq: {cseq} {method}\nMax-Forwards: 70\n"
        );
        if !matches!(method, "ACK" | "CANCEL" | "BYE") {
            writeln!(text, "{}", contact(line)).unwrap();
        }
        line.headers().for_each(|header| writeln!(text, "{header}").unwrap());
        (text, method != "ACK")
    }
}

fn contact(line: &Line) -> String {
    format!("Contact: {}", line.word("contact").unwrap_or("<sip:sipp@127.0.0.1:{us}>"))
}
