//! The files that a container is built from: what `run --watch` looks at.

use crate::config::Settings;
use crate::input::recipe::{Recipe, Source};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The most files of a folder that are looked at, and how deep.
const FILES: usize = 4096;
const DEPTH: usize = 8;

/// The files that an image is built from, sorted; some may not exist. `container` is a container.toml or its folder.
pub(crate) fn inputs(container: &Path) -> Vec<PathBuf> {
    let recipe_file =
        if container.is_dir() { container.join("container.toml") } else { container.to_owned() };
    let folder = match recipe_file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut files = BTreeSet::from([recipe_file, folder.join("tinycontainer.toml")]);
    files.extend(Settings::at(&folder).ok().and_then(|settings| settings.project));
    // A recipe with errors names nothing: it is built again when it has changed itself.
    if let Ok(recipe) = Recipe::read(container) {
        files.extend(recipe.files(None));
        match &recipe.source {
            Source::C(sources) => {
                let beside =
                    sources.iter().filter_map(|source| folder.join(source).parent().map(Path::to_owned));
                let folders: BTreeSet<_> = beside.chain([folder.clone()]).collect();
                folders.iter().for_each(|folder| tree(folder, is_header, &mut files));
            }
            Source::Rust(_) => tree(&workspace(&folder), is_rust, &mut files),
            Source::Wasm(_) => {}
        }
    }
    files.into_iter().collect()
}

/// The nearest folder with a Cargo.toml.
fn workspace(folder: &Path) -> PathBuf {
    let has = |folder: &Path| folder.join("Cargo.toml").is_file();
    if has(folder) {
        return folder.to_owned();
    }
    let whole = folder.canonicalize().unwrap_or_default();
    whole.ancestors().find(|above| has(above)).unwrap_or(folder).to_owned()
}

fn is_header(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["h", "inc", "def"].iter().any(|header| extension == *header))
}

/// Code may include any file of `src`.
fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
        || ["Cargo.toml", "rust-toolchain.toml", "link.toml"].iter().any(|name| path.ends_with(name))
        || path.ancestors().skip(1).any(|above| above.ends_with("src"))
}

/// The files of a folder and of those in it, without hidden ones and `target`.
fn tree(folder: &Path, counts: impl Fn(&Path) -> bool, files: &mut BTreeSet<PathBuf>) {
    let mut left = FILES;
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((of, depth)) = open.pop() {
        for entry in fs::read_dir(of).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name == "target" || name.to_string_lossy().starts_with('.') || left == 0 {
                continue;
            }
            left -= 1;
            let path = entry.path();
            if path.is_dir() {
                if depth < DEPTH {
                    open.push((path, depth + 1));
                }
            } else if counts(path.strip_prefix(folder).unwrap_or(&path)) {
                files.insert(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "uid = \"x\"\nversion = 1\n";

    fn names(folder: &Path, files: &[(&str, &str)]) -> Vec<String> {
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        inputs(folder).iter().map(name).collect()
    }

    #[test]
    fn of_c_the_sources_and_headers_count_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let recipe = format!("{HEAD}data = \"d.bin\"\n[build]\nc = [\"main.c\"]\n");
        let files = [
            ("container.toml", recipe.as_str()),
            ("main.c", ""),
            ("test.c", ""),
            ("sdk/include/x.h", ""),
            ("README.md", ""),
            ("run.log", ""),
            ("target/x.h", ""),
            (".git/x.h", ""),
            ("x.tci", ""),
        ];
        assert_eq!(
            names(dir.path(), &files),
            ["container.toml", "d.bin", "main.c", "sdk/include/x.h", "tinycontainer.toml"]
        );
    }

    #[test]
    fn of_rust_the_package_counts() {
        let dir = tempfile::tempdir().unwrap();
        let recipe = format!("{HEAD}[build]\nrust = \"x\"\n");
        let files = [
            ("container.toml", recipe.as_str()),
            ("Cargo.toml", ""),
            ("Cargo.lock", ""),
            ("src/lib.rs", ""),
            ("src/table.txt", ""),
            ("sdk/guest/src/lib.rs", ""),
            ("README.md", ""),
            ("target/a.rs", ""),
        ];
        assert_eq!(
            names(dir.path(), &files),
            [
                "Cargo.toml",
                "container.toml",
                "sdk/guest/src/lib.rs",
                "src/lib.rs",
                "src/table.txt",
                "tinycontainer.toml"
            ]
        );
    }
}
