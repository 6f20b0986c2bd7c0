use crate::support::{loudness, samples};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use strowger_engine::speech::{Audio, EspeakProcess, MAX_TEXT_CHARS, Speech, SpeechError, Tts};
use strowger_rtp::Law;

#[tokio::test]
async fn english_is_spoken_by_the_engine_inside() {
    let speech = Speech::default();
    let short = speech.speak("en-US", "Welcome.").await.unwrap();
    let long = speech
        .speak("en", "Welcome. All our agents are busy, please hold the line.")
        .await
        .unwrap();
    assert!((300..3_000).contains(&short.duration_ms()), "{}", short.duration_ms());
    assert!(long.duration_ms() > 2 * short.duration_ms());
    assert!(loudness(&samples(&long, Law::Pcmu)) > 300.0);
}

#[tokio::test]
async fn chinese_is_spoken_by_espeak_ng() {
    // A package that the tests' set-up installs.
    let speech = Speech::default();
    let spoken = speech.speak("zh-CN", "您好，欢迎致电，请按一。").await.unwrap();
    assert!((1_000..10_000).contains(&spoken.duration_ms()), "{}", spoken.duration_ms());
    assert!(loudness(&samples(&spoken, Law::Pcma)) > 300.0);
}

#[tokio::test]
async fn a_text_is_data_and_never_an_option_or_a_command() {
    let speech = Speech::new(vec![Box::new(EspeakProcess::default())]);
    let spoken = speech.speak("de", "--version; $(touch /tmp/x) `id` -w /tmp/y.wav").await.unwrap();
    assert!(spoken.duration_ms() > 1_000, "the text was not spoken");
    for language in ["-w", "../de", "", "d e", "zh;id"] {
        let error = speech.speak(language, "hello").await.unwrap_err();
        assert!(matches!(error, SpeechError::Language(_)), "{language:?}: {error}");
    }
    let error = speech.speak("qqq", "hello").await.unwrap_err();
    assert_eq!(error, SpeechError::Language("qqq".to_owned()));
}

#[tokio::test]
async fn without_espeak_ng_the_error_says_what_to_install() {
    let speech = Speech::new(vec![Box::new(EspeakProcess::new("/nowhere/espeak-ng"))]);
    let error = speech.speak("zh", "您好").await.unwrap_err();
    assert_eq!(error, SpeechError::NotInstalled("zh".to_owned()));
    assert!(error.to_string().contains("install the package espeak-ng"));
}

#[tokio::test]
async fn nothing_and_too_much_are_refused() {
    let speech = Speech::default();
    assert_eq!(speech.speak("en", " ... ").await.unwrap_err(), SpeechError::Empty);
    let text = "word ".repeat(MAX_TEXT_CHARS);
    assert!(matches!(speech.speak("en", &text).await.unwrap_err(), SpeechError::TooLong(_)));
}

#[tokio::test]
async fn a_hanging_process_is_ended_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("espeak-ng");
    std::fs::write(&program, "#!/bin/sh\nsleep 600\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let engine = EspeakProcess::new(&program).time_limit(Duration::from_millis(200));
    let start = Instant::now();
    let error = Speech::new(vec![Box::new(engine)]).speak("zh", "您好").await.unwrap_err();
    assert!(matches!(error, SpeechError::TimedOut(_)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Tts for Counted {
    fn speaks(&self, language: &str) -> bool {
        language == "xx"
    }

    fn speak(&self, _: &str, _: &str) -> Result<Audio, SpeechError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Audio { samples: vec![1_000; 16_000], rate: 16_000 })
    }
}

#[tokio::test]
async fn a_text_is_spoken_once_and_then_remembered() {
    let count = Arc::new(AtomicUsize::new(0));
    let speech = Speech::new(vec![Box::new(Counted(Arc::clone(&count)))]);
    let first = speech.speak("xx", "hello").await.unwrap();
    assert_eq!(first.duration_ms(), 1_000);
    assert!(Arc::ptr_eq(&first, &speech.speak("xx", " hello ").await.unwrap()));
    speech.speak("xx", "goodbye").await.unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 2);
    assert!(matches!(speech.speak("yy", "hello").await.unwrap_err(), SpeechError::Language(_)));
}
