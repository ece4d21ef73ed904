/*
 * The interface for containers in C: what a container imports from its host and what it exports.
 *
 * The same numbers as crates/abi, permanent and append-only; tests/fixtures.rs compares them. Compile with
 * the flags of link.toml. There is no C library.
 */
#ifndef TINYCONTAINER_GUEST_H
#define TINYCONTAINER_GUEST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The errors of calls. */
#define TC_REFUSED (-1)       /* the firewall refused the call, and recorded why */
#define TC_WOULD_BLOCK (-2)   /* nothing to read, or no free space to write, now */
#define TC_PEER_GONE (-3)     /* the peer does not exist, or does not run */
#define TC_TOO_LONG (-4)      /* the message does not fit */
#define TC_IO (-5)            /* the driver failed */
#define TC_TOO_MANY_OPEN (-6) /* all of the container's descriptors are in use */

/* The results of loop(). Any value but 0 stops the container. */
#define TC_AGAIN 0
#define TC_STOP 1

/* On other targets than WebAssembly these are plain functions, so that a unit test can define the calls and use the
 * hooks. */
#ifdef __wasm__
#define TINYCONTAINER_IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#define TINYCONTAINER_EXPORT(name) __attribute__((export_name(#name), visibility("default")))
#else
#define TINYCONTAINER_IMPORT(name)
#define TINYCONTAINER_EXPORT(name)
#endif

/* "I am alive". 0, or an error. */
TINYCONTAINER_IMPORT(heartbeat) int32_t tc_heartbeat(void);

/* A descriptor (0 or more) for an endpoint of the metadata, or an error. */
TINYCONTAINER_IMPORT(open) int32_t tc_open(uint32_t endpoint);

/* 0, or an error. */
TINYCONTAINER_IMPORT(close) int32_t tc_close(int32_t fd);

/* The number of bytes read into buf, or an error. It may be less than len: a device transfers at most as many bytes
 * at once as its driver allows (64 by default), so call again for the rest. A message from another container is read
 * whole. The time of a call is subtracted from the hook's budget. */
TINYCONTAINER_IMPORT(read) int32_t tc_read(int32_t fd, void *buf, uint32_t len);

/* The number of bytes taken from buf, or an error. It may be less than len, as for tc_read: call again with the rest. A
 * message to another container is taken whole or not at all. */
TINYCONTAINER_IMPORT(write) int32_t tc_write(int32_t fd, const void *buf, uint32_t len);

/* Logs one line of NUL-terminated text, of at most 256 bytes: a device cuts a longer one there. It drops lines beyond its
 * limit (1024 bytes per second by default, after a first burst), and reports how many were dropped. */
TINYCONTAINER_IMPORT(logger) void tc_log(const char *text);

/* An endpoint that is opened at its first use, and again after its peer was gone:
 *
 *     static tc_port led = TC_PORT(1);
 *
 * So no call is made with a descriptor that is not open, which would be refused. Functions that are not used cost
 * nothing. */
typedef struct {
    uint32_t id;
    int32_t fd; /* negative: not open */
} tc_port;

#define TC_PORT(id) {(id), -1}

/* Closes it, if it is open. */
static inline void tc_port_close(tc_port *port)
{
    if (port->fd >= 0) {
        tc_close(port->fd);
        port->fd = -1;
    }
}

/* As tc_read, or the error of tc_open. */
static inline int32_t tc_port_read(tc_port *port, void *buf, uint32_t len)
{
    if (port->fd < 0 && (port->fd = tc_open(port->id)) < 0) {
        return port->fd;
    }
    int32_t answer = tc_read(port->fd, buf, len);
    if (answer == TC_PEER_GONE) {
        tc_port_close(port);
    }
    return answer;
}

/* As tc_write, or the error of tc_open. */
static inline int32_t tc_port_write(tc_port *port, const void *buf, uint32_t len)
{
    if (port->fd < 0 && (port->fd = tc_open(port->id)) < 0) {
        return port->fd;
    }
    int32_t answer = tc_write(port->fd, buf, len);
    if (answer == TC_PEER_GONE) {
        tc_port_close(port);
    }
    return answer;
}

/*
 * The heads of the three hooks; a body follows:
 *
 *     TINYCONTAINER_START { ... }               once, before the first loop
 *     TINYCONTAINER_LOOP { return TC_AGAIN; }   once a period
 *     TINYCONTAINER_STOP { ... }                once, after the last loop
 */
#define TINYCONTAINER_START                                                                                    \
    void tinycontainer_start(void);                                                                            \
    TINYCONTAINER_EXPORT(start) void tinycontainer_start(void)

#define TINYCONTAINER_LOOP                                                                                     \
    int32_t tinycontainer_loop(void);                                                                          \
    TINYCONTAINER_EXPORT(loop) int32_t tinycontainer_loop(void)

#define TINYCONTAINER_STOP                                                                                     \
    void tinycontainer_stop(void);                                                                             \
    TINYCONTAINER_EXPORT(stop) void tinycontainer_stop(void)

#ifdef __cplusplus
}
#endif

#endif
