//! Floats whose result must not depend on how a C compiler writes a function.

use crate::world::{PLENTY, world};

/// Some compilers, on some processors, return a signalling NaN as it is. The specification wants a quiet one.
#[test]
fn a_rounded_signalling_nan_is_quiet() {
    let world = world();
    for rounding in ["ceil", "floor", "trunc", "nearest"] {
        for (body, quiet) in [
            (format!("(i32.reinterpret_f32 (f32.{rounding} (f32.const nan:0x200000)))"), 1 << 22),
            (
                format!(
                    "(i32.wrap_i64 (i64.shr_u
                       (i64.reinterpret_f64 (f64.{rounding} (f64.const -nan:0x4000000000000))) (i64.const 32)))"
                ),
                1 << 19,
            ),
        ] {
            let (outcome, _) = world.run("", &body, PLENTY);
            assert_eq!(outcome.result.unwrap() & quiet, quiet, "{body}");
        }
    }
}
