//! The settings, which `Makefile.settings` or Kconfig passes as environment variables.

/// How many containers there can be.
pub(crate) const CONTAINERS: usize = number(env!("CONFIG_TINYCONTAINER_CONTAINERS"));
/// The memory of all containers together, in bytes.
pub(crate) const POOL_BYTES: usize = number(env!("CONFIG_TINYCONTAINER_POOL_BYTES"));
/// The stack of a container's thread, in bytes.
pub(crate) const STACK_BYTES: usize = number(env!("CONFIG_TINYCONTAINER_STACK_BYTES"));

/// The stack of the controller's thread, in bytes.
pub(crate) const CONTROLLER_STACK_BYTES: usize = number(env!("CONFIG_TINYCONTAINER_CONTROLLER_STACK_BYTES"));
/// Messages that wait at an endpoint, in bytes.
pub(crate) const QUEUE_BYTES: usize = number(env!("CONFIG_TINYCONTAINER_QUEUE_BYTES"));
/// What a container may log at once, in bytes: as much as waits for the console, less what is kept for notices.
pub(crate) const LOG_BURST: u32 =
    (number(env!("CONFIG_TINYCONTAINER_LOG_BUFFER")) as u32).saturating_sub(128);
/// The linear memory that a container may ask for, in bytes.
pub(crate) const LINEAR_MEMORY_BYTES: u32 = number(env!("CONFIG_TINYCONTAINER_MAX_MEMORY")) as u32;
/// The operand stack that it may ask for, in bytes.
pub(crate) const OPERAND_STACK_BYTES: u32 = number(env!("CONFIG_TINYCONTAINER_MAX_OPERAND_STACK")) as u32;
/// The interpreter's memory that it may ask for, in bytes.
pub(crate) const HEAP_BYTES: u32 = number(env!("CONFIG_TINYCONTAINER_MAX_HEAP")) as u32;
/// The longest that one call of any hook may take, in milliseconds.
pub(crate) const HOOK_MS: u32 = number(env!("CONFIG_TINYCONTAINER_MAX_HOOK_MS")) as u32;

#[expect(clippy::panic, reason = "at compile time")]
const fn number(text: &str) -> usize {
    match usize::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("a setting CONFIG_TINYCONTAINER_... is not a number"),
    }
}
