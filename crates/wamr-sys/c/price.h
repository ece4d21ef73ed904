/* What an instruction costs beyond the one that every instruction costs, so that none takes the processor more than
 * twice as long as ordinary code does for the same budget. For interp.c.
 *
 * Measured with `cargo bench --bench opcodes` and scripts/opcode-bench (crates/wamr/benches/opcodes.rs), which must be
 * run again when a price, the compiler's options or WAMR change. What is not named here costs nothing more, and no
 * code is compiled for it. Lengths have prices of their own in interp.c. */
#ifndef TC_PRICE_H
#define TC_PRICE_H

#if defined(__arm__) && WASM_ENABLE_FAST_INTERP != 0
/* A Cortex-M4F with the fast interpreter. */
/* A branch that is taken, in halves. */
#define TC_PRICE_BRANCH_2 1
#define TC_PRICE_CALL 7
#define TC_PRICE_CALL_INDIRECT 7
#define TC_PRICE_VALUE_16 16
#define TC_PRICE_BR_TABLE 2
#define TC_PRICE_MEMORY_GROW 2
#define TC_PRICE_FILL 2
#define TC_PRICE_COPY 3
#define TC_PRICE_I64_DIVISION 4
#define TC_PRICE_I64_ROTATION 1
#define TC_PRICE_I64_POPCNT 1
#define TC_PRICE_F32_ROUNDING 1
#define TC_PRICE_F32_NEAREST 1
#define TC_PRICE_F32_DIV 0
#define TC_PRICE_F32_MIN 0
#define TC_PRICE_F32_CONVERT_I64 1
#define TC_PRICE_F32_DEMOTE 1
#define TC_PRICE_F64_PROMOTE 2
#define TC_PRICE_F64_COMPARISON 3
#define TC_PRICE_F64_ROUNDING 5
#define TC_PRICE_F64_NEAREST 8
#define TC_PRICE_F64_TRUNC 2
#define TC_PRICE_F64_SQRT 35
#define TC_PRICE_F64_ADDITION 4
#define TC_PRICE_F64_MUL 7
#define TC_PRICE_F64_DIV 27
#define TC_PRICE_F64_MIN 5
#define TC_PRICE_F64_CONVERT_I32 1
#define TC_PRICE_F64_CONVERT_I64 2
#define TC_PRICE_I32_TRUNC_F32 2
#define TC_PRICE_I64_TRUNC_F32 7
#define TC_PRICE_I32_TRUNC_F64 11
#define TC_PRICE_I64_TRUNC_F64 18
/* The C library moves byte by byte. */
#define TC_COPY_16 3
#elif defined(__arm__)
/* A Cortex-M4F: floats of 64 bits, roundings and divisions of 64 bits are functions of libgcc and libm. */
#define TC_PRICE_CALL 3
#define TC_PRICE_CALL_INDIRECT 3
/* Each parameter and result of a call, in sixteenths. */
#define TC_PRICE_VALUE_16 8
#define TC_PRICE_BR_TABLE 0
#define TC_PRICE_MEMORY_GROW 1
#define TC_PRICE_FILL 0
#define TC_PRICE_COPY 1
#define TC_PRICE_I64_DIVISION 3
#define TC_PRICE_F32_NEAREST 1
#define TC_PRICE_F32_DIV 0
#define TC_PRICE_F32_MIN 0
#define TC_PRICE_F64_COMPARISON 1
#define TC_PRICE_F64_ROUNDING 3
#define TC_PRICE_F64_NEAREST 5
#define TC_PRICE_F64_TRUNC 1
#define TC_PRICE_F64_SQRT 23
#define TC_PRICE_F64_ADDITION 2
#define TC_PRICE_F64_MUL 4
#define TC_PRICE_F64_DIV 17
#define TC_PRICE_F64_MIN 3
#define TC_PRICE_F64_CONVERT_I64 1
#define TC_PRICE_I32_TRUNC_F32 1
#define TC_PRICE_I64_TRUNC_F32 4
#define TC_PRICE_I32_TRUNC_F64 6
#define TC_PRICE_I64_TRUNC_F64 11
/* The search for a block's end by the classic interpreter, and for each 16 bytes of the block. */
#define TC_PRICE_SEARCH 6
#define TC_PRICE_SEARCH_16 8
/* The C library moves byte by byte: one for each 8. */
#define TC_COPY_16 2
#else
/* A host with a floating-point unit. Where its processor handles subnormal numbers by microcode, that takes 35 ns. */
#define TC_PRICE_BRANCH_2 1
#define TC_PRICE_CALL (WASM_ENABLE_FAST_INTERP ? 4 : 3)
#define TC_PRICE_CALL_INDIRECT (WASM_ENABLE_FAST_INTERP ? 5 : 3)
#define TC_PRICE_VALUE_16 (WASM_ENABLE_FAST_INTERP ? 16 : 8)
#define TC_PRICE_BR_TABLE (WASM_ENABLE_FAST_INTERP ? 6 : 0)
#define TC_PRICE_MEMORY_GROW 2
#define TC_PRICE_FILL 1
#define TC_PRICE_COPY (WASM_ENABLE_FAST_INTERP ? 3 : 2)
#define TC_PRICE_I64_DIVISION (WASM_ENABLE_FAST_INTERP ? 1 : 0)
#define TC_PRICE_F32_NEAREST 0
#define TC_PRICE_F32_DIV (WASM_ENABLE_FAST_INTERP ? 1 : 0)
#define TC_PRICE_F32_MIN (WASM_ENABLE_FAST_INTERP ? 1 : 0)
#define TC_PRICE_F64_COMPARISON 0
#define TC_PRICE_F64_ROUNDING 0
#define TC_PRICE_F64_NEAREST 0
#define TC_PRICE_F64_TRUNC 0
#define TC_PRICE_F64_SQRT (WASM_ENABLE_FAST_INTERP ? 1 : 0)
#define TC_PRICE_F64_ADDITION 0
#define TC_PRICE_F64_MUL 0
#define TC_PRICE_F64_DIV (WASM_ENABLE_FAST_INTERP ? 1 : 0)
#define TC_PRICE_F64_MIN (WASM_ENABLE_FAST_INTERP ? 1 : 0)
#define TC_PRICE_F64_CONVERT_I64 0
#define TC_PRICE_I32_TRUNC_F32 2
#define TC_PRICE_I64_TRUNC_F32 2
#define TC_PRICE_I32_TRUNC_F64 2
#define TC_PRICE_I64_TRUNC_F64 2
#define TC_PRICE_SEARCH 12
#define TC_PRICE_SEARCH_16 8
#define TC_COPY_16 1
/* To find out, where the exponents do not tell at once. */
#define TC_PRICE_UNUSUAL (WASM_ENABLE_FAST_INTERP ? 1 : 0)
#define TC_PRICE_SUBNORMAL (WASM_ENABLE_FAST_INTERP ? 32 : 24)
#endif

/* Which only the fast interpreter of a Cortex-M4F has. */
#ifndef TC_PRICE_I64_ROTATION
#define TC_PRICE_I64_ROTATION 0
#define TC_PRICE_I64_POPCNT 0
#define TC_PRICE_F32_ROUNDING 0
#define TC_PRICE_F32_CONVERT_I64 0
#define TC_PRICE_F32_DEMOTE 0
#define TC_PRICE_F64_PROMOTE 0
#define TC_PRICE_F64_CONVERT_I32 0
#endif

static const uint8 tc_prices[256] = {
    [WASM_OP_I64_ROTL] = TC_PRICE_I64_ROTATION,
    [WASM_OP_I64_ROTR] = TC_PRICE_I64_ROTATION,
    [WASM_OP_I64_POPCNT] = TC_PRICE_I64_POPCNT,
    [WASM_OP_F32_CEIL] = TC_PRICE_F32_ROUNDING,
    [WASM_OP_F32_FLOOR] = TC_PRICE_F32_ROUNDING,
    [WASM_OP_F32_TRUNC] = TC_PRICE_F32_ROUNDING,
    [WASM_OP_F32_CONVERT_S_I64] = TC_PRICE_F32_CONVERT_I64,
    [WASM_OP_F32_CONVERT_U_I64] = TC_PRICE_F32_CONVERT_I64,
    [WASM_OP_F32_DEMOTE_F64] = TC_PRICE_F32_DEMOTE,
    [WASM_OP_F64_PROMOTE_F32] = TC_PRICE_F64_PROMOTE,
    [WASM_OP_F64_CONVERT_S_I32] = TC_PRICE_F64_CONVERT_I32,
    [WASM_OP_F64_CONVERT_U_I32] = TC_PRICE_F64_CONVERT_I32,
    [WASM_OP_CALL] = TC_PRICE_CALL,
    [WASM_OP_CALL_INDIRECT] = TC_PRICE_CALL_INDIRECT,
    [WASM_OP_BR_TABLE] = TC_PRICE_BR_TABLE,
    [WASM_OP_MEMORY_GROW] = TC_PRICE_MEMORY_GROW,
    [WASM_OP_I64_DIV_S] = TC_PRICE_I64_DIVISION,
    [WASM_OP_I64_DIV_U] = TC_PRICE_I64_DIVISION,
    [WASM_OP_I64_REM_S] = TC_PRICE_I64_DIVISION,
    [WASM_OP_I64_REM_U] = TC_PRICE_I64_DIVISION,
    [WASM_OP_F32_NEAREST] = TC_PRICE_F32_NEAREST,
    [WASM_OP_F32_DIV] = TC_PRICE_F32_DIV,
    [WASM_OP_F32_MIN] = TC_PRICE_F32_MIN,
    [WASM_OP_F32_MAX] = TC_PRICE_F32_MIN,
    [WASM_OP_F64_EQ] = TC_PRICE_F64_COMPARISON,
    [WASM_OP_F64_NE] = TC_PRICE_F64_COMPARISON,
    [WASM_OP_F64_LT] = TC_PRICE_F64_COMPARISON,
    [WASM_OP_F64_GT] = TC_PRICE_F64_COMPARISON,
    [WASM_OP_F64_LE] = TC_PRICE_F64_COMPARISON,
    [WASM_OP_F64_GE] = TC_PRICE_F64_COMPARISON,
    [WASM_OP_F64_CEIL] = TC_PRICE_F64_ROUNDING,
    [WASM_OP_F64_FLOOR] = TC_PRICE_F64_ROUNDING,
    [WASM_OP_F64_TRUNC] = TC_PRICE_F64_TRUNC,
    [WASM_OP_F64_NEAREST] = TC_PRICE_F64_NEAREST,
    [WASM_OP_F64_SQRT] = TC_PRICE_F64_SQRT,
    [WASM_OP_F64_ADD] = TC_PRICE_F64_ADDITION,
    [WASM_OP_F64_SUB] = TC_PRICE_F64_ADDITION,
    [WASM_OP_F64_MUL] = TC_PRICE_F64_MUL,
    [WASM_OP_F64_DIV] = TC_PRICE_F64_DIV,
    [WASM_OP_F64_MIN] = TC_PRICE_F64_MIN,
    [WASM_OP_F64_MAX] = TC_PRICE_F64_MIN,
    [WASM_OP_F64_CONVERT_S_I64] = TC_PRICE_F64_CONVERT_I64,
    [WASM_OP_F64_CONVERT_U_I64] = TC_PRICE_F64_CONVERT_I64,
};

#ifdef TC_PRICE_SUBNORMAL
/* What a product or a quotient costs more. It takes the slow way if an operand is subnormal, or the result may be. A
 * zero makes the result exact. `exponent` is the result's, before rounding. */
TC_INLINE int
tc_unusual(uint32 exponent_a, uint32 exponent_b, int exponent, int least, bool zero)
{
    return (exponent_a == 0 || exponent_b == 0 || exponent < least) && !zero ? TC_PRICE_SUBNORMAL : TC_PRICE_UNUSUAL;
}

/* Whether the exponents alone tell that it takes the quick way: both are in the middle half of all, so that no product is
 * subnormal, or in the middle quarter, so that no quotient is. Three or four instructions. Of each number the 32 bits with
 * sign and exponent. */
TC_INLINE bool
tc_usual(uint32 a, uint32 b, bool divides)
{
    if (divides)
        return __builtin_expect(((2 * a - 0x60000000) | (2 * b - 0x60000000)) < 0x40000000, 1);
    return __builtin_expect((int32)((2 * a + 0x40000000) & (2 * b + 0x40000000)) < 0, 1);
}

TC_INLINE int
tc_price_f32(uint32 a, uint32 b, bool divides)
{
    uint32 exponent_a = (a >> 23) & 0xff, exponent_b = (b >> 23) & 0xff;
    int exponent = divides ? (int)exponent_a - (int)exponent_b - 1 : (int)(exponent_a + exponent_b) - 254;

    if (tc_usual(a, b, divides))
        return 0;
    return tc_unusual(exponent_a, exponent_b, exponent, -126, !(a << 1) || !(b << 1));
}

TC_INLINE int
tc_price_f64(uint64 a, uint64 b, bool divides)
{
    uint32 exponent_a = (uint32)(a >> 52) & 0x7ff, exponent_b = (uint32)(b >> 52) & 0x7ff;
    int exponent = divides ? (int)exponent_a - (int)exponent_b - 1 : (int)(exponent_a + exponent_b) - 2046;

    if (tc_usual((uint32)(a >> 32), (uint32)(b >> 32), divides))
        return 0;
    return tc_unusual(exponent_a, exponent_b, exponent, -1022, !(a << 1) || !(b << 1));
}

#if WASM_ENABLE_FAST_INTERP != 0
#define TC_OPERAND_32(from_top) GET_OPERAND(uint32, I32, 2 * (from_top))
#define TC_OPERAND_64(from_top) GET_OPERAND(uint64, I64, 2 * (from_top))
#else
#define TC_OPERAND_32(from_top) (frame_sp[-1 - (from_top)])
#define TC_OPERAND_64(from_top) ((uint64)GET_I64_FROM_ADDR(frame_sp - 2 - 2 * (from_top)))
#endif

/* A root's operand twice: it is slow where the operand is subnormal. */
#define TC_SUBNORMAL(op)                                                                                  \
    (((op) == WASM_OP_F32_MUL || (op) == WASM_OP_F32_DIV)                                                 \
         ? tc_price_f32(TC_OPERAND_32(1), TC_OPERAND_32(0), (op) == WASM_OP_F32_DIV)                      \
     : ((op) == WASM_OP_F64_MUL || (op) == WASM_OP_F64_DIV)                                               \
         ? tc_price_f64(TC_OPERAND_64(1), TC_OPERAND_64(0), (op) == WASM_OP_F64_DIV)                      \
     : (op) == WASM_OP_F32_SQRT ? tc_price_f32(TC_OPERAND_32(0), TC_OPERAND_32(0), true)                  \
     : (op) == WASM_OP_F64_SQRT ? tc_price_f64(TC_OPERAND_64(0), TC_OPERAND_64(0), true)                  \
                                : 0)
#define TC_PAY_SUBNORMAL(op)                         \
    ({                                               \
        int tc_more = TC_SUBNORMAL(op);              \
        if (__builtin_expect(tc_more, 0))            \
            TC_TAKE_AND_COMPARE(tc_more);            \
    })
#else
#define TC_PAY_SUBNORMAL(op) ((void)0)
#endif

/* Where an instruction's code begins. All of it is constant but the subnormal numbers, so it vanishes or is one
 * subtraction. A high price is compared at once, where the fast interpreter would do it later: runs.h. */
#define TC_HIGH_PRICE 8
#define TC_PAY(op)                              \
    do {                                        \
        if (tc_prices[op] > TC_HIGH_PRICE)      \
            TC_TAKE_AND_COMPARE(tc_prices[op]); \
        else if (tc_prices[op])                 \
            TC_TAKE(tc_prices[op]);             \
        TC_PAY_SUBNORMAL(op);                   \
    } while (0)

#endif
