//! `new`: a folder to begin a container with.

use crate::cmd::answer::Answer;
use crate::done;
use crate::new::folder::{NewFile, Plan, files};
use crate::new::template::{Lang, Template};
use crate::text::document;
use crate::text::error::with_help;
use crate::text::style::{GOOD, NAME};
use anyhow::{Context, Result, anyhow};
use serde::Serialize;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use tinycontainer_metadata::{MAX_UID, is_uid};

/// Begin a container: a new folder with everything to build, run and test it.
///
/// It has the source with the three hooks and a unit test, container.toml, the guest SDK, a TEST key, a TEST trust store,
/// and what its virtual devices answer. `tinycontainerctl run` in it builds and runs it.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  tinycontainerctl new sensor\n  cd sensor && tinycontainerctl run --for 5s\n\n\
Three that work together:\n  tinycontainerctl new sensor\n  \
tinycontainerctl new filter --template filter --from container:sensor:2 --to container:actuator:1\n  \
tinycontainerctl new actuator --lang c --template actuator --from container:filter:2"
)]
pub(crate) struct Args {
    /// The folder. Its last part is the container's uid.
    name: PathBuf,
    #[arg(long, value_enum, default_value = "rust")]
    lang: Lang,
    #[arg(long, value_enum, default_value = "sensor")]
    template: Template,
    /// The peer that it reads from: i2c:72, container:UID:ENDPOINT. Default: that of the template.
    #[arg(long, value_name = "PEER")]
    from: Option<String>,
    /// The peer that it writes to.
    #[arg(long, value_name = "PEER")]
    to: Option<String>,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Begun<'a> {
    folder: String,
    uid: &'a str,
    /// Relative to the folder.
    files: Vec<&'a str>,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let Some(name) = args.name.file_name() else {
        return Err(with_help(
            format!("{} is a folder that is there, and `new` makes a new one", args.name.display()),
            "name the folder to make, as in `tinycontainerctl new sensor`: that is the uid of the container, too",
        ));
    };
    let name = name.to_str().unwrap_or_default();
    check_name(name, args.lang)?;
    let files = files(&Plan {
        name: name.into(),
        lang: args.lang,
        template: args.template,
        from: args.from.clone(),
        to: args.to.clone(),
    })?;
    let folder = &args.name;
    // Fails if anything is there, so that nothing can be lost.
    fs::create_dir(folder).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            with_help(format!("{} is there already", folder.display()), "choose another name")
        }
        _ => anyhow!(error).context(format!("cannot make the folder {}", folder.display())),
    })?;
    for file in &files {
        put(folder, file).with_context(|| format!("{} is not complete", folder.display()))?;
    }
    if args.json {
        let files = files.iter().map(|file| file.path.as_str()).collect();
        document::print("new", &Begun { folder: folder.display().to_string(), uid: name, files })?;
        return Ok(Answer::Yes);
    }
    done!(
        "{GOOD}{}{GOOD:#}: the container {NAME}{name}{NAME:#}, with a TEST key and a TEST trust store",
        folder.display()
    );
    done!("  next: cd {} && tinycontainerctl run", folder.display());
    Ok(Answer::Yes)
}

fn check_name(name: &str, lang: Lang) -> Result<()> {
    if !is_uid(name.as_bytes()) {
        return Err(with_help(
            format!("`{name}` cannot be a uid"),
            format!("a uid has 1 to {MAX_UID} of A-Z a-z 0-9 . _ -"),
        ));
    }
    // What cargo takes as the name of a package that can be compiled.
    let package = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.contains('.')
        && !RESERVED.contains(&name);
    if lang == Lang::Rust && !package {
        return Err(with_help(
            format!("`{name}` cannot be the name of a Rust package"),
            "it begins with a letter, has no `.`, and is not a word of the language or one of its crates",
        ));
    }
    Ok(())
}

/// Names that Rust or its test harness uses, and those of the SDK.
const RESERVED: [&str; 64] = [
    "Self",
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "tinycontainer-abi",
    "tinycontainer-guest",
    "tinycontainer_abi",
    "tinycontainer_guest",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
];

fn put(folder: &Path, file: &NewFile) -> Result<()> {
    let path = folder.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if file.secret {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(&path)
        .and_then(|mut to| to.write_all(file.text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
