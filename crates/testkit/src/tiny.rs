//! A runtime of three instructions, for tests with more than one type of container.

use tinycontainer_runtime::{
    Account, Budget, Hook, Host, Instance, Limits, MemoryUse, ModuleError, Name, Outcome, Runtime, Trap, Type,
};

/// Runs containers of the type [`Type::Bpf`], though their code is not BPF: each byte is one of the instructions
/// below. `loop()` executes them from first to last; `start()` and `stop()` execute none.
#[derive(Debug, Clone, Copy)]
pub struct Tiny;

impl Tiny {
    /// Calls `logger("tiny")`.
    pub const LOG: u8 = 0;
    /// Jumps to the first instruction.
    pub const REPEAT: u8 = 1;
    /// `loop()` returns 1: the container has finished.
    pub const FINISH: u8 = 2;
}

impl Runtime for Tiny {
    type Instance = Program;

    fn accepts(&self, kind: Type) -> bool {
        kind == Type::Bpf
    }

    fn instantiate(&self, _: Account, _: Type, code: &[u8], _: &Limits) -> Result<Program, ModuleError> {
        if code.iter().any(|opcode| *opcode > Self::FINISH) {
            return Err(ModuleError::Malformed(Name::new(b"unknown opcode")));
        }
        Ok(Program(code.to_vec()))
    }

    fn memory(&self, _: Account) -> MemoryUse {
        MemoryUse::default()
    }
}

/// A container of [`Tiny`].
#[derive(Debug)]
pub struct Program(Vec<u8>);

impl Instance for Program {
    fn call(&mut self, hook: Hook, Budget(budget): Budget, host: &mut dyn Host) -> Outcome {
        let mut spent = 0_u32;
        let mut at = 0;
        let code = if hook == Hook::Loop { &self.0[..] } else { &[] };
        while let Some(opcode) = code.get(at) {
            if spent >= budget {
                return Outcome { result: Err(Trap::BudgetExhausted), instructions: spent };
            }
            spent += 1;
            at += 1;
            match *opcode {
                Tiny::LOG => {
                    host.logger(b"tiny");
                    spent = spent.saturating_add(host.cost());
                }
                Tiny::REPEAT => at = 0,
                _ => return Outcome { result: Ok(1), instructions: spent },
            }
        }
        Outcome { result: Ok(0), instructions: spent }
    }
}
