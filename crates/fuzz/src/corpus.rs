//! The committed corpora: a folder of small files for each target.

use crate::mutate::{Random, mutant};
use crate::{Outcome, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The most inputs of a corpus besides the seeds.
const FILES: usize = 64;

/// The folder of a target's corpus.
pub fn folder(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name)
}

/// A target's corpus, by file name.
///
/// # Errors
/// Those of reading files.
pub fn read(target: &Target) -> io::Result<Vec<Vec<u8>>> {
    let mut files: Vec<_> =
        fs::read_dir(folder(target))?.map(|file| Ok(file?.path())).collect::<io::Result<_>>()?;
    files.sort();
    files.into_iter().map(fs::read).collect()
}

/// Makes a corpus: the seeds, and one short input for each further outcome that `attempts` mutations of them lead to; at
/// most `bytes` in all, the shortest first. The random numbers have a fixed seed.
pub fn make(target: &Target, attempts: u32, bytes: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(9);
    let mut inputs = (target.seeds)();
    let mut pool = inputs.clone();
    let by_seeds: BTreeSet<_> = inputs.iter().map(|seed| (target.run)(seed)).collect();
    let mut found: BTreeMap<Outcome, Vec<u8>> = BTreeMap::new();
    for _ in 0..attempts {
        let input = mutant(&pool, &mut random);
        let outcome = (target.run)(&input);
        let is_shorter = found.get(&outcome).is_none_or(|known| input.len() < known.len());
        if is_shorter && !by_seeds.contains(&outcome) {
            found.insert(outcome, input.clone());
            pool.push(input);
        }
    }
    let mut more: Vec<_> = found.into_values().collect();
    more.sort_by_key(|input| (input.len(), input.clone()));
    more.truncate(FILES);
    let mut total: usize = inputs.iter().map(Vec::len).sum();
    more.retain(|input| {
        total += input.len();
        total <= bytes
    });
    inputs.extend(more);
    inputs
}

/// Writes a corpus in place of the present one.
///
/// # Errors
/// Those of writing files.
pub fn write(target: &Target, inputs: &[Vec<u8>]) -> io::Result<()> {
    let folder = folder(target);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for (number, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("{number:03}")), input)?;
    }
    Ok(())
}
