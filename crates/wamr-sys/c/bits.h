/* How the interpreter counts bits. WAMR goes through them one by one. For interp.c. */
#ifndef TC_BITS_H
#define TC_BITS_H

/* The compiler's functions are not defined for 0. */
TC_INLINE uint32
tc_clz32(uint32 value)
{
    return value ? (uint32)__builtin_clz(value) : 32;
}

TC_INLINE uint32
tc_clz64(uint64 value)
{
    return value ? (uint32)__builtin_clzll(value) : 64;
}

TC_INLINE uint32
tc_ctz32(uint32 value)
{
    return value ? (uint32)__builtin_ctz(value) : 32;
}

TC_INLINE uint32
tc_ctz64(uint64 value)
{
    return value ? (uint32)__builtin_ctzll(value) : 64;
}

/* In pairs, in fours, in bytes; the product adds the four bytes up. Neither x86-64 nor a Cortex-M4 has an instruction
 * for it, and the compiler's function is a call. */
TC_INLINE uint32
tc_popcount32(uint32 value)
{
    value -= (value >> 1) & 0x55555555;
    value = (value & 0x33333333) + ((value >> 2) & 0x33333333);
    value = (value + (value >> 4)) & 0x0f0f0f0f;
    return (value * 0x01010101) >> 24;
}

TC_INLINE uint32
tc_popcount64(uint64 value)
{
#if UINTPTR_MAX > UINT32_MAX
    value -= (value >> 1) & 0x5555555555555555;
    value = (value & 0x3333333333333333) + ((value >> 2) & 0x3333333333333333);
    value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (uint32)((value * 0x0101010101010101) >> 56);
#else
    return tc_popcount32((uint32)value) + tc_popcount32((uint32)(value >> 32));
#endif
}

#define clz32(value) tc_clz32(value)
#pragma push_macro("clz32")
#undef clz32
#define clz64(value) tc_clz64(value)
#pragma push_macro("clz64")
#undef clz64
#define ctz32(value) tc_ctz32(value)
#pragma push_macro("ctz32")
#undef ctz32
#define ctz64(value) tc_ctz64(value)
#pragma push_macro("ctz64")
#undef ctz64
#define popcount32(value) tc_popcount32(value)
#pragma push_macro("popcount32")
#undef popcount32
#define popcount64(value) tc_popcount64(value)
#pragma push_macro("popcount64")
#undef popcount64

/* Goes at the beginning of the interpreter's function. */
#define TC_BITS                                                                  \
    _Pragma("pop_macro(\"clz32\")") _Pragma("pop_macro(\"clz64\")")              \
        _Pragma("pop_macro(\"ctz32\")") _Pragma("pop_macro(\"ctz64\")")          \
            _Pragma("pop_macro(\"popcount32\")") _Pragma("pop_macro(\"popcount64\")")

#endif
