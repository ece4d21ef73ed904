//! What each opcode costs for the budget that it takes, against the median of ordinary code.
//!
//! On the host: `cargo bench --bench opcodes`, and with `--features classic` for the interpreter that devices have.
//! On a Cortex-M4F in QEMU: `scripts/opcode-bench`. Two figures for each guest: `body`, all that it executes;
//! `dense`, the same with as few `local.get`, constants and `drop` as the opcode needs: those are cheap, and the classic
//! interpreter counts them where the fast one leaves them out. Prints the most expensive guest of each opcode.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a bench")]

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::path::Path;
use std::time::Instant;

use tinycontainer_pool::{Account, Pool};
use tinycontainer_runtime::{Budget, Errno, Hook, Host, Instance as _, Limits, Syscall};
use tinycontainer_wamr::{ThreadLocal, Wamr};
use tinycontainer_wamr_sys as sys;

mod guests;
#[path = "opcodes/list.rs"]
mod list;

use list::Case;

/// How often a guest repeats its body, each 200 times: on the host, and in QEMU, which counts exactly.
const ROUNDS: u32 = 100;
const ROUNDS_QEMU: u32 = 3;
/// How often all is measured on the host; the shortest time counts.
const TURNS: usize = 15;
/// An opcode must not cost more than so many times what ordinary code does for the same budget.
const BAR: f64 = 2.0;
/// What is above this is printed; with `--all`, all is.
const SHOWN: f64 = 1.5;

/// One run of a guest: what it took from the budget, and nanoseconds or processor instructions.
#[derive(Clone, Copy)]
struct Run {
    units: f64,
    cost: f64,
}

impl Run {
    fn per_unit(self) -> f64 {
        self.cost / self.units
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| arguments.iter().position(|is| is == flag).and_then(|at| arguments.get(at + 1));
    let counted = after("--counted");
    let rounds = if counted.is_some() || after("--write").is_some() { ROUNDS_QEMU } else { ROUNDS };
    let cases = list::cases();
    let mut modules: Vec<Vec<u8>> = guests::all().into_iter().map(|(_, code)| code).collect();
    modules.extend(cases.iter().map(|case| wat::parse_str(case.module(rounds)).expect(case.opcode)));
    if let Some(folder) = after("--write") {
        write(Path::new(folder), &modules);
        return;
    }
    let (runs, classic) = if let Some(file) = counted {
        (counts(Path::new(file)), after("--interpreter").is_none_or(|name| name == "classic"))
    } else {
        // `cargo test --benches` wants to know that it runs, not how fast.
        let turns = if arguments.iter().any(|is| is == "--bench") { TURNS } else { 1 };
        (times(&modules, turns), cfg!(feature = "classic"))
    };
    assert_eq!(runs.len(), modules.len(), "a guest was not measured");
    report(&cases, &runs, rounds, classic);
}

/// With a custom section of 64 KiB: what a module may cost to load grows with its length, and these repeat what costs most.
fn longer(module: &[u8]) -> Vec<u8> {
    let mut module = module.to_vec();
    // Section 0, 65,538 bytes in all, with a name of one byte.
    module.extend([0, 0x82, 0x80, 0x04, 1, b'x']);
    module.extend([0; 65536]);
    module
}

/// For the program in `m4f`: the guests, each after a `struct guest`; and where WAMR is, for its Makefile.
fn write(folder: &Path, modules: &[Vec<u8>]) {
    let mut all = Vec::new();
    for module in modules {
        all.extend(u32::try_from(module.len()).unwrap().to_le_bytes());
        // Some guests here are too unusual for the check. There are never more blocks than this.
        let most = u32::try_from(module.len() / 2).unwrap();
        all.extend(tinycontainer_module::check(module).map_or(most, |cost| cost.blocks).to_le_bytes());
        // No arguments.
        all.extend([0; 8]);
        all.extend(*b"loop\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        all.extend(module);
    }
    all.extend([0; 36]);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("guests.bin"), all).unwrap();
    std::fs::write(folder.join("wamr-source"), sys::SOURCE.unwrap()).unwrap();
}

/// What that program printed: a line for each guest, in their order: units and processor instructions.
fn counts(file: &Path) -> Vec<Run> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("run "));
    lines
        .map(|line| {
            let mut numbers = line.split_whitespace().map(|number| number.parse().unwrap());
            Run { units: numbers.next().unwrap(), cost: numbers.next().unwrap() }
        })
        .collect()
}

/// In turns, so that what else the machine does meets all of them.
fn times(modules: &[Vec<u8>], turns: usize) -> Vec<Run> {
    static POOL: Pool = Pool::new();
    POOL.init(Box::leak(vec![MaybeUninit::uninit(); 4 << 20].into_boxed_slice()), 2).unwrap();
    POOL.open(Account(0), u32::MAX);
    let wamr = Wamr::init(&POOL, &ThreadLocal, Account(0)).unwrap();
    let limits = Limits { linear_memory: 65536, stack: 32768, heap: 1 << 20 };
    let modules: Vec<_> = modules.iter().map(|module| longer(module)).collect();
    let mut runs = vec![Run { units: 0.0, cost: f64::INFINITY }; modules.len()];
    for _ in 0..turns {
        for (run, code) in runs.iter_mut().zip(&modules) {
            let mut instance = wamr.instantiate(Account(1), code, &limits).unwrap();
            for _ in 0..3 {
                let before = Instant::now();
                let outcome = instance.call(Hook::Loop, Budget(u32::MAX), &mut Null);
                run.cost = run.cost.min(before.elapsed().as_secs_f64() * 1e9);
                run.units = f64::from(outcome.instructions);
                assert!(outcome.result.is_ok(), "{outcome:?}");
            }
        }
    }
    runs
}

fn report(cases: &[Case], runs: &[Run], rounds: u32, classic: bool) {
    let (ordinary, measured) = runs.split_at(guests::COUNT);
    let mut each: Vec<f64> = ordinary.iter().map(|run| run.per_unit()).collect();
    for ((name, _), run) in guests::all().iter().zip(ordinary) {
        println!("{name:6} {:10} units {:12.0} cost {:7.3} a unit", run.units, run.cost, run.per_unit());
    }
    each.sort_by(f64::total_cmp);
    let median = (each[(each.len() - 1) / 2] + each[each.len() / 2]) / 2.0;
    println!("ordinary code: {median:.3} a unit (median of {})", each.len());
    // Half of what `local.get` and `drop` cost together.
    let supply =
        cases.iter().zip(measured).find(|(case, _)| case.opcode == "LocalGet").map(|(_, run)| run.per_unit());
    let supply = if classic { supply } else { None };
    let mut rows: Vec<Row<'_>> = cases
        .iter()
        .zip(measured)
        .map(|(case, run)| {
            let taken = (case.supply as u64 * case.executions(rounds)) as f64;
            let least = (case.least as u64 * case.executions(rounds)) as f64;
            let dense = supply.filter(|_| run.units > taken).map_or(run.per_unit(), |each| {
                (run.cost - (taken - least) * each) / (run.units - (taken - least))
            });
            Row {
                opcode: case.opcode,
                form: &case.form,
                body: run.per_unit() / median,
                dense: dense / median,
                units: run.units / case.executions(rounds) as f64,
            }
        })
        .collect();
    rows.sort_by(|a, b| b.worst().total_cmp(&a.worst()));
    println!("  body  dense  units");
    let mut opcodes = BTreeSet::new();
    let mut above = 0;
    for row in &rows {
        let first = opcodes.insert(row.opcode);
        above += usize::from(first && row.worst() > BAR);
        if all_rows() || (first && row.worst() > SHOWN) {
            let mark = if row.worst() > BAR { "  above the bar" } else { "" };
            println!(
                "{:6.2} {:6.2} {:6.1}  {} {}{mark}",
                row.body, row.dense, row.units, row.opcode, row.form
            );
        }
    }
    let highest = rows.first().map_or(0.0, Row::worst);
    println!(
        "{} opcodes in {} guests, {above} opcodes above {BAR}; highest {highest:.2}",
        opcodes.len(),
        rows.len()
    );
}

/// A line of the report, in multiples of what ordinary code costs for the same budget.
struct Row<'a> {
    opcode: &'a str,
    form: &'a str,
    body: f64,
    dense: f64,
    units: f64,
}

impl Row<'_> {
    fn worst(&self) -> f64 {
        self.body.max(self.dense)
    }
}

fn all_rows() -> bool {
    std::env::args().any(|is| is == "--all")
}

struct Null;

impl Host for Null {
    fn logger(&mut self, _: &[u8]) {}
    fn heartbeat(&mut self) -> Result<(), Errno> {
        Ok(())
    }
    fn open(&mut self, _: u32) -> Result<i32, Errno> {
        Ok(0)
    }
    fn read(&mut self, _: i32, _: &mut [u8]) -> Result<usize, Errno> {
        Ok(0)
    }
    fn write(&mut self, _: i32, buf: &[u8]) -> Result<usize, Errno> {
        Ok(buf.len())
    }
    fn close(&mut self, _: i32) -> Result<(), Errno> {
        Ok(())
    }
    fn bad_pointer(&mut self, _: Syscall, _: u32, _: u32) -> Errno {
        Errno::Refused
    }
}
