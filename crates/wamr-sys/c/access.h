/* How the interpreter reads and writes numbers in memory, and finds the place that a guest's load or store
 * names. For interp.c.
 *
 * Where WAMR does not trust an unaligned access it takes numbers apart by functions of its own, which -Os does not
 * inline. A compiler that knows its processor does it in the best way there is: on a Cortex-M4 in one load. And
 * the cells of the operand stack are aligned to 4 always. All of this file saves 1.6 KB of flash. */
#ifndef TC_ACCESS_H
#define TC_ACCESS_H

#define TC_INLINE static inline __attribute__((always_inline))
#define TC_LOAD(name, type)                              \
    TC_INLINE type name(const void *from)                \
    {                                                    \
        type value;                                      \
        __builtin_memcpy(&value, from, sizeof(value));   \
        return value;                                    \
    }
#define TC_STORE(name, type)                             \
    TC_INLINE void name(void *to, type value)            \
    {                                                    \
        __builtin_memcpy(to, &value, sizeof(value));     \
    }

TC_LOAD(tc_load_u16, uint16)
TC_LOAD(tc_load_u32, uint32)
TC_LOAD(tc_load_i64, int64)
TC_STORE(tc_store_u16, uint16)
TC_STORE(tc_store_u32, uint32)
TC_STORE(tc_store_i64, int64)

/* Not inlined, or each place has 8 bytes of stack for it: 240 of each container's. */
static __attribute__((noinline)) float64
tc_load_f64(const void *from)
{
    float64 value;
    __builtin_memcpy(&value, from, sizeof(value));
    return value;
}

#if WASM_CPU_SUPPORTS_UNALIGNED_ADDR_ACCESS == 0
#define TC_CELLS(at) __builtin_assume_aligned(at, 4)

#undef LOAD_U16
#undef LOAD_U32
#undef STORE_I64
#undef PUT_I64_TO_ADDR
#define LOAD_I16(from) ((int16)tc_load_u16(from))
#define LOAD_U16(from) tc_load_u16(from)
#define LOAD_I32(from) ((int32)tc_load_u32(from))
#define LOAD_U32(from) tc_load_u32(from)
#define LOAD_I64(from) tc_load_i64(from)
#define LOAD_F64(from) tc_load_f64(from)
#define STORE_U16(to, value) tc_store_u16(to, value)
#define STORE_U32(to, value) tc_store_u32(to, value)
#define STORE_I64(to, value) tc_store_i64(to, value)
#define GET_I64_FROM_ADDR(from) tc_load_i64(TC_CELLS(from))
#define GET_F64_FROM_ADDR(from) tc_load_f64(TC_CELLS(from))
#define PUT_I64_TO_ADDR(to, value) tc_store_i64(TC_CELLS(to), value)
/* WAMR's PUT_F64_TO_ADDR stays, for the same reason. */
#endif

#if WASM_ENABLE_FAST_INTERP == 0
/* Each of the classic interpreter's 23 loads and stores reads two numbers (alignment, which is a hint, and offset)
 * and compares in 64 bits. Once for all; a processor of 32 bits has no memory of 4 GiB.
 *
 * Both results come back in registers: where the code goes on in the upper half, the place in the lower. */
#if UINTPTR_MAX > UINT32_MAX
typedef unsigned __int128 tc_pair;
#else
typedef uint64 tc_pair;
#endif
#define TC_PAIR(upper, lower) ((tc_pair)(uintptr_t)(upper) << (8 * sizeof(uintptr_t)) | (uintptr_t)(lower))
#define TC_UPPER(pair) ((uintptr_t)((pair) >> (8 * sizeof(uintptr_t))))

/* Where the code goes on, and the place of `bytes` bytes at `address` + `offset` in the memory. 0 if they are not all the
 * memory's. */
TC_INLINE tc_pair
tc_place_of(uint8 *ip, uint32 address, uint32 offset, WASMMemoryInstance *memory, uint32 bytes)
{
    uintptr_t first, behind;

    if (__builtin_add_overflow((uintptr_t)address, offset, &first)
        || __builtin_add_overflow(first, bytes, &behind) || behind > (uintptr_t)memory->memory_data_size)
        return 0;
    return TC_PAIR(ip, memory->memory_data + first);
}

static __attribute__((noinline)) tc_pair
tc_reach_far(uint8 *ip, uint32 address, WASMMemoryInstance *memory, uint32 bytes)
{
    uint32 offset = 0, shift = 0;

    while (*ip++ & 0x80)
        ;
    do {
        offset |= (uint32)(*ip & 0x7f) << shift;
        shift += 7;
    } while (*ip++ & 0x80);
    return tc_place_of(ip, address, offset, memory, bytes);
}

/* `ip` leads to the two numbers, which the loader has checked. */
static __attribute__((noinline)) tc_pair
tc_reach(uint8 *ip, uint32 address, WASMMemoryInstance *memory, uint32 bytes)
{
    if ((ip[0] | ip[1]) & 0x80)
        return tc_reach_far(ip, address, memory, bytes);
    return tc_place_of(ip + 2, address, ip[1], memory, bytes);
}

/* Reads a LEB128 number of 2 to 5 bytes and at most 32 bits, which the loader has checked. Returns the number in the lower
 * half and how many bytes it has in the upper half: on a 32-bit processor both come back in registers.
 *
 * WAMR's function calculates in 64 bits, in a loop: 82 instructions of a Cortex-M4 for 5 bytes, where this takes 30. */
static __attribute__((noinline)) uint64
tc_read_leb_32(const uint8 *at, bool sign)
{
    uint32 result = at[0] & 0x7f, byte = at[1], len = 2, above;

    result |= (byte & 0x7f) << 7;
    if (byte & 0x80) {
        byte = at[2], len = 3;
        result |= (byte & 0x7f) << 14;
        if (byte & 0x80) {
            byte = at[3], len = 4;
            result |= (byte & 0x7f) << 21;
            if (byte & 0x80)
                return (uint64)5 << 32 | result | (uint32)at[4] << 28;
        }
    }
    if (sign) {
        above = 32 - 7 * len;
        result = (uint32)((int32)(result << above) >> above);
    }
    return (uint64)len << 32 | result;
}

/* TC_PAY_BYTES is interp.c's: long numbers take longer than an instruction should. */
#define read_leb(at, len, bits, sign)                              \
    ({                                                             \
        uint64 tc_number;                                          \
        if ((bits) == 32) {                                        \
            tc_number = tc_read_leb_32(at, sign);                  \
            *(len) = (uint32)(tc_number >> 32);                    \
            tc_number = (uint32)tc_number;                         \
            TC_PAY_BYTES(*(len));                                  \
        }                                                          \
        else {                                                     \
            tc_number = read_leb(at, len, bits, sign);             \
            TC_PAY_BYTES(*(len)*2);                                \
        }                                                          \
        tc_number;                                                 \
    })
#pragma push_macro("read_leb")
#undef read_leb
#define read_leb_memarg(ip, end, result) ((result) = 0)
#pragma push_macro("read_leb_memarg")
#undef read_leb_memarg
/* Of memory.size, .grow, .fill and .copy: WAMR's is the macro before. */
#define read_leb_memidx(ip, end, result) read_leb_uint32(ip, end, result)
#pragma push_macro("read_leb_memidx")
#undef read_leb_memidx
#define read_leb_mem_offset(ip, end, result) ((result) = 0)
#pragma push_macro("read_leb_mem_offset")
#undef read_leb_mem_offset
#define CHECK_MEMORY_OVERFLOW(bytes)                                      \
    do {                                                                  \
        tc_pair tc_at = tc_reach(frame_ip, addr, memory, bytes);          \
        if (!TC_UPPER(tc_at))                                             \
            goto out_of_bounds;                                           \
        TC_PAY_BYTES((uint8 *)TC_UPPER(tc_at) - frame_ip);                \
        frame_ip = (uint8 *)TC_UPPER(tc_at);                              \
        maddr = (uint8 *)(uintptr_t)tc_at;                                \
    } while (0)
#pragma push_macro("CHECK_MEMORY_OVERFLOW")
#undef CHECK_MEMORY_OVERFLOW
/* WAMR tests the sign and puts the bits above; a conversion is one instruction. */
#define sign_ext_8_32(value) ((int32)(int8)(value))
#pragma push_macro("sign_ext_8_32")
#undef sign_ext_8_32
#define sign_ext_16_32(value) ((int32)(int16)(value))
#pragma push_macro("sign_ext_16_32")
#undef sign_ext_16_32
#define sign_ext_8_64(value) ((int64)(int8)(value))
#pragma push_macro("sign_ext_8_64")
#undef sign_ext_8_64
#define sign_ext_16_64(value) ((int64)(int16)(value))
#pragma push_macro("sign_ext_16_64")
#undef sign_ext_16_64
#define sign_ext_32_64(value) ((int64)(int32)(value))
#pragma push_macro("sign_ext_32_64")
#undef sign_ext_32_64
/* Goes at the beginning of the interpreter's function. */
#define TC_ACCESS                                                                            \
    _Pragma("pop_macro(\"read_leb_memarg\")") _Pragma("pop_macro(\"read_leb_mem_offset\")") \
        _Pragma("pop_macro(\"read_leb_memidx\")") _Pragma("pop_macro(\"CHECK_MEMORY_OVERFLOW\")") \
            _Pragma("pop_macro(\"read_leb\")") _Pragma("pop_macro(\"sign_ext_8_32\")")          \
                _Pragma("pop_macro(\"sign_ext_16_32\")") _Pragma("pop_macro(\"sign_ext_8_64\")") \
                    _Pragma("pop_macro(\"sign_ext_16_64\")") _Pragma("pop_macro(\"sign_ext_32_64\")")
#else
#define TC_ACCESS
#endif

#endif
