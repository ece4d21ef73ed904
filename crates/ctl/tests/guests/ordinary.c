/* The functions of ordinary.rs in C, in the same order and with the same results. */
#include "tinycontainer_guest.h"

typedef uint32_t u32;
typedef uint64_t u64;

static const uint8_t BYTES[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
static const int16_t WORDS[8] = {-300, 25, 7, -1, 32000, -32000, 0, 512};
static const uint16_t GRID[3][4] = {{1, 2, 3, 4}, {50, 60, 70, 80}, {900, 1000, 1100, 1200}};

static u32 hash(const uint8_t *bytes, u32 len)
{
    u32 h = 0x811c9dc5;
    for (u32 i = 0; i < len; i++)
        h = (h ^ bytes[i]) * 0x01000193;
    return h;
}
static u32 rotated(u32 x, u32 by) { return x << by | x >> (32 - by); }
static u32 bits(float f) { union { float f; u32 u; } both = {f}; return both.u; }
static u32 low_bits(double d) { union { double d; u64 u; } both = {d}; return (u32)both.u; }

static u32 f0(u32 n) { return (u32)(((int32_t)n - 1000) / ((int32_t)n % 5 + 1)); }
static u32 f1(u32 n) { return (u32)(((int32_t)n - 1000) % ((int32_t)n % 7 + 1)); }
static u32 f2(u32 n) { return 1000000 / (n % 9 + 1); }
static u32 f3(u32 n) { return (u32)(0x123456789abcdef0ull / (n + 3)); }
static u32 f4(u32 n) { return (u32)(0x123456789abcdef0ull % (n + 3)); }
static u32 f5(u32 n) { return (u32)(-0x123456789abcll / (int64_t)(n + 3)); }
static u32 f6(u32 n) { return n % 2 ? 77 / (n % 2) : 9; }
static u32 f7(u32 n)
{
    const int32_t values[] = {(int32_t)n, -4, 1000 - (int32_t)n, 17};
    int32_t sum = 0;
    for (int i = 0; i < 4; i++)
        sum += values[i];
    return (u32)(sum / 4);
}
static u32 f8(u32 n) { return (u32)(int16_t)((int16_t)n * -3); }
static u32 f9(u32 n) { return (u32)(int8_t)n; }
static u32 f10(u32 n) { return (uint16_t)((u32)(uint16_t)n * 40503u); }
static u32 f11(u32 n) { return (u32)((int64_t)(int32_t)n * -5 >> 7); }
static u32 f12(u32 n)
{
    int32_t sum = WORDS[n % 8] + (int16_t)n;
    return (u32)(sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum);
}
static u32 f13(u32 n)
{
    int16_t sum = 0;
    for (int i = 0; i < 8; i++)
        sum = (int16_t)(sum + (int16_t)(WORDS[i] ^ (int16_t)n));
    return (u32)sum;
}
static u32 f14(u32 n) { return (u32)((int8_t)-(int8_t)n >> 2); }
static u32 f15(u32 n)
{
    u32 sum = 0;
    for (u32 i = 0; i < n % 17; i++)
        sum += BYTES[i];
    return sum;
}
static u32 f16(u32 n)
{
    uint8_t most = 0;
    for (u32 i = n % 8; i < 16; i++)
        most = BYTES[i] > most ? BYTES[i] : most;
    return most;
}
static u32 f17(u32 n)
{
    u32 count = 0;
    for (int i = 0; i < 15; i++) {
        int apart = BYTES[i + 1] - BYTES[i];
        count += (u32)(apart < 0 ? -apart : apart) > n % 5;
    }
    return count;
}
static u32 f18(u32 n)
{
    u32 size = n % 6 + 1, sum = 0;
    for (u32 at = 0; at < 16; at += size) {
        u32 len = 16 - at < size ? 16 - at : size;
        sum += BYTES[at + len / 2];
    }
    return sum;
}
static u32 f19(u32 n)
{
    uint8_t copy[16], within[7];
    for (int i = 0; i < 16; i++)
        copy[i] = BYTES[15 - i];
    for (int i = 0; i < 7; i++)
        within[i] = copy[2 + i];
    for (int i = 0; i < 7; i++)
        copy[n % 7 + (u32)i] = within[i];
    return hash(copy, 16);
}
static u32 f20(u32 n)
{
    uint8_t copy[16];
    for (int i = 0; i < 16; i++)
        copy[i] = (uint8_t)(BYTES[i] * (uint8_t)(n | 1));
    for (int i = 1; i < 16; i++) {
        uint8_t value = copy[i];
        int at = i;
        for (; at > 0 && copy[at - 1] > value; at--)
            copy[at] = copy[at - 1];
        copy[at] = value;
    }
    return hash(copy, 16);
}
static u32 f21(u32 n)
{
    static const u32 primes[] = {2, 3, 5, 7, 11, 13, 17, 19};
    u32 low = 0, high = 8;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (primes[middle] == n % 20)
            return middle;
        if (primes[middle] < n % 20)
            low = middle + 1;
        else
            high = middle;
    }
    return 100 + low;
}
static u32 f22(u32 n)
{
    uint8_t buffer[64] = {0};
    for (u32 i = 0; i < 16; i++)
        buffer[n % 48 + i] = BYTES[i];
    return hash(buffer, 64);
}
static u32 f23(u32 n)
{
    uint8_t buffer[300];
    for (u32 i = 0; i < 300; i++)
        buffer[i] = 1;
    for (u32 i = 0; i < 150; i++)
        buffer[n % 100 + i] = (uint8_t)n;
    return hash(buffer, 300);
}
static u32 f24(u32 n) { return hash(BYTES + n % 16, 16 - n % 16) ^ rotated(hash(BYTES, n % 16), 9); }
static u32 f25(u32 n) { return (BYTES[2] == (uint8_t)n) + 2 * (BYTES[2] == (uint8_t)n); }
static u32 f26(u32 n)
{
    for (u32 i = 0; i < 16; i++)
        if (BYTES[i] == n % 11)
            return i;
    return 99;
}
static u32 f27(u32 n) { return BYTES[n % 16]; }
static u32 f28(u32 n) { return GRID[n % 3][n / 3 % 4]; }
static u32 f29(u32 n)
{
    uint8_t counts[10] = {0};
    for (int i = 0; i < 16; i++)
        counts[BYTES[i] * n % 10]++;
    return hash(counts, 10);
}
static u32 f30(u32 n)
{
    _Bool composite[200] = {0};
    u32 primes = 0;
    for (u32 i = 2; i < 100 + n % 100; i++) {
        if (composite[i])
            continue;
        primes++;
        for (u32 at = i * i; at < 200; at += i)
            composite[at] = 1;
    }
    return primes;
}
static u32 f31(u32 n)
{
    switch (n % 12) {
    case 0: return 31;
    case 1: return n * 3;
    case 2: return 28 ^ n;
    case 3: return n >> 3;
    case 4: return n << 5;
    case 5: return ~n;
    case 6: return 1000 - n % 1000;
    case 7: return n & 0x55;
    default: return 30;
    }
}
static u32 f32_(u32 n)
{
    const uint8_t *two = BYTES + n % 14;
    switch (two[0]) {
    case 4: return two[1] == 1;
    case 5: return two[1];
    case 9: return 3;
    default: return 0;
    }
}
static u32 f33(u32 n)
{
    switch (n % 1000) {
    case 100: case 200: case 300: return 7;
    default: return n % 1000 < 10 ? 1 : n % 1000 < 100 ? 2 : 3;
    }
}
static u32 f34(u32 n)
{
    enum { IDLE, BUSY, DONE } state = IDLE;
    for (int i = 0; i < 16; i++) {
        if (state == IDLE)
            state = BYTES[i] >= 4 ? BUSY : IDLE;
        else if (state == BUSY && BYTES[i] == n % 10)
            state = DONE;
    }
    return state;
}
static u32 f35(u32 n)
{
    float sum = 0;
    for (int i = 0; i < 16; i++)
        sum += BYTES[i];
    return bits(sum / ((float)n + 0.5f));
}
static u32 f36(u32 n) { return low_bits(((n * 0.5 - 3.25) * n + 1.125) * 1e-3); }
static u32 f37(u32 n)
{
    float value = ((float)n - 500.0f) * 1e7f;
    return (u32)(value >= 2147483648.0f ? INT32_MAX : value < -2147483648.0f ? INT32_MIN : (int32_t)value);
}
static u32 f38(u32 n)
{
    double value = n * 1.7 - 400.0;
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}
static u32 f39(u32 n)
{
    double value = ((double)n - 777.0) * 1e16;
    return (u32)(value >= 9223372036854775808.0 ? INT64_MAX
                 : value < -9223372036854775808.0 ? INT64_MIN : (int64_t)value);
}
static u32 f40(u32 n) { return low_bits((double)((u64)n << 40 | 12345)); }
static u32 f41(u32 n)
{
    float value = (float)n / 7.0f;
    return bits(value < 10.5f ? 10.5f : value > 99.75f ? 99.75f : value);
}
static u32 f42(u32 n)
{
    double of = n, guess = of / 2.0 + 1.0;
    for (int i = 0; i < 20; i++)
        guess = (guess + of / guess) / 2.0;
    return low_bits(guess);
}
static u32 f43(u32 n)
{
    float value = __builtin_fabsf(-(float)n);
    value = value < 640.0f ? value : 640.0f;
    value = value > 2.5f ? value : 2.5f;
    return bits(value * 3.0f / 7.0f);
}
static u32 f44(u32 n) { return (u32)(n * 0x9e3779b97f4a7c15ull >> 32); }
static u32 f45(u32 n)
{
    u64 value = 0x0123456789abcdefull;
    u32 by = n % 64;
    return (u32)(by ? value << by | value >> (64 - by) : value);
}
static u32 f46(u32 n)
{
    return (n ? (u32)__builtin_clz(n) : 32) + 40 * (n ? (u32)__builtin_ctz(n) : 32)
           + 1600 * (u32)__builtin_popcountll((u64)n * n);
}
static u32 f47(u32 n)
{
    u32 reversed = 0, swapped = __builtin_bswap32(n);
    for (int i = 0; i < 32; i++)
        reversed |= (swapped >> i & 1) << (31 - i);
    return __builtin_bswap32(reversed);
}
static u32 f48(u32 n)
{
    u32 product;
    if (__builtin_mul_overflow(n, 70000u, &product))
        product = n;
    return product > 500 ? product - 500 : 0;
}
static u32 f49(u32 n)
{
    u32 crc = ~0u;
    for (u32 i = 0; i < n % 16 + 1; i++) {
        crc ^= BYTES[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}
struct divided { u64 quotient, rest; };
__attribute__((noinline)) static struct divided divided(u64 value, u64 by)
{
    return (struct divided){value / by, value % by};
}
static u32 f50(u32 n)
{
    struct divided d = divided((u64)n * 1000003, 97);
    return (u32)d.quotient + (u32)d.rest;
}
static u64 factorial(u64 n) { return n == 0 ? 1 : n * factorial(n - 1); }
static u32 f51(u32 n) { return (u32)factorial(n % 20); }
static u32 square(u32 n) { return n * n; }
static u32 strip(u32 n) { return n * 3; }
static u32 f52(u32 n)
{
    static u32 (*const area[2])(u32) = {square, strip};
    return area[n % 2](n) + area[0](n);
}
static u32 f53(u32 n)
{
    char text[10];
    u32 sum = 0;
    for (int i = 9; i >= 0; i--, n /= 10)
        text[i] = (char)('0' + n % 10);
    for (int i = 0; i < 10; i++) {
        if (text[i] == '7')
            return 0;
        sum += (u32)(text[i] - '0');
    }
    return sum;
}
struct reading { u64 at; int16_t values[24]; };
static u32 f54(u32 n)
{
    struct reading first = {.at = n}, second;
    u32 sum = 0;
    for (int i = 0; i < 24; i++)
        first.values[i] = (int16_t)n;
    second = first;
    second.values[n % 24] = -1;
    for (int i = 0; i < 24; i++)
        sum += (u32)(second.values[i] - first.values[i]);
    return sum ^ (u32)second.at;
}

static u32 (*const FUNCTIONS[])(u32) = {
    f0,  f1,  f2,  f3,  f4,  f5,  f6,  f7,  f8,  f9,  f10, f11, f12, f13,  f14, f15, f16, f17, f18,
    f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32_, f33, f34, f35, f36, f37,
    f38, f39, f40, f41, f42, f43, f44, f45, f46, f47, f48, f49, f50, f51,  f52, f53, f54,
};

/* Logs, for the next input in each loop, all results as hexadecimal digits: 8 of each. */
static const u32 INPUTS[] = {0, 37, 999, 65535, 123456789};
static u32 next;

TINYCONTAINER_START {}
TINYCONTAINER_STOP {}

TINYCONTAINER_LOOP
{
    static char line[28 * 8 + 1];
    u32 length = 0;
    for (u32 i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++) {
        u32 value = FUNCTIONS[i](INPUTS[next]);
        for (int shift = 28; shift >= 0; shift -= 4)
            line[length++] = "0123456789abcdef"[value >> shift & 15];
        if (length == 28 * 8) {
            line[length] = 0;
            tc_log(line);
            length = 0;
        }
    }
    line[length] = 0;
    tc_log(line);
    return ++next == sizeof INPUTS / sizeof *INPUTS ? TC_STOP : TC_AGAIN;
}
