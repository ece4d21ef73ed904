/* What the C tests share: a check that says where it failed, files, waiting. */
#ifndef HARNESS_H
#define HARNESS_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

typedef struct {
    uint8_t *bytes;
    size_t len;
} file_t;

/* A file whole, in memory of exactly its size, so that a byte too many is seen. */
static inline file_t slurp(const char *dir, const char *name, const char *part)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", dir, name, part);
    FILE *in = fopen(path, "rb");
    CHECK(in != NULL);
    CHECK(fseek(in, 0, SEEK_END) == 0);
    long len = ftell(in);
    CHECK(len >= 0);
    rewind(in);
    file_t file = {malloc(len > 0 ? (size_t)len : 1), (size_t)len};
    CHECK(file.bytes != NULL);
    CHECK(fread(file.bytes, 1, file.len, in) == file.len);
    fclose(in);
    return file;
}

typedef struct {
    file_t metadata, data, code;
} image_t;

static inline image_t image(const char *dir, const char *name)
{
    image_t image = {slurp(dir, name, ".metadata"), slurp(dir, name, ".data"), slurp(dir, name, ".code")};
    return image;
}

static inline void drop(image_t *image)
{
    free(image->metadata.bytes);
    free(image->data.bytes);
    free(image->code.bytes);
}

static inline void pause_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Waits for a condition, 20 seconds at the most. */
#define WAIT(condition)                                                        \
    do {                                                                       \
        int rounds_ = 0;                                                       \
        while (!(condition)) {                                                 \
            CHECK(rounds_++ < 10000 && #condition);                            \
            pause_ms(2);                                                       \
        }                                                                      \
    } while (0)

#endif
