//! No file of a crate imports, by any path, a file that imports it: the files of each crate are layers.
//!
//! Every path that begins with `crate::`, `super::` or `self::` is an import of the file whose module it names. A name
//! that a `lib.rs` or `mod.rs` re-exports (`pub use`) is an import of the file that defines it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Item, UseTree};

/// A module by its path from the crate's root.
type Module = Vec<String>;

#[derive(Default)]
struct Crate {
    /// The file of each module.
    files: BTreeMap<Module, PathBuf>,
    /// The names that a module re-exports, and their paths in the crate.
    handed_on: BTreeMap<(Module, String), Vec<String>>,
    /// The paths that each module names.
    named: BTreeMap<Module, BTreeSet<Vec<String>>>,
}

impl Crate {
    fn read(root: &Path) -> Self {
        let mut krate = Self::default();
        krate.read_module(root, root.parent().unwrap(), Vec::new());
        krate
    }

    /// Reads a module's file, whose submodules are in `folder`.
    fn read_module(&mut self, file: &Path, folder: &Path, module: Module) {
        let source = fs::read_to_string(file).unwrap();
        let syntax = syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.files.insert(module.clone(), file.to_owned());
        let mut paths = Paths { module: &module, found: BTreeSet::new(), handed_on: Vec::new() };
        paths.visit_file(&syntax);
        let Paths { found, handed_on, .. } = paths;
        for (name, path) in handed_on {
            self.handed_on.insert((module.clone(), name), path);
        }
        self.named.insert(module.clone(), found);
        for item in &syntax.items {
            let Item::Mod(declared) = item else { continue };
            if declared.content.is_some() || is_test(&declared.attrs) {
                continue;
            }
            let name = declared.ident.to_string();
            let child = [&module[..], std::slice::from_ref(&name)].concat();
            let (flat, nested) = (folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs"));
            let elsewhere = declared.attrs.iter().find_map(path_of);
            let elsewhere = elsewhere.map(|path| file.parent().unwrap().join(path));
            let file = elsewhere.unwrap_or(if flat.exists() { flat } else { nested });
            self.read_module(&file, &folder.join(&name), child);
        }
    }

    /// The module that defines what a path names; `None` if that is not in this crate.
    fn module_of(&self, path: &[String]) -> Option<Module> {
        let mut path = path.to_vec();
        // A name can be re-exported several times.
        for _ in 0..8 {
            let depth = (0..=path.len()).rev().find(|depth| self.files.contains_key(&path[..*depth]))?;
            let module = path[..depth].to_vec();
            let name = path.get(depth).cloned();
            match name.and_then(|name| self.handed_on.get(&(module.clone(), name))) {
                Some(from) => path = [&from[..], &path[depth + 1..]].concat(),
                None => return Some(module),
            }
        }
        None
    }

    /// Which files each file imports. A file that only declares modules and re-exports names imports none.
    fn imports(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut imports: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
        for (module, paths) in &self.named {
            let from = &*self.files[module];
            for to in paths.iter().filter_map(|path| self.module_of(path)) {
                let to = &*self.files[&to];
                if to != from {
                    imports.entry(from).or_default().insert(to);
                }
            }
        }
        imports
    }
}

/// The file in an attribute `#[path = "file"]`.
fn path_of(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) if pair.path.is_ident("path") => {
            Some(path.value())
        }
        _ => None,
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

struct Paths<'m> {
    module: &'m [String],
    found: BTreeSet<Vec<String>>,
    handed_on: Vec<(String, Vec<String>)>,
}

impl Paths<'_> {
    /// The path from the crate's root; `None` if it leaves the crate.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut from = self.module.to_vec();
        let mut rest = path;
        loop {
            match rest.first().map(String::as_str) {
                Some("crate") => from.clear(),
                Some("super") => drop(from.pop()),
                Some("self") => (),
                _ => break,
            }
            rest = &rest[1..];
        }
        (rest.len() != path.len()).then(|| [&from[..], rest].concat())
    }

    fn add(&mut self, path: &[String]) {
        if let Some(path) = self.absolute(path) {
            self.found.insert(path);
        }
    }

    fn add_use(&mut self, tree: &UseTree, before: &[String], public: bool) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        let (path, name) = match tree {
            UseTree::Path(path) => return self.add_use(&path.tree, &with(&path.ident), public),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.add_use(tree, before, public));
            }
            UseTree::Name(name) => (with(&name.ident), name.ident.to_string()),
            UseTree::Rename(name) => (with(&name.ident), name.rename.to_string()),
            UseTree::Glob(_) => (before.to_vec(), "*".to_owned()),
        };
        // `use {self}` names the module before it.
        let path = if path.last().is_some_and(|last| last == "self") { before.to_vec() } else { path };
        if !public {
            self.add(&path);
            return;
        }
        // In a `pub use`, a first name without `crate` can be a module declared beside it.
        let path = self.absolute(&path).unwrap_or_else(|| [self.module, &path].concat());
        self.handed_on.push((name, path));
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let public = !matches!(item.vis, syn::Visibility::Inherited);
        self.add_use(&item.tree, &[], public);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&names);
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(crate)` imports nothing.
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}

/// A circle of imports, if there is one: each file imports the next, and the last the first.
fn circle<'p>(imports: &BTreeMap<&'p Path, BTreeSet<&'p Path>>) -> Option<Vec<&'p Path>> {
    fn search<'p>(
        file: &'p Path,
        imports: &BTreeMap<&'p Path, BTreeSet<&'p Path>>,
        way: &mut Vec<&'p Path>,
        done: &mut BTreeSet<&'p Path>,
    ) -> Option<Vec<&'p Path>> {
        if let Some(at) = way.iter().position(|before| *before == file) {
            return Some(way[at..].to_vec());
        }
        if !done.insert(file) {
            return None;
        }
        way.push(file);
        let found = imports.get(file).into_iter().flatten().find_map(|next| search(next, imports, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|file| search(file, imports, &mut Vec::new(), &mut done))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn no_crate_has_files_that_import_each_other_in_a_circle() {
    let repository = repository();
    let crates = fs::read_dir(repository.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let roots: Vec<_> = crates
        .chain([repository.join("riot-app")])
        .flat_map(|folder| [folder.join("src/lib.rs"), folder.join("src/main.rs")])
        .filter(|root| root.exists())
        .collect();
    assert!(roots.len() >= 19, "not all crates were found: {roots:?}");
    let mut circles = String::new();
    for root in roots {
        let krate = Crate::read(&root);
        if let Some(circle) = circle(&krate.imports()) {
            let names =
                circle.iter().map(|file| file.strip_prefix(&repository).unwrap().display().to_string());
            circles += &format!("\n  {}", names.collect::<Vec<_>>().join(" -> "));
        }
    }
    assert!(circles.is_empty(), "these files import each other in a circle:{circles}");
}

/// The number of files in the circle of a crate that consists of these files.
fn circle_in(name: &str, files: &[(&str, &str)]) -> Option<usize> {
    let folder = std::env::temp_dir().join(format!("tinycontainer-{name}-{}", std::process::id()));
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let krate = Crate::read(&folder.join("lib.rs"));
    let length = circle(&krate.imports()).map(|files| files.len());
    fs::remove_dir_all(&folder).unwrap();
    length
}

#[test]
fn a_circle_is_found_through_names_that_are_handed_on() {
    let lib = ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use c::d::D as E;");
    let a = ("a.rs", "use crate::b::B; pub struct A(B);");
    let c = ("c/mod.rs", "pub mod d;");
    let layers = [lib, a, ("b.rs", "pub struct B(crate::E);"), c, ("c/d.rs", "pub struct D;")];
    assert_eq!(circle_in("layers", &layers), None);
    let handed_on = [lib, a, ("b.rs", "use super::E; pub struct B;"), c, ("c/d.rs", "fn d(_: crate::A) {}")];
    assert_eq!(circle_in("handed-on", &handed_on), Some(3));
    let test = "#[cfg(test)] mod tests { use crate::A; } pub struct D;";
    let only_a_test = [lib, a, ("b.rs", "use super::E; pub struct B;"), c, ("c/d.rs", test)];
    assert_eq!(circle_in("only-a-test", &only_a_test), None);
}
