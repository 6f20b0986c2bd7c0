//! New projects from templates, each with a test that passes.

use crate::BuildError;
use std::path::{Path, PathBuf};

/// Longest name of a project; what package registries take.
const MAX_NAME: usize = 64;

/// What a new project is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// A call program: menu, digits, queue, opening hours.
    Ivr,
    /// An agent-selection strategy.
    Router,
    /// Dialer pacing.
    Pacer,
}

impl Template {
    /// Every template.
    pub const ALL: [Template; 3] = [Template::Ivr, Template::Router, Template::Pacer];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ivr => "ivr",
            Self::Router => "router",
            Self::Pacer => "pacer",
        }
    }

    fn files(self) -> (&'static str, &'static str) {
        match self {
            Self::Ivr => (
                include_str!("../templates/ivr/lib.rs.in"),
                include_str!("../templates/ivr/test.rs.in"),
            ),
            Self::Router => (
                include_str!("../templates/router/lib.rs.in"),
                include_str!("../templates/router/test.rs.in"),
            ),
            Self::Pacer => (
                include_str!("../templates/pacer/lib.rs.in"),
                include_str!("../templates/pacer/test.rs.in"),
            ),
        }
    }
}

impl std::str::FromStr for Template {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        // What the menu is called where no other is thought of.
        let name = if name == "flow" { "ivr" } else { name };
        Self::ALL
            .into_iter()
            .find(|template| template.name() == name)
            .ok_or_else(|| format!("there is no template `{name}`: use ivr, router or pacer"))
    }
}

/// Where a new project takes the SDK from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SdkSource {
    /// The `sdk` folder of a checkout.
    Path(PathBuf),
    /// A released version.
    Version(String),
}

impl SdkSource {
    /// `STROWGER_SDK` if it is set; the checkout this program was built from if
    /// it is still there; else the release of this program's version.
    pub fn detect() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        match std::env::var_os("STROWGER_SDK") {
            Some(path) => Self::Path(path.into()),
            None => match checkout.canonicalize() {
                Ok(path) if path.join("rust/Cargo.toml").exists() => Self::Path(path),
                _ => Self::Version(env!("CARGO_PKG_VERSION").to_owned()),
            },
        }
    }

    fn dependency(&self, folder: &str) -> String {
        match self {
            // A TOML string is written like a JSON string.
            Self::Path(path) => {
                let path = path.join(folder).to_string_lossy().into_owned();
                format!("{{ path = {} }}", serde_json::Value::String(path))
            }
            Self::Version(version) => format!("\"{version}\""),
        }
    }
}

/// Makes a project in `dir`, which must be new or empty and whose last part is
/// the project's name. Gives the files it wrote.
pub fn new_project(
    dir: &Path,
    template: Template,
    sdk: &SdkSource,
) -> Result<Vec<PathBuf>, BuildError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    check_name(&name)?;
    let in_use = match std::fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    if in_use {
        return Err(BuildError::FolderInUse(dir.to_owned()));
    }
    let (lib, test) = template.files();
    let fill = |text: &str| {
        text.replace("{{name}}", &name)
            .replace("{{crate}}", &name.replace('-', "_"))
            .replace("{{sdk}}", &sdk.dependency("rust"))
            .replace("{{testkit}}", &sdk.dependency("testkit"))
    };
    let mut files = vec![
        ("Cargo.toml".to_owned(), fill(include_str!("../templates/Cargo.toml.in"))),
        ("src/lib.rs".to_owned(), fill(lib)),
        (format!("tests/{}.rs", template.name()), fill(test)),
        (".gitignore".to_owned(), "/target\n/*.wasm\n".to_owned()),
    ];
    if template == Template::Ivr {
        let call = fill(include_str!("../templates/ivr/call.txt.in"));
        files.push(("calls/support.txt".to_owned(), call));
    }
    let mut written = Vec::new();
    for (file, text) in files {
        let path = dir.join(file);
        let folder = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).map_err(|error| BuildError::file(folder, error))?;
        std::fs::write(&path, text).map_err(|error| BuildError::file(&path, error))?;
        written.push(path);
    }
    Ok(written)
}

fn check_name(name: &str) -> Result<(), BuildError> {
    let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if begins_well && goes_on && name.len() <= MAX_NAME {
        return Ok(());
    }
    Err(BuildError::BadName(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("my-flow");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("precious"), "").unwrap();
        let result = new_project(&dir, Template::Ivr, &SdkSource::detect());
        assert!(matches!(result, Err(BuildError::FolderInUse(_))));
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
    }

    #[test]
    fn a_name_that_cargo_would_refuse_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["My Flow", "1st", "flöte", "a_b", "-x"] {
            let dir = folder.path().join(name);
            let result = new_project(&dir, Template::Ivr, &SdkSource::detect());
            assert!(matches!(result, Err(BuildError::BadName(_))), "{name}");
            assert!(!dir.exists());
        }
    }

    #[test]
    fn a_release_is_named_by_its_version_and_a_checkout_by_its_path() {
        assert_eq!(SdkSource::Version("0.1.0".into()).dependency("rust"), "\"0.1.0\"");
        let path = SdkSource::Path("/a \"b\"/sdk".into()).dependency("rust");
        assert_eq!(path, r#"{ path = "/a \"b\"/sdk/rust" }"#);
        assert!(matches!(SdkSource::detect(), SdkSource::Path(_)));
    }
}
