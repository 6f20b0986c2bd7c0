//! What is heard, in words.

/// A source as in `wit/flow.wit`, in words.
pub(crate) fn in_words(source: &str) -> String {
    let (kind, rest) = source.split_once(':').unwrap_or((source, ""));
    match (kind, rest.split_once(':')) {
        ("text", Some((language, text))) => format!("“{text}” ({language})"),
        ("file", _) => format!("the prompt {rest}"),
        ("tone", _) => format!("the tone {rest}"),
        ("silence", _) => format!("{rest} ms of silence"),
        ("music", _) => format!("the music {rest}"),
        ("queue", Some(("position", language))) => format!("the place in the queue ({language})"),
        ("queue", Some(("wait", language))) => format!("the expected wait ({language})"),
        _ => source.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn sources_are_told_as_people_say_them() {
        assert_eq!(in_words("text:en:Welcome: hello"), "“Welcome: hello” (en)");
        assert_eq!(in_words("file:welcome"), "the prompt welcome");
        assert_eq!(in_words("queue:position:en"), "the place in the queue (en)");
        assert_eq!(in_words("smell:roses"), "smell:roses");
    }
}
