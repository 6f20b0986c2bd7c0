//! Compares what a component exports and imports with what this host has, by
//! name. Types are compared by the linker; names come first because a missing
//! one is the usual mistake and deserves the better message.

use super::UploadError;
use crate::host::wasi;
use crate::program::World;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldItem};

/// The contract itself; the file with the package's name comes first.
const WIT: &str = concat!(
    include_str!("../../../../wit/types.wit"),
    include_str!("../../../../wit/flow.wit"),
    include_str!("../../../../wit/router.wit"),
    include_str!("../../../../wit/pacer.wit"),
);

/// Interfaces by full name, each with its functions.
type Offered = BTreeMap<String, BTreeSet<String>>;

static OFFERED: LazyLock<Result<Offered, String>> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("strowger.wit", WIT).map_err(|error| format!("{error:#}"))?;
    let mut offered = Offered::new();
    for &interface in resolve.packages[package].interfaces.values() {
        let name = resolve.id_of(interface).ok_or("an interface without a name")?;
        offered.insert(name, resolve.interfaces[interface].functions.keys().cloned().collect());
    }
    Ok(offered)
});

/// What a component is.
#[derive(Debug)]
pub(super) struct Found {
    /// The worlds it serves; at least one.
    pub worlds: Vec<World>,
    /// Whether it imports interfaces of WASI.
    pub uses_wasi: bool,
}

/// The worlds a component serves; an error if there is none or if it needs
/// something that is not here.
pub(super) fn check(component: &[u8]) -> Result<Found, UploadError> {
    let offered = OFFERED.as_ref().map_err(|error| {
        UploadError::Invalid(format!("the server's own WIT is broken: {error}"))
    })?;
    let (resolve, world) = match wit_component::decode(component) {
        Ok(DecodedWasm::Component(resolve, world)) => (resolve, world),
        Ok(DecodedWasm::WitPackage(..)) => return Err(UploadError::WitPackage),
        Err(error) => return Err(UploadError::Invalid(format!("{error:#}"))),
    };
    let world = &resolve.worlds[world];
    let mut uses_wasi = false;
    for (key, item) in &world.imports {
        let name = resolve.name_world_key(key);
        match item {
            WorldItem::Interface { id, .. } => {
                uses_wasi |= wasi::offers(&name);
                let wanted = &resolve.interfaces[*id].functions;
                check_interface(&name, wanted.keys(), offered)?;
            }
            WorldItem::Function(_) => {
                return Err(UploadError::UnknownImport {
                    import: name,
                    hint: interfaces_in_words(offered),
                });
            }
            WorldItem::Type { .. } => {}
        }
    }
    let exports: Vec<String> =
        world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
    let worlds: Vec<World> = World::ALL
        .into_iter()
        .filter(|world| exports.iter().any(|export| export == world.export()))
        .collect();
    if worlds.is_empty() {
        let found = if exports.is_empty() {
            "nothing".to_owned()
        } else {
            exports.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        return Err(UploadError::WrongWorld { found });
    }
    Ok(Found { worlds, uses_wasi })
}

fn check_interface<'a>(
    name: &str,
    functions: impl Iterator<Item = &'a String>,
    offered: &Offered,
) -> Result<(), UploadError> {
    if wasi::offers(name) {
        return Ok(());
    }
    let Some((own_name, has)) = offered.iter().find(|(own, _)| compatible(own, name)) else {
        return Err(UploadError::UnknownImport {
            import: name.to_owned(),
            hint: hint_for(name, offered),
        });
    };
    for function in functions {
        if !has.contains(function) {
            let names: Vec<&str> = has.iter().map(String::as_str).collect();
            return Err(UploadError::UnknownImport {
                import: format!("{name}#{function}"),
                hint: format!("`{own_name}` has: {}", names.join(", ")),
            });
        }
    }
    Ok(())
}

/// Whether an import of `wanted` may be served by `own`: same interface, and
/// versions that differ only where Semantic Versioning allows it.
fn compatible(own: &str, wanted: &str) -> bool {
    let split = |name: &str| -> (String, Option<(String, u64)>) {
        match name.split_once('@') {
            None => (name.to_owned(), None),
            Some((base, version)) => {
                let mut parts = version.splitn(3, '.');
                let major = parts.next().unwrap_or_default();
                let minor = parts.next().unwrap_or_default();
                let patch = parts.next().and_then(|p| p.parse().ok()).unwrap_or(0);
                let line = if major == "0" { format!("0.{minor}") } else { major.to_owned() };
                let rank = if major == "0" { patch } else { minor.parse().unwrap_or(0) };
                (base.to_owned(), Some((line, rank)))
            }
        }
    };
    match (split(own), split(wanted)) {
        ((own_base, Some((own_line, own_rank))), (base, Some((line, rank)))) => {
            own_base == base && own_line == line && own_rank >= rank
        }
        (own, wanted) => own == wanted,
    }
}

fn hint_for(name: &str, offered: &Offered) -> String {
    if name.starts_with("wasi:sockets") || name.starts_with("wasi:http") {
        return "programs have no network; ask with `http-request` of `strowger:platform/http`"
            .into();
    }
    if name.starts_with("wasi:filesystem") {
        return "programs have no files; keep small values with `strowger:platform/storage`".into();
    }
    if name.starts_with("strowger:platform/") {
        return format!(
            "it was built for another version of Strowger; this one has: {}",
            offered.keys().cloned().collect::<Vec<_>>().join(", ")
        );
    }
    interfaces_in_words(offered)
}

fn interfaces_in_words(offered: &Offered) -> String {
    let names: Vec<&str> = offered.keys().map(String::as_str).collect();
    format!("what there is: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_patches_of_the_same_line_are_served_newer_ones_are_not() {
        assert!(compatible("a:b/c@0.1.2", "a:b/c@0.1.0"));
        assert!(!compatible("a:b/c@0.1.2", "a:b/c@0.1.3"));
        assert!(!compatible("a:b/c@0.2.0", "a:b/c@0.1.0"));
        assert!(compatible("a:b/c@1.4.0", "a:b/c@1.2.9"));
        assert!(!compatible("a:b/c@1.4.0", "a:b/d@1.4.0"));
    }
}
