//! What a waiting caller is told of the wait, in words to be spoken.

/// "You are number three" in the language asked for; English where there is none.
pub fn position(language: &str, position: u32) -> String {
    match (is_chinese(language), position) {
        (true, 0 | 1) => "您是下一位，请稍候。".to_owned(),
        (true, n) => format!("您目前排在第{n}位，请稍候。"),
        (false, 0 | 1) => "You are next in line.".to_owned(),
        (false, n) => format!("You are number {n} in the queue."),
    }
}

/// The expected wait, rounded up to whole minutes: a promise that is kept early
/// is better than one that is not.
pub fn wait(language: &str, expected_ms: u64) -> String {
    let minutes = expected_ms.div_ceil(60_000).max(1);
    match (is_chinese(language), minutes) {
        (true, 1) => "预计等待时间不到一分钟。".to_owned(),
        (true, n) => format!("预计等待时间约{n}分钟。"),
        (false, 1) => "The expected wait is less than a minute.".to_owned(),
        (false, n) => format!("The expected wait is about {n} minutes."),
    }
}

fn is_chinese(language: &str) -> bool {
    let language = language.to_ascii_lowercase();
    language == "zh" || language.starts_with("zh-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_rounded_up() {
        assert_eq!(wait("en", 0), "The expected wait is less than a minute.");
        assert_eq!(wait("en", 60_001), "The expected wait is about 2 minutes.");
        assert_eq!(wait("zh-CN", 180_000), "预计等待时间约3分钟。");
    }

    #[test]
    fn the_first_in_line_is_not_called_number_one() {
        assert_eq!(position("en", 1), "You are next in line.");
        assert_eq!(position("en-GB", 12), "You are number 12 in the queue.");
        assert_eq!(position("zh", 2), "您目前排在第2位，请稍候。");
    }
}
