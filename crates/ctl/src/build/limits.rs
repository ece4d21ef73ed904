//! The memory that a container asks for: what `[limits]` says, and what is measured where it says nothing.

use crate::build::measure::{MOST_STACK, Needs, measure};
use crate::input::recipe::AskedLimits;
use anyhow::Result;
use tinycontainer_metadata::Limits;

/// The stack of a container that has no end of it, unless `[limits]` sets it.
const ENDLESS: u32 = 4096;

/// The limits of an image, and how they came to be.
pub(crate) struct Settled {
    pub(crate) limits: Limits,
    /// What the module needs on this host.
    pub(crate) needs: Needs,
    pub(crate) asked: AskedLimits,
}

/// Measures the module, whose linear memory is known, and fills in what is left out.
pub(crate) fn settle(asked: AskedLimits, memory: u64, code: &[u8]) -> Result<Settled> {
    let memory = u32::try_from(memory).unwrap_or(u32::MAX);
    let needs = measure(code, memory)?;
    let margin = needs.with_margin();
    let stack = if needs.stack < MOST_STACK { margin.stack } else { ENDLESS };
    let limits = Limits {
        // As exact on a device: it is a property of the module.
        linear_memory: asked.linear_memory.unwrap_or(memory),
        stack: asked.stack.unwrap_or(stack),
        heap: asked.heap.unwrap_or(margin.heap),
    };
    Ok(Settled { limits, needs, asked })
}

impl Settled {
    /// What is asked for and is too little.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let Needs { stack, heap } = self.needs;
        if stack >= MOST_STACK {
            warnings.push(format!(
                "a hook used {MOST_STACK} bytes of stack when it was measured: does a function call itself without end?"
            ));
        } else if self.limits.stack < stack {
            warnings.push(format!(
                "[limits] stack = {}: the module needs {stack} when it is measured here; set stack = {}, or leave it out",
                self.limits.stack,
                self.needs.with_margin().stack
            ));
        }
        if self.limits.heap < heap {
            warnings.push(format!(
                "[limits] heap = {}: the module needs {heap} on this host, and will not start here (a device's interpreter \
                 needs less); set heap = {}, or leave it out",
                self.limits.heap,
                self.needs.with_margin().heap
            ));
        }
        warnings
    }

    /// Each limit with how it came to be, for people.
    pub(crate) fn sentence(&self) -> String {
        let of = |what, limit: u32, asked: Option<u32>, needed: u32| {
            let measured = if asked.is_none() { " (measured, with a margin)" } else { "" };
            format!("{what}: needs {needed} of {limit} bytes{measured}")
        };
        format!(
            "{}; {}",
            of("stack", self.limits.stack, self.asked.stack, self.needs.stack),
            of("heap", self.limits.heap, self.asked.heap, self.needs.heap)
        )
    }
}
