//! Two runtimes combined.

use crate::{Account, Budget, Hook, Host, Instance, Limits, MemoryUse, ModuleError, Outcome, Runtime, Type};

/// A runtime that combines two: a container is run by the first one that accepts its type. More than two are combined
/// by nesting.
///
/// Both book on the same accounts, and each container is an instance of one of them, so the total of an account is the
/// sum of both.
#[derive(Debug, Clone, Copy)]
pub struct Either<A, B>(pub A, pub B);

/// An instance of one of two runtimes.
#[derive(Debug)]
pub enum EitherInstance<A, B> {
    /// Of the first runtime.
    First(A),
    /// Of the second runtime.
    Second(B),
}

impl<A: Runtime, B: Runtime> Runtime for Either<A, B> {
    type Instance = EitherInstance<A::Instance, B::Instance>;

    fn accepts(&self, kind: Type) -> bool {
        self.0.accepts(kind) || self.1.accepts(kind)
    }

    fn instantiate(
        &self,
        account: Account,
        kind: Type,
        code: &[u8],
        limits: &Limits,
    ) -> Result<Self::Instance, ModuleError> {
        if self.0.accepts(kind) {
            self.0.instantiate(account, kind, code, limits).map(EitherInstance::First)
        } else {
            self.1.instantiate(account, kind, code, limits).map(EitherInstance::Second)
        }
    }

    fn memory(&self, account: Account) -> MemoryUse {
        let (first, second) = (self.0.memory(account), self.1.memory(account));
        MemoryUse {
            used: first.used.saturating_add(second.used),
            // An upper bound: the two need not have had their peaks at the same time.
            peak: first.peak.saturating_add(second.peak),
        }
    }
}

impl<A: Instance, B: Instance> Instance for EitherInstance<A, B> {
    fn call(&mut self, hook: Hook, budget: Budget, host: &mut dyn Host) -> Outcome {
        match self {
            Self::First(instance) => instance.call(hook, budget, host),
            Self::Second(instance) => instance.call(hook, budget, host),
        }
    }
}
