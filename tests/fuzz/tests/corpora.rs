//! Every target over its kept corpus, and over as many changes to it as a few
//! seconds allow. What fails is written to a file and its seed is printed;
//! `STROWGER_FUZZ_SEED` begins with another one.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use strowger_fuzz::mutate::{Dice, mutate};
use strowger_fuzz::{Target, targets};

const FIRST_SEED: u64 = 1;

fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let entries = std::fs::read_dir(&folder).expect("every target has a corpus");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no corpus", target.name);
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("readable"))).collect()
}

fn run(target: &Target, bytes: &[u8], what: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))) {
        let kept = std::env::temp_dir().join(format!("strowger-fuzz-{}", target.name));
        let written = std::fs::write(&kept, bytes);
        eprintln!(
            "{} fails on {what}; the input is in {} ({written:?})",
            target.name,
            kept.display()
        );
        resume_unwind(panic);
    }
}

fn hammer(name: &str) {
    let target = targets().find(|target| target.name == name).expect("a target of this name");
    let corpus = corpus(target);
    for (path, bytes) in &corpus {
        run(target, bytes, &path.display().to_string());
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    let given = std::env::var("STROWGER_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok());
    let first = given.unwrap_or(FIRST_SEED);
    for seed in first..first + u64::from(target.mutations) {
        let bytes = mutate(&mut Dice::new(seed), &inputs, target.words);
        run(target, &bytes, &format!("seed {seed}"));
    }
}

macro_rules! tests {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                hammer(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_tested() {
            let names: Vec<_> = targets().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

tests!(sip, sip_stream, sdp, rtp, rtcp, srtp, codecs, prompt, digest, upload, journal);
