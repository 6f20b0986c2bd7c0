use crate::support::engine;
use strowger_engine::media::LegSpec;
use tokio::sync::mpsc;

fn media_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("media-")).count()
}

#[test]
fn two_hundred_legs_need_no_more_threads_than_one() {
    let engine = engine();
    let open = || {
        let (events, _) = mpsc::channel(1);
        engine.handle().open(LegSpec { events, tag: 0, group: 0 }).unwrap()
    };
    let mut legs = vec![open()];
    // Other tests of this process start and stop engines meanwhile; the count of
    // threads must stay far below that of legs.
    let before = media_threads();
    legs.extend((1..200).map(|_| open()));
    assert!(media_threads() < before + 100, "{before} became {}", media_threads());
}
