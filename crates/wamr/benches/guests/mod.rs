//! Ordinary guests: what compilers emit, and what the benches measure against.

/// The calibration guest's loop, counted.
const MIX: &str = r#"
    (func $mix (param i32 i32) (result i32)
      (i32.xor (i32.mul (local.get 0) (i32.const 1664525)) (i32.rotl (local.get 1) (i32.const 7))))
    (func (export "loop") (result i32) (local $i i32) (local $x i32)
      (loop $again
        (local.set $x (call $mix
          (i32.add (i32.load (i32.and (local.get $i) (i32.const 252))) (local.get $x)) (local.get $i)))
        (i32.store (i32.and (local.get $x) (i32.const 252)) (local.get $x))
        (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 400000))))
      (local.get $x))"#;

/// CRC-32, bit by bit, of 4 KiB, four times.
const CRC: &str = r#"
    (func (export "loop") (result i32) (local $i i32) (local $k i32) (local $c i32)
      (loop $byte
        (local.set $c (i32.xor (local.get $c) (i32.load8_u (i32.and (local.get $i) (i32.const 4095)))))
        (local.set $k (i32.const 8))
        (loop $bit
          (local.set $c (i32.xor (i32.shr_u (local.get $c) (i32.const 1))
            (i32.and (i32.const 0xedb88320) (i32.sub (i32.const 0) (i32.and (local.get $c) (i32.const 1))))))
          (br_if $bit (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (br_if $byte (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16384))))
      (local.get $c))"#;

/// Primes below 20,000 with a sieve.
const SIEVE: &str = r#"
    (func (export "loop") (result i32) (local $i i32) (local $j i32) (local $n i32)
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 20000))
      (local.set $i (i32.const 2))
      (loop $next
        (if (i32.eqz (i32.load8_u (local.get $i)))
          (then
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (local.set $j (i32.add (local.get $i) (local.get $i)))
            (block $done (loop $mark
              (br_if $done (i32.ge_u (local.get $j) (i32.const 20000)))
              (i32.store8 (local.get $j) (i32.const 1))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $mark)))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))
      (local.get $n))"#;

/// Fibonacci numbers by recursion: calls and little else.
const FIB: &str = r#"
    (func $fib (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                       (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "loop") (result i32) (call $fib (i32.const 22)))"#;

/// A filter of 32 taps over 512 samples, fixed point.
const FIR: &str = r#"
    (func (export "loop") (result i32) (local $i i32) (local $k i32) (local $sum i32) (local $all i32)
      (loop $fill
        (i32.store16 (i32.shl (local.get $i) (i32.const 1)) (i32.mul (local.get $i) (i32.const 40503)))
        (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1024))))
      (local.set $i (i32.const 0))
      (loop $sample
        (local.set $sum (i32.const 0))
        (local.set $k (i32.const 0))
        (loop $tap
          (local.set $sum (i32.add (local.get $sum) (i32.mul
            (i32.load16_s (i32.shl (i32.add (local.get $i) (local.get $k)) (i32.const 1)))
            (i32.load16_s offset=1600 (i32.shl (local.get $k) (i32.const 1))))))
          (br_if $tap (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 32))))
        (i32.store16 offset=4096 (i32.shl (local.get $i) (i32.const 1)) (i32.shr_s (local.get $sum) (i32.const 15)))
        (local.set $all (i32.add (local.get $all) (local.get $sum)))
        (br_if $sample (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 512))))
      (local.get $all))"#;

/// The compression function of SHA-256, eight blocks.
const SHA: &str = r#"
    (func $rot (param i32 i32) (result i32) (i32.rotr (local.get 0) (local.get 1)))
    (func $block
      (local $i i32) (local $t1 i32) (local $t2 i32)
      (local $a i32) (local $b i32) (local $c i32) (local $d i32)
      (local $e i32) (local $f i32) (local $g i32) (local $h i32)
      (local.set $i (i32.const 64))
      (loop $extend
        (local.set $t1 (i32.load offset=196 (local.get $i)))
        (local.set $t2 (i32.load offset=248 (local.get $i)))
        (i32.store offset=256 (local.get $i)
          (i32.add
            (i32.add (i32.load offset=192 (local.get $i)) (i32.load offset=228 (local.get $i)))
            (i32.add
              (i32.xor (i32.xor (i32.rotr (local.get $t1) (i32.const 7)) (i32.rotr (local.get $t1) (i32.const 18)))
                (i32.shr_u (local.get $t1) (i32.const 3)))
              (i32.xor (i32.xor (i32.rotr (local.get $t2) (i32.const 17)) (i32.rotr (local.get $t2) (i32.const 19)))
                (i32.shr_u (local.get $t2) (i32.const 10))))))
        (br_if $extend (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 256))))
      (local.set $a (i32.const 0x6a09e667)) (local.set $b (i32.const 0xbb67ae85))
      (local.set $c (i32.const 0x3c6ef372)) (local.set $d (i32.const 0xa54ff53a))
      (local.set $e (i32.const 0x510e527f)) (local.set $f (i32.const 0x9b05688c))
      (local.set $g (i32.const 0x1f83d9ab)) (local.set $h (i32.const 0x5be0cd19))
      (local.set $i (i32.const 0))
      (loop $round
        (local.set $t1 (i32.add (i32.add (local.get $h)
            (i32.xor (i32.xor (call $rot (local.get $e) (i32.const 6)) (i32.rotr (local.get $e) (i32.const 11)))
              (i32.rotr (local.get $e) (i32.const 25))))
          (i32.add
            (i32.xor (i32.and (local.get $e) (local.get $f))
              (i32.and (i32.xor (local.get $e) (i32.const -1)) (local.get $g)))
            (i32.add (i32.mul (local.get $i) (i32.const 0x428a2f98)) (i32.load offset=256 (local.get $i))))))
        (local.set $t2 (i32.add
          (i32.xor (i32.xor (call $rot (local.get $a) (i32.const 2)) (i32.rotr (local.get $a) (i32.const 13)))
            (i32.rotr (local.get $a) (i32.const 22)))
          (i32.xor (i32.xor (i32.and (local.get $a) (local.get $b)) (i32.and (local.get $a) (local.get $c)))
            (i32.and (local.get $b) (local.get $c)))))
        (local.set $h (local.get $g)) (local.set $g (local.get $f)) (local.set $f (local.get $e))
        (local.set $e (i32.add (local.get $d) (local.get $t1)))
        (local.set $d (local.get $c)) (local.set $c (local.get $b)) (local.set $b (local.get $a))
        (local.set $a (i32.add (local.get $t1) (local.get $t2)))
        (br_if $round (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 256))))
      (i32.store offset=1024 (i32.const 0) (i32.add (local.get $a) (local.get $e))))
    (func (export "loop") (result i32) (local $n i32)
      (local.set $n (i32.const 8))
      (loop $next (call $block)
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.load offset=1024 (i32.const 0)))"#;

/// How many [`all`] gives.
pub(crate) const COUNT: usize = 6;

/// The name and the module of each. `loop` returns a number that must be the same everywhere.
pub(crate) fn all() -> [(&'static str, Vec<u8>); COUNT] {
    [("mix", MIX), ("crc", CRC), ("sieve", SIEVE), ("fib", FIB), ("fir", FIR), ("sha", SHA)]
        .map(|(name, functions)| (name, module(functions)))
}

fn module(functions: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (memory 1) {functions} (func (export "start")) (func (export "stop"))
             (global $sp (mut i32) (i32.const 20480))
             (global (export "__data_end") i32 (i32.const 20480))
             (global (export "__heap_base") i32 (i32.const 20480)))"#
    ))
    .unwrap()
}
