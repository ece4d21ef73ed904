;; What the calibration runs: loads, stores, arithmetic and a call, for ever.
(module
  (memory 1 1)
  (func $mix (param i32 i32) (result i32)
    (i32.xor (i32.mul (local.get 0) (i32.const 1664525)) (i32.rotl (local.get 1) (i32.const 7))))
  (func (export "start"))
  (func (export "stop"))
  (func (export "loop") (result i32)
    (local $i i32) (local $x i32)
    (loop $again
      (local.set $x
        (call $mix
          (i32.add (i32.load (i32.and (local.get $i) (i32.const 252))) (local.get $x))
          (local.get $i)))
      (i32.store (i32.and (local.get $x) (i32.const 252)) (local.get $x))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br $again))
    (unreachable))
  ;; For the interpreter to shrink the memory to 256 bytes.
  (global $stack (mut i32) (i32.const 256))
  (global (export "__data_end") i32 (i32.const 256))
  (global (export "__heap_base") i32 (i32.const 256)))
