/* How the classic interpreter comes from one instruction to the next where it is one large `switch` (on a device). For
 * interp.c, which says how an instruction is counted: TC_COUNT.
 *
 * WAMR compares, before each instruction, where the code is with where it ends. The loader has checked that each function
 * ends with `end`, which leaves it, so that test can never fail; and as it is the loop's condition, the instruction is
 * counted there instead: in one place, not in 200.
 *
 * The compiler keeps the place in the code and the count each in several registers, and copies them from one to the other
 * for each instruction, because they have several values at a time that differ by what was just read. The empty
 * assembler statements take all but one from it: it does not know that they change nothing. On a Cortex-M4 an `i32.add`
 * takes 12 instructions in place of 20. */
#ifndef TC_DISPATCH_H
#define TC_DISPATCH_H

#if WASM_ENABLE_FAST_INTERP == 0 && WASM_ENABLE_LABELS_AS_VALUES == 0

/* The interpreter begins with an instruction of its own, which calls the guest's function and is not counted. */
#define TC_CASE(op)                                               \
    case op:                                                      \
        __asm__("" : "+r"(frame_ip), "+r"(tc_meter.left));        \
        tc_meter.left += (op) == WASM_OP_IMPDEP;

/* Both keywords have this meaning within the interpreter's function only. Were WAMR's text to change, its own test would
 * be compiled, nothing would be counted, and the tests of the crate `wamr` would fail. */
#pragma push_macro("while")
#define while(condition)                                                          \
    while (__builtin_strcmp(#condition, "frame_ip < frame_ip_end") == 0           \
               ? ({                                                               \
                     TC_COUNT();                                                  \
                     true;                                                        \
                 })                                                               \
               : (condition))
#pragma push_macro("while")
#undef while
#pragma push_macro("switch")
#define switch(value)                                      \
    switch (__builtin_strcmp(#value, "opcode") == 0        \
                ? ({                                       \
                      __asm__("" : "+r"(frame_ip));        \
                      (value);                             \
                  })                                       \
                : (value))
#pragma push_macro("switch")
#undef switch

#define CHECK_INSTRUCTION_LIMIT() ((void)0)
/* Goes at the beginning of the interpreter's function, and behind it. */
#define TC_DISPATCH _Pragma("pop_macro(\"while\")") _Pragma("pop_macro(\"switch\")")
#define TC_DISPATCH_END _Pragma("pop_macro(\"while\")") _Pragma("pop_macro(\"switch\")")

#else

#define TC_CASE(op) case op:
#define CHECK_INSTRUCTION_LIMIT() TC_COUNT()
#define TC_DISPATCH
#define TC_DISPATCH_END

#endif
#endif
