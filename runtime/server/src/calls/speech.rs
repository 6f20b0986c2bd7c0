//! What a leg is offered or answered: codecs in the order that spares
//! transcoding, and keys where media is to be encrypted.

use crate::tenants::config::TenantConfig;
use strowger_engine::media::{Codec as MediaCodec, MasterKey, Profile, SrtpKeys};
use strowger_model::TrunkId;
use strowger_model::rules::SrtpRule;
use strowger_sip::{Codec, CodecOrder, MediaOptions, Srtp, SrtpKey};
use strowger_store::rules;

/// What phones are spoken with unless the rules say otherwise. G.711 first: it is
/// what the other party of a call that comes over a trunk speaks.
const OF_PHONES: [Codec; 4] = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];

/// Who is at a leg's other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A phone of the tenant.
    Phone,
    /// A carrier, over this trunk.
    Trunk(TrunkId),
    /// A carrier, over whichever trunk takes the call.
    Route,
}

/// What the leg speaks. What the other legs of its call speak, or could (`first`),
/// comes first: then nothing has to be transcoded.
pub fn codecs(config: &TenantConfig, end: End, first: &[Codec]) -> Vec<Codec> {
    let named = |names: &[strowger_model::rules::CodecName]| -> Vec<Codec> {
        names.iter().map(|name| rules::codec(*name)).collect()
    };
    let mut spoken = match end {
        End::Phone => named(&config.rules.phones.codecs),
        End::Trunk(id) => {
            let trunk = config.trunks.iter().find(|trunk| trunk.id == id);
            trunk.map(|trunk| named(&trunk.rules.codecs)).unwrap_or_default()
        }
        End::Route => {
            let mut all = Vec::new();
            for trunk in config.trunks.iter().filter(|trunk| trunk.settings.proxy.is_some()) {
                match named(&trunk.rules.codecs) {
                    empty if empty.is_empty() => all.extend(Codec::ALL),
                    rules => all.extend(rules),
                }
            }
            all
        }
    };
    if spoken.is_empty() {
        match end {
            End::Phone => spoken.extend(OF_PHONES),
            End::Trunk(_) | End::Route => spoken.extend(Codec::ALL),
        }
    }
    let mut ordered: Vec<Codec> = Vec::with_capacity(spoken.len());
    let wanted = first.iter().filter(|codec| spoken.contains(codec)).chain(&spoken);
    for codec in wanted {
        if !ordered.contains(codec) {
            ordered.push(*codec);
        }
    }
    ordered
}

/// What is not plain G.711. `known`: the other party's codec is decided, so our
/// order counts and not the offer's.
pub fn options(config: &TenantConfig, known: bool) -> MediaOptions {
    let secures = |rule: SrtpRule| rule != SrtpRule::Off;
    let secured = secures(config.rules.phones.srtp)
        || config.trunks.iter().any(|trunk| secures(trunk.rules.srtp));
    let keys = match secured {
        true => Profile::ALL.map(key).to_vec(),
        false => Vec::new(),
    };
    let order = if known { CodecOrder::Answerer } else { CodecOrder::Offerer };
    MediaOptions { order, keys, ..MediaOptions::default() }
}

fn key(profile: Profile) -> SrtpKey {
    let mut random = [0; MasterKey::MAX_LEN];
    rand::fill(&mut random[..]);
    SrtpKey {
        suite: profile.sdp_name().to_owned(),
        key: MasterKey::from_random(profile, random).to_sdp(),
    }
}

/// The keys that were agreed on; `None` if one of them is none.
pub fn keys(srtp: &Srtp) -> Option<SrtpKeys> {
    let read = |key: &SrtpKey| MasterKey::from_sdp(Profile::from_sdp(&key.suite)?, &key.key);
    Some(SrtpKeys { send: read(&srtp.ours)?, receive: read(&srtp.theirs)? })
}

/// Signalling and media each have their own word for a codec.
pub fn media_codec(codec: Codec) -> MediaCodec {
    match codec {
        Codec::Pcmu => MediaCodec::Pcmu,
        Codec::Pcma => MediaCodec::Pcma,
        Codec::G722 => MediaCodec::G722,
        Codec::Opus => MediaCodec::Opus,
        Codec::G729 => MediaCodec::G729,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_way_through_sdp() {
        for profile in Profile::ALL {
            let (ours, theirs) = (key(profile), key(profile));
            assert_ne!(ours.key, theirs.key);
            let read = keys(&Srtp { ours: ours.clone(), theirs: theirs.clone() }).unwrap();
            assert_eq!((read.send.to_sdp(), read.receive.to_sdp()), (ours.key, theirs.key));
        }
        let wrong = SrtpKey { suite: "AES_CM_128_HMAC_SHA1_80".into(), key: "short".into() };
        assert!(keys(&Srtp { ours: wrong.clone(), theirs: wrong }).is_none());
    }
}
