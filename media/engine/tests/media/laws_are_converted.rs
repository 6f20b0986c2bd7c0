use crate::support::{Phone, engine};
use strowger_engine::media::Law;

#[test]
fn parties_of_different_laws_understand_each_other() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 4, Law::Pcmu);
    let b = Phone::talking(&engine, 4, Law::Pcma);
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    let wave = |law: Law| -> Vec<u8> {
        (0..160)
            .map(|at| law.encode((f64::from(at) * 0.3).sin().mul_add(12_000.0, 0.0) as i16))
            .collect()
    };
    for (from, to, law, other) in [(&a, &b, Law::Pcmu, Law::Pcma), (&b, &a, Law::Pcma, Law::Pcmu)] {
        from.say(law.payload_type(), 1, 160, &wave(law));
        let heard = to.hear_sound();
        assert_eq!(heard.header.payload_type, other.payload_type());
        for (got, said) in heard.payload.iter().zip(wave(law)) {
            let (got, said) = (i32::from(other.decode(*got)), i32::from(law.decode(said)));
            assert!((got - said).abs() <= (said.abs() / 16).max(16), "{said} was heard as {got}");
        }
    }
}
