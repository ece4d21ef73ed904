//! Says of each module that is named what it would cost to load, or why it is refused.

use std::{env, fs};

fn main() -> std::io::Result<()> {
    for path in env::args().skip(1) {
        let module = fs::read(&path)?;
        match tinycontainer_module::check(&module) {
            Ok(cost) => println!(
                "{path}: {} bytes, {} blocks, {} of {} units of work, {:.1} a byte",
                module.len(),
                cost.blocks,
                cost.work,
                cost.allowed,
                f64::from(cost.work) / module.len() as f64
            ),
            Err(refused) => println!("{path}: {} bytes: {refused}", module.len()),
        }
    }
    Ok(())
}
