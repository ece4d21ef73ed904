/* Guests for scripts/guest-bench: five small programs of a kind that devices run. Compiled to WebAssembly by clang, and
 * for the processor by gcc. Each takes how much it shall do, and returns a number that must be the same everywhere. */
#include <stdint.h>

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name)
#endif

/* What is read. Zeros, and nothing writes to it. */
static uint8_t bytes[4096];

/* CRC-32 of `len` bytes, bit by bit. */
EXPORT(crc) uint32_t
crc(uint32_t len)
{
    uint32_t sum = UINT32_MAX;

    for (uint32_t at = 0; at < len; at++) {
        sum ^= bytes[at % 4096];
        for (int bits = 8; bits > 0; bits--) {
            sum = (sum >> 1) ^ (0xedb88320 & (0 - (sum & 1)));
        }
    }
    return sum;
}

/* The `n`th Fibonacci number, by recursion: calls and little else. */
EXPORT(fib) __attribute__((noinline)) uint32_t
fib(uint32_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/* How many primes are below `limit`, at most 20,480, with a sieve. */
EXPORT(sieve) uint32_t
sieve(uint32_t limit)
{
    static uint8_t composite[20480];
    uint32_t primes = 0;

    for (uint32_t at = 0; at < limit; at++) {
        *(volatile uint8_t *)&composite[at] = 0;
    }
    for (uint32_t at = 2; at < limit; at++) {
        if (composite[at] == 0) {
            primes++;
            for (uint32_t multiple = at + at; multiple < limit; multiple += at) {
                composite[multiple] = 1;
            }
        }
    }
    return primes;
}

/* A filter of 32 taps over 256 samples, in floats, `rounds` times. */
EXPORT(fir) uint32_t
fir(uint32_t rounds)
{
    enum { TAPS = 32, SAMPLES = 256 };
    static float taps[TAPS], in[SAMPLES + TAPS], out[SAMPLES];
    float sum = 0;

    for (int tap = 0; tap < TAPS; tap++) {
        taps[tap] = 1.0F / (float)(tap + 1);
    }
    for (int at = 0; at < SAMPLES + TAPS; at++) {
        in[at] = (float)(at * 37 % 256) / 256.0F;
    }
    for (uint32_t round = 0; round < rounds; round++) {
        for (int at = 0; at < SAMPLES; at++) {
            float filtered = 0;
            for (int tap = 0; tap < TAPS; tap++) {
                filtered += taps[tap] * in[at + tap];
            }
            out[at] = filtered;
        }
        in[round % SAMPLES] = out[round % SAMPLES] * 0.01F;
    }
    for (int at = 0; at < SAMPLES; at++) {
        sum += out[at];
    }
    return (uint32_t)(sum * 100.0F);
}

static uint32_t
rotated(uint32_t value, int bits)
{
    return (value >> bits) | (value << (32 - bits));
}

/* SHA-256's compression (FIPS 180-4, section 6.2.2) of `blocks` blocks of 64 bytes. Returns the first word of the
 * state. */
EXPORT(sha) uint32_t
sha(uint32_t blocks)
{
    static const uint32_t constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    uint32_t state[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    uint32_t schedule[64];

    for (uint32_t block = 0; block < blocks; block++) {
        const uint8_t *from = bytes + block * 64 % 4096;
        uint32_t v[8];

        for (int i = 0; i < 16; i++) {
            schedule[i] = (uint32_t)from[i * 4] << 24 | (uint32_t)from[i * 4 + 1] << 16
                          | (uint32_t)from[i * 4 + 2] << 8 | from[i * 4 + 3];
        }
        for (int i = 16; i < 64; i++) {
            uint32_t a = schedule[i - 15], b = schedule[i - 2];
            schedule[i] = schedule[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)) + schedule[i - 7]
                          + (rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10));
        }
        for (int i = 0; i < 8; i++) {
            v[i] = state[i];
        }
        for (int i = 0; i < 64; i++) {
            uint32_t a = v[7] + (rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25))
                         + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[i] + schedule[i];
            uint32_t b = (rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22))
                         + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
            v[7] = v[6], v[6] = v[5], v[5] = v[4], v[4] = v[3] + a;
            v[3] = v[2], v[2] = v[1], v[1] = v[0], v[0] = a + b;
        }
        for (int i = 0; i < 8; i++) {
            state[i] += v[i];
        }
    }
    return state[0];
}
