/* Compiles WAMR's interpreter with a cheaper way of counting, that also survives its return.
 *
 * WAMR counts down a copy of the limit, in two comparisons before each instruction, and forgets it when
 * the hook ends. Ours is cheaper (measured: wamr/README.md), and is written back however the hook ends; below 0 the
 * budget is exceeded. The classic interpreter makes one subtraction and one branch before each instruction, so exactly
 * as many are executed as are allowed. The fast one counts at the ends of straight runs of code: runs.h.
 *
 * WAMR defines the macro with the check in the file itself. So ours is pushed away before and popped
 * back at the first line of the interpreter's function, which calls wasm_get_default_memory. Were that
 * to change, this would not compile, or WAMR's own check would be, the count would not come down, and the
 * tests of the crate `wamr` would fail.
 *
 * The jump goes to the label that reports an access out of bounds; a count below 0 tells the
 * two apart. It saves some 20 bytes of flash in each of 200 places. */
#include "wasm_interp.h"
#include "bh_log.h"
#include "wasm_runtime.h"
#include "wasm_opcode.h"
#include "wasm_loader.h"
#include "wasm_memory.h"
#include "../common/wasm_exec_env.h"

#include "access.h"
#include "bits.h"
#include "blocks.h"
#include "price.h"

/* Not inlined: while a native runs, the stack need not hold what only the search for a block's end takes, nor the
 * call of a hook what the interpreter does. 300 bytes of each container's stack. */
static void
wasm_interp_call_func_bytecode(WASMModuleInstance *module, WASMExecEnv *exec_env,
                               WASMFunctionInstance *cur_func, WASMInterpFrame *prev_frame)
    __attribute__((noinline));

#if defined(__x86_64__) || defined(__i386__)
/* There a compiler may write the rounding functions in line, so that a signalling NaN stays one. A guest must get a quiet NaN. */
#define TC_QUIET(value)                     \
    ({                                      \
        __typeof__(value) tc_value = value; \
        if (tc_value != tc_value)           \
            tc_value += tc_value;           \
        tc_value;                           \
    })
#define ceilf(value) TC_QUIET((ceilf)(value))
#define floorf(value) TC_QUIET((floorf)(value))
#define truncf(value) TC_QUIET((truncf)(value))
#define rintf(value) TC_QUIET((rintf)(value))
#define ceil(value) TC_QUIET((ceil)(value))
#define floor(value) TC_QUIET((floor)(value))
#define trunc(value) TC_QUIET((trunc)(value))
#define rint(value) TC_QUIET((rint)(value))
#endif

/* Where WAMR reads each instruction's address in two halves, by a function: a call for each instruction. */
#define LOAD_U32_WITH_2U16S(from) tc_load_u32(from)
#pragma push_macro("LOAD_U32_WITH_2U16S")
#undef LOAD_U32_WITH_2U16S

/* With a signature WAMR would check a native's pointers and convert them; crates/wamr does that, and gives none. */
#define wasm_runtime_invoke_native_raw(env, code, type, signature, ...) \
    (wasm_runtime_invoke_native_raw)(env, code, type, NULL, __VA_ARGS__)

#if WASM_ENABLE_INSTRUCTION_METERING != 0 && !defined(TC_STOCK_METERING)

#if WASM_ENABLE_FAST_INTERP != 0
#include "runs.h"
/* Of dispatch.h, which is for the classic one. */
#define TC_CASE(op) case op:
#define TC_DISPATCH
#define TC_DISPATCH_END
#else
/* Lives as long as the interpreter's function runs. */
struct tc_meter {
    int left;
    WASMExecEnv *env;
};

/* `env` is NULL when WAMR only asks for the addresses of its instructions. */
static inline __attribute__((always_inline)) struct tc_meter
tc_meter_start(WASMExecEnv *env)
{
    struct tc_meter meter = { env ? env->instructions_to_execute : 0, env };
    return meter;
}

static inline __attribute__((always_inline)) void
tc_meter_stop(struct tc_meter *meter)
{
    if (meter->env)
        meter->env->instructions_to_execute = meter->left;
}

#define TC_COUNT()                                      \
    do {                                                \
        if (__builtin_expect(--tc_meter.left < 0, 0))   \
            goto out_of_bounds;                         \
    } while (0)
#include "dispatch.h"
#pragma push_macro("CHECK_INSTRUCTION_LIMIT")
#undef CHECK_INSTRUCTION_LIMIT

#define TC_TAKE(count) ((void)(tc_meter.left -= (int)(count)))
#define TC_TAKE_AND_COMPARE(count) TC_TAKE(count)
#define TC_SKIP(op) ((void)0)
#define TC_RUNS
#define TC_AFTER_RUNS

/* What a native has cost is in the environment when it returns: see tc_charge. A count that is below 0 already stays
 * as it is: the sum could overflow. */
#pragma push_macro("wasm_interp_call_func_native")
#define wasm_interp_call_func_native(instance, env, function, frame)                        \
    do {                                                                                    \
        (env)->instructions_to_execute = 0;                                                 \
        wasm_interp_call_func_native(instance, env, function, frame);                       \
        if (tc_meter.left >= 0)                                                             \
            tc_meter.left += (env)->instructions_to_execute;                                \
    } while (0)
#pragma push_macro("wasm_interp_call_func_native")
#undef wasm_interp_call_func_native
#endif

/* What one instruction may do to many bytes costs one more for each 16 of them, or a guest could
 * hold the processor a thousand times longer than its budget is meant to: fill and copy memory, set up a
 * called function's locals and constants, carry a branch's values. It is taken before the work. Where the work is long,
 * the fast interpreter compares too, and does not do what the budget does not suffice for; else it is done to its end (a
 * stack at most; the classic interpreter: a linear memory at most), and the next comparison finds the count. */
#define TC_CHARGE(bytes) TC_TAKE((uint32)(bytes) >> 4)
#define TC_CHARGE_AND_COMPARE(bytes) TC_TAKE_AND_COMPARE((uint32)(bytes) >> 4)

/* What an opcode costs beyond that: price.h. */
#if WASM_ENABLE_LABELS_AS_VALUES != 0
#define HANDLE_OP(op) HANDLE_##op : TC_SKIP(op); TC_PAY(op);
#else
#define HANDLE_OP(op) TC_CASE(op) TC_PAY(op);
#endif
#pragma push_macro("HANDLE_OP")
#undef HANDLE_OP
#define TC_PAY_TRUNC(from, is_i32)                                                   \
    TC_TAKE((is_i32) ? TC_PRICE_I32_TRUNC_##from : TC_PRICE_I64_TRUNC_##from)
#if WASM_ENABLE_FAST_INTERP != 0
#define trunc_f32_to_int(module, ip, lp, min, max, saturating, is_i32, is_sign) \
    (TC_PAY_TRUNC(F32, is_i32), trunc_f32_to_int(module, ip, lp, min, max, saturating, is_i32, is_sign))
#define trunc_f64_to_int(module, ip, lp, min, max, saturating, is_i32, is_sign) \
    (TC_PAY_TRUNC(F64, is_i32), trunc_f64_to_int(module, ip, lp, min, max, saturating, is_i32, is_sign))
#else
#define trunc_f32_to_int(module, sp, min, max, saturating, is_i32, is_sign) \
    (TC_PAY_TRUNC(F32, is_i32), trunc_f32_to_int(module, sp, min, max, saturating, is_i32, is_sign))
#define trunc_f64_to_int(module, sp, min, max, saturating, is_i32, is_sign) \
    (TC_PAY_TRUNC(F64, is_i32), trunc_f64_to_int(module, sp, min, max, saturating, is_i32, is_sign))
#endif
#pragma push_macro("trunc_f32_to_int")
#undef trunc_f32_to_int
#pragma push_macro("trunc_f64_to_int")
#undef trunc_f64_to_int

/* Locals are cleared by it too, with a constant, and a call has its price. */
#pragma push_macro("memset")
#undef memset
#define memset(to, byte, len) \
    (TC_CHARGE_AND_COMPARE((len) + (__builtin_constant_p(byte) ? 0 : TC_PRICE_FILL * 16)), memset(to, byte, len))
#pragma push_macro("memset")
#undef memset
#undef memmove
#define memmove(to, from, len) \
    (TC_CHARGE_AND_COMPARE((len)*TC_COPY_16 + TC_PRICE_COPY * 16), memmove(to, from, len))
#pragma push_macro("memmove")
#undef memmove
/* A memory that grows is moved and cleared. */
#define TC_GROWN(pages) (TC_CHARGE_AND_COMPARE((pages) ? (uint32)memory->memory_data_size : 0), true)
#define wasm_enlarge_memory(module, pages) (wasm_enlarge_memory(module, pages) && TC_GROWN(pages))
#define wasm_enlarge_memory_with_idx(module, pages, index) \
    (wasm_enlarge_memory_with_idx(module, pages, index) && TC_GROWN(pages))
#pragma push_macro("word_copy")
#define word_copy(to, from, words) (TC_CHARGE((words)*4), word_copy(to, from, words))
#pragma push_macro("word_copy")
#undef word_copy
#define copy_stack_values(instance, cells, arity, words, a, b, c) \
    (TC_CHARGE((words)*16), copy_stack_values(instance, cells, arity, words, a, b, c))
#pragma push_macro("copy_stack_values")
#undef copy_stack_values

/* Each parameter and result of a call is decoded and copied by itself. */
#pragma push_macro("wasm_exec_env_wasm_stack_top")
#define wasm_exec_env_wasm_stack_top(env)                                                \
    (TC_CHARGE(((uint32)cur_func->param_cell_num + cur_func->ret_cell_num) * TC_PRICE_VALUE_16), \
     wasm_exec_env_wasm_stack_top(env))
#pragma push_macro("wasm_exec_env_wasm_stack_top")
#undef wasm_exec_env_wasm_stack_top

#if WASM_ENABLE_FAST_INTERP == 0
/* The classic interpreter looks for the end of a block by reading on, and for a large br_table in a list of all:
 * a price for each search and for each 16 bytes, and two for each entry. After the interpreter's function nothing
 * calls these. */
#define TC_PAY_SEARCH(bytes) TC_CHARGE(TC_PRICE_SEARCH * 16 + (bytes)*TC_PRICE_SEARCH_16)
#define bh_list_first_elem(list) (TC_CHARGE((list)->len * 32), (bh_list_first_elem)(list))
#define TC_PAY_BYTES(bytes) TC_CHARGE((bytes)*4)
#else
/* A branch that carries one value copies it without copy_stack_values. */
#define CELL_SIZE (TC_CHARGE(16), sizeof(uint8) * (WASM_CPU_SUPPORTS_UNALIGNED_ADDR_ACCESS ? 1 : 2))
#pragma push_macro("CELL_SIZE")
#undef CELL_SIZE
#endif

#define wasm_get_default_memory(instance)                                                   \
    (wasm_get_default_memory)(instance);                                                    \
    struct tc_meter tc_meter __attribute__((cleanup(tc_meter_stop))) = tc_meter_start(exec_env); \
    _Pragma("pop_macro(\"CHECK_INSTRUCTION_LIMIT\")") _Pragma("pop_macro(\"memset\")")      \
        _Pragma("pop_macro(\"memmove\")") _Pragma("pop_macro(\"word_copy\")")               \
            _Pragma("pop_macro(\"copy_stack_values\")")                                       \
                _Pragma("pop_macro(\"wasm_interp_call_func_native\")")                          \
                _Pragma("pop_macro(\"wasm_exec_env_wasm_stack_top\")")                          \
                _Pragma("pop_macro(\"HANDLE_OP\")") _Pragma("pop_macro(\"trunc_f32_to_int\")") \
                _Pragma("pop_macro(\"trunc_f64_to_int\")") _Pragma("pop_macro(\"CELL_SIZE\")") \
                _Pragma("pop_macro(\"LOAD_U32_WITH_2U16S\")") TC_BITS TC_ACCESS TC_DISPATCH TC_RUNS

/* After the interpreter's function there is no budget to charge. */
#define wasm_interp_get_handle_table(nothing) \
    _Pragma("pop_macro(\"memset\")") wasm_interp_get_handle_table(nothing)
#define wasm_interp_call_wasm(...)        \
    TC_DISPATCH_END _Pragma("pop_macro(\"word_copy\")")   \
        _Pragma("pop_macro(\"wasm_interp_call_func_native\")") \
            _Pragma("pop_macro(\"wasm_exec_env_wasm_stack_top\")") TC_AFTER_RUNS \
                wasm_interp_call_wasm(__VA_ARGS__)

#else

#define wasm_get_default_memory(instance) \
    (wasm_get_default_memory)(instance);  \
    _Pragma("pop_macro(\"LOAD_U32_WITH_2U16S\")") TC_BITS TC_ACCESS

#endif

#ifndef TC_PAY_BYTES
#define TC_PAY_BYTES(bytes) ((void)0)
#define TC_PAY_SEARCH(bytes) ((void)0)
#endif
#if WASM_ENABLE_FAST_INTERP == 0
#define wasm_loader_find_block_addr(env, cache, start, stop, kind, otherwise, end)                    \
    ((void)(tc_blocks_find(env, start, otherwise, end) && (TC_PAY_SEARCH(*(end) - (uint8 *)(start)), 1)), true)
#endif

#ifdef TC_DEVICE
/* All natives there are "raw", and none is of the WebAssembly C API: 2 KB of flash for other ways to call. */
#define wasm_runtime_invoke_native(...) false
#define wasm_runtime_invoke_c_api_native(...) false

/* What WAMR would print into a buffer is not printed there (device.h), so the buffers are not needed: 128 bytes of
 * stack each. */
#define wasm_set_exception(instance, text)                                                          \
    (wasm_set_exception)(instance,                                                                  \
                         __builtin_choose_expr(                                                     \
                             __builtin_types_compatible_p(__typeof__(text), char[128]), "", (text)))
#endif

#if WASM_ENABLE_FAST_INTERP != 0
#include "wasm_interp_fast.c"
#else
#include "wasm_interp_classic.c"
#endif
