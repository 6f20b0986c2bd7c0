//! What the menu says, in each of its languages.

use strowger_sdk::{Say, Source};

/// A language of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Mandarin Chinese.
    Chinese,
}

/// Everything that is said after the choice of the language.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Words {
    Main,
    Visit,
    Address,
    Hours,
    Closed,
    Wrong,
    Nobody,
    Goodbye,
}

impl Language {
    /// Its tag, as queues' announcements want it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// Spoken words.
    pub fn says(self, words: Words) -> Source {
        let (english, chinese) = match words {
            Words::Main => (
                "For sales press 1. For opening hours and directions press 2. \
                 For the operator press 0.",
                "销售请按1。营业时间和地址请按2。人工服务请按0。",
            ),
            Words::Visit => (
                "For our address press 1. For opening hours press 2. To go back press star.",
                "地址请按1。营业时间请按2。返回请按星号键。",
            ),
            Words::Address => ("You find us at 1 Exchange Street.", "我们的地址是交换街一号。"),
            Words::Hours => (
                "We are open from Monday to Friday, from 9 to half past 5.",
                "营业时间为星期一至星期五，九点到十七点三十分。",
            ),
            Words::Closed => ("We are closed now.", "现在是非营业时间。"),
            Words::Wrong => ("Sorry, I did not understand.", "对不起，没有听清。"),
            Words::Nobody => ("Nobody is free. Please call again later.", "座席全忙，请稍后再拨。"),
            Words::Goodbye => ("Good bye.", "再见。"),
        };
        match self {
            Self::English => Say::text("en", english),
            Self::Chinese => Say::text("zh", chinese),
        }
    }
}
