/* How the fast interpreter is metered: by the length of the translated code that is executed, counted where control
 * leaves a straight run of it (a branch that is taken, `if`, `else`, a call, a return). For interp.c.
 *
 * The fast interpreter translates an instruction to the address of its code (a label) and 16 bits for each operand: most
 * have three, so the length of that is the unit, and an instruction of another length counts in proportion. This
 * costs one comparison for each run, where a count before each instruction costs one for each of them.
 *
 * `tc_meter.end` is the address at which the budget would end if the code went straight on from `frame_ip`, so what is
 * left is always `end - frame_ip` bytes. Every change of `frame_ip` that is not "go on" moves `end` by as much; that is
 * done by the names that WAMR uses there. In 64 bits neither can overflow.
 *
 * Exceeded budgets are found at the end of a run, so at most one run is executed beyond the budget. What may take long
 * is not left to that: natives, memory.fill, .copy and .grow, a function's locals, and subnormal numbers compare too. */
#ifndef TC_RUNS_H
#define TC_RUNS_H

#if WASM_ENABLE_LABELS_AS_VALUES == 0
#error "without labels the length of translated code is no measure"
#endif

#if WASM_CPU_SUPPORTS_UNALIGNED_ADDR_ACCESS != 0
#define TC_LABEL_BYTES ((int)sizeof(void *))
#define TC_CELL_BYTES 1
#else
#define TC_LABEL_BYTES 4
#define TC_CELL_BYTES 2
#endif
/* One instruction of a budget, in bytes of translated code. */
#define TC_UNIT (TC_LABEL_BYTES + 3 * 2)

TC_LOAD(tc_load_ptr, uint8 *)

/* Lives as long as the interpreter's function runs. */
struct tc_meter {
    int64 end;
    WASMExecEnv *env;
};

/* `env` is NULL when WAMR only asks for the addresses of its instructions. `frame_ip` is NULL outside of functions. */
TC_INLINE struct tc_meter
tc_meter_start(WASMExecEnv *env)
{
    struct tc_meter meter = { env ? (int64)env->instructions_to_execute * TC_UNIT : 0, env };
    return meter;
}

TC_INLINE void
tc_meter_stop(struct tc_meter *meter)
{
    if (meter->env)
        meter->env->instructions_to_execute = meter->end < 0 ? -1 : (int)(meter->end / TC_UNIT);
}

#define TC_ADDRESS(at) ((int64)(uintptr_t)(at))
/* A label that reports an access out of bounds; a budget below 0 tells the two apart. */
#define TC_COMPARE()                                                         \
    do {                                                                     \
        if (__builtin_expect(tc_meter.end < TC_ADDRESS(frame_ip), 0))        \
            goto out_of_bounds;                                              \
    } while (0)
/* Where `frame_ip` goes without an instruction's being executed. */
#define TC_MOVE(to)                                                          \
    ({                                                                       \
        uint8 *tc_to = (to);                                                 \
        tc_meter.end += TC_ADDRESS(tc_to) - TC_ADDRESS(frame_ip);            \
        tc_to;                                                               \
    })
#define TC_TAKE(count) ((void)(tc_meter.end -= (int64)(count)*TC_UNIT))
#define TC_TAKE_AND_COMPARE(count)                                           \
    ({                                                                       \
        TC_TAKE(count);                                                      \
        TC_COMPARE();                                                        \
    })

#define CHECK_INSTRUCTION_LIMIT() ((void)0)
#pragma push_macro("CHECK_INSTRUCTION_LIMIT")
#undef CHECK_INSTRUCTION_LIMIT

/* The target of a branch, an `else` or an `if`; an `if` without `else` has NULL first. */
#define LOAD_PTR(from)                                                       \
    ({                                                                       \
        uint8 *tc_from = (from), *tc_target = tc_load_ptr(tc_from);          \
        if (tc_target) {                                                     \
            if (__builtin_expect(tc_meter.end < TC_ADDRESS(tc_from), 0)) {   \
                frame_ip = tc_from;                                          \
                goto out_of_bounds;                                          \
            }                                                                \
            tc_meter.end += TC_ADDRESS(tc_target) - TC_ADDRESS(tc_from) - TC_PRICE_BRANCH_2 * TC_UNIT / 2; \
        }                                                                    \
        tc_target;                                                           \
    })
#pragma push_macro("LOAD_PTR")
#undef LOAD_PTR

/* Before a call, and where the function ends early. */
#define SYNC_ALL_TO_FRAME()                                                  \
    do {                                                                     \
        frame->ip = frame_ip;                                                \
        frame_ip = TC_MOVE(NULL);                                            \
    } while (0)
#pragma push_macro("SYNC_ALL_TO_FRAME")
#undef SYNC_ALL_TO_FRAME

/* A called function begins. */
#define wasm_get_func_code(function)                                         \
    ({                                                                       \
        TC_COMPARE();                                                        \
        TC_MOVE((wasm_get_func_code)(function));                             \
    })

/* A function returns: to its caller, or to NULL. */
#pragma push_macro("FREE_FRAME")
#define FREE_FRAME(env, frame)                                               \
    do {                                                                     \
        TC_COMPARE();                                                        \
        frame_ip = TC_MOVE(prev_frame->ip);                                  \
        FREE_FRAME(env, frame);                                              \
    } while (0)
#pragma push_macro("FREE_FRAME")
#undef FREE_FRAME

/* What a native has cost is in the environment when it returns: see tc_charge. */
#pragma push_macro("wasm_interp_call_func_native")
#define wasm_interp_call_func_native(instance, env, function, caller)        \
    do {                                                                     \
        TC_COMPARE();                                                        \
        (env)->instructions_to_execute = 0;                                  \
        wasm_interp_call_func_native(instance, env, function, caller);       \
        TC_TAKE_AND_COMPARE(-(int64)(env)->instructions_to_execute);         \
        frame_ip = TC_MOVE((caller)->ip);                                    \
    } while (0)
#pragma push_macro("wasm_interp_call_func_native")
#undef wasm_interp_call_func_native

/* br_table skips the entries before its own: these are not executed. `ip` leads to the number of entries, the index's
 * place, and the first entry, which is as long as each. */
TC_INLINE int64
tc_skipped_entries(const uint8 *ip, const uint32 *lp)
{
    uint32 count = tc_load_u32(ip), index = lp[(int16)tc_load_u16(ip + 4)], arity = tc_load_u32(ip + 6);
    uint32 values = arity ? 4 + (TC_CELL_BYTES + 2 + 2) * arity : 0;

    return (int64)(index < count ? index : count) * (int64)(4 + values + sizeof(void *));
}
#define TC_SKIP(op) ((void)((op) == WASM_OP_BR_TABLE ? (tc_meter.end += tc_skipped_entries(frame_ip, frame_lp)) : 0))

/* At the beginning of the interpreter's function, and behind it. */
#define TC_RUNS                                                              \
    _Pragma("pop_macro(\"LOAD_PTR\")") _Pragma("pop_macro(\"SYNC_ALL_TO_FRAME\")") \
        _Pragma("pop_macro(\"FREE_FRAME\")")
#define TC_AFTER_RUNS _Pragma("pop_macro(\"FREE_FRAME\")")

#endif
