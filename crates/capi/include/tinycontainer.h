/*
 * TinyContainer for C. Generated from the sources of crates/capi: do not edit.
 *
 * The order: tinycontainer_trust, tinycontainer_device (both before the first image; under RIOT the variables
 * of the Makefile can do it), tinycontainer_init, tinycontainer_time, then containers:
 * tinycontainer_loadcontainer, _startcontainer, _stopcontainer, _iscontainerrunning. The functions may be called
 * from any thread, a driver's functions included, but not from an interrupt. Sizes are bytes. A call that fails
 * changes nothing.
 */

#ifndef TINYCONTAINER_H
#define TINYCONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef RIOT_VERSION
#include "sched.h" /* kernel_pid_t */
#else
typedef int16_t kernel_pid_t;
#endif

/**
 * The longest uid, in bytes.
 */
#define TINYCONTAINER_MAX_UID 64

/**
 * A number that only the application's own driver understands. All local peers of 2024.
 */
#define TINYCONTAINER_BUS_APP 0

/**
 * A pin.
 */
#define TINYCONTAINER_BUS_GPIO 1

/**
 * A device on an I2C bus.
 */
#define TINYCONTAINER_BUS_I2C 2

/**
 * A device on an SPI bus.
 */
#define TINYCONTAINER_BUS_SPI 3

/**
 * A serial port.
 */
#define TINYCONTAINER_BUS_UART 4

/**
 * An entry of the SAUL registry.
 */
#define TINYCONTAINER_BUS_SAUL 5

/**
 * The bus of a remote peer: none.
 */
#define TINYCONTAINER_BUS_NONE 255

/**
 * CoAP over UDP (RFC 7252).
 */
#define TINYCONTAINER_SCHEME_COAP 0

/**
 * CoAP over DTLS (RFC 7252, section 9).
 */
#define TINYCONTAINER_SCHEME_COAPS 1

/**
 * HTTP over TLS.
 */
#define TINYCONTAINER_SCHEME_HTTPS 2

/**
 * Datagrams over DTLS.
 */
#define TINYCONTAINER_SCHEME_DTLS 3

/**
 * The scheme of a local peer: none.
 */
#define TINYCONTAINER_SCHEME_NONE 255

/**
 * How many drivers can be added with `tinycontainer_driver` and `tinycontainer_remote_driver`.
 */
#define TINYCONTAINER_DRIVERS 8

/**
 * What a driver returns when there is nothing to read, or nothing can be written, now.
 */
#define TINYCONTAINER_IO_WOULD_BLOCK (-2)

/**
 * What a driver returns when there is no such peer, or no connection to it.
 */
#define TINYCONTAINER_IO_NO_PEER (-3)

/**
 * The result of a call: 0 for success. The other numbers are grouped by cause: below 100 the call itself, from 100
 * on resources of the device, from 200 on the image, from 300 on its signatures and what its signers may do.
 *
 * Numbers are permanent. Later versions may add some: treat an unknown number as a failure.
 */
enum tinycontainer_result_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    TINYCONTAINER_RESULT_OK = 0,
    /**
     * `tinycontainer_init` has not been called, or has failed.
     */
    TINYCONTAINER_RESULT_NOT_INITIALIZED = 1,
    /**
     * `tinycontainer_init` has been called before, or is being called now.
     */
    TINYCONTAINER_RESULT_ALREADY_INITIALIZED = 2,
    /**
     * A pointer is NULL but must not be.
     */
    TINYCONTAINER_RESULT_NULL_POINTER = 3,
    /**
     * A size is larger than half the address space.
     */
    TINYCONTAINER_RESULT_BAD_SIZE = 4,
    /**
     * Not a valid uid, which is 1 to 64 of `A-Z a-z 0-9 . _ -`.
     */
    TINYCONTAINER_RESULT_BAD_UID = 5,
    /**
     * An argument is out of its range.
     */
    TINYCONTAINER_RESULT_BAD_ARGUMENT = 6,
    /**
     * No container of that uid is loaded, or there is none in that slot.
     */
    TINYCONTAINER_RESULT_NOT_FOUND = 7,
    /**
     * The container runs, or is still stopping.
     */
    TINYCONTAINER_RESULT_RUNNING = 8,
    /**
     * The container does not run.
     */
    TINYCONTAINER_RESULT_NOT_RUNNING = 9,
    /**
     * Another loading session is open, or is being used right now.
     */
    TINYCONTAINER_RESULT_BUSY = 10,
    /**
     * There is no such loading session, or it is closed.
     */
    TINYCONTAINER_RESULT_NO_SESSION = 11,
    /**
     * A function pointer of the driver is NULL.
     */
    TINYCONTAINER_RESULT_BAD_DRIVER = 12,
    /**
     * The driver table is full.
     */
    TINYCONTAINER_RESULT_DRIVER_TABLE_FULL = 13,
    /**
     * The trust anchors cannot be decoded.
     */
    TINYCONTAINER_RESULT_BAD_TRUST = 14,
    /**
     * It can be set once, and is set.
     */
    TINYCONTAINER_RESULT_ALREADY_SET = 15,
    /**
     * There is no further audit record, or no slot of that number.
     */
    TINYCONTAINER_RESULT_END = 16,
    /**
     * The time is earlier than the device's present one: the clock of a device does not go back.
     */
    TINYCONTAINER_RESULT_TIME_GOES_BACK = 17,
    /**
     * The loading session timed out: nothing was written to it for 30 seconds, or it was open for 10 minutes.
     */
    TINYCONTAINER_RESULT_TIMED_OUT = 18,
    /**
     * All slots for containers are in use.
     */
    TINYCONTAINER_RESULT_FULL = 100,
    /**
     * There is not enough free memory now.
     */
    TINYCONTAINER_RESULT_OUT_OF_MEMORY = 101,
    /**
     * No thread could be started for the container.
     */
    TINYCONTAINER_RESULT_NO_THREAD = 102,
    /**
     * The runtime does not start on this device.
     */
    TINYCONTAINER_RESULT_RUNTIME_FAILED = 103,
    /**
     * As many images are being loaded as can be at once.
     */
    TINYCONTAINER_RESULT_TOO_MANY_SESSIONS = 104,
    /**
     * A part of the image is empty but must not be, or is too large.
     */
    TINYCONTAINER_RESULT_BAD_IMAGE_SIZE = 200,
    /**
     * More bytes were written than the session was opened for.
     */
    TINYCONTAINER_RESULT_TOO_LONG = 201,
    /**
     * Fewer bytes were written than the session was opened for.
     */
    TINYCONTAINER_RESULT_TOO_SHORT = 202,
    /**
     * The metadata is malformed.
     */
    TINYCONTAINER_RESULT_MALFORMED = 203,
    /**
     * This device cannot run containers of that type.
     */
    TINYCONTAINER_RESULT_UNSUPPORTED_TYPE = 204,
    /**
     * A container of that uid is loaded or being loaded.
     */
    TINYCONTAINER_RESULT_DUPLICATE_UID = 205,
    /**
     * A newer version has been loaded before.
     */
    TINYCONTAINER_RESULT_DOWNGRADE = 206,
    /**
     * More endpoints for messages than this device has queues for.
     */
    TINYCONTAINER_RESULT_TOO_MANY_QUEUES = 207,
    /**
     * More endpoints than this device supports.
     */
    TINYCONTAINER_RESULT_TOO_MANY_ENDPOINTS = 208,
    /**
     * The image requests more memory than this device gives a container.
     */
    TINYCONTAINER_RESULT_OVER_LIMITS = 209,
    /**
     * The sizes of data and code differ from those in the signed metadata.
     */
    TINYCONTAINER_RESULT_OTHER_SIZES = 210,
    /**
     * A hook may take longer than the device, or the signer's trust anchor, allows.
     */
    TINYCONTAINER_RESULT_HOOK_TOO_LONG = 211,
    /**
     * The image is not signed.
     */
    TINYCONTAINER_RESULT_UNSIGNED = 300,
    /**
     * A token is malformed, has claims that do not belong to its use, or is of a kind that is not supported.
     */
    TINYCONTAINER_RESULT_BAD_TOKEN = 301,
    /**
     * A token's key is not a trust anchor of this device.
     */
    TINYCONTAINER_RESULT_UNKNOWN_KEY = 302,
    /**
     * A signature is invalid.
     */
    TINYCONTAINER_RESULT_BAD_SIGNATURE = 303,
    /**
     * A token is for another container, use, signer's image or code, or from another issuer.
     */
    TINYCONTAINER_RESULT_WRONG_TOKEN = 304,
    /**
     * A token is for another device.
     */
    TINYCONTAINER_RESULT_WRONG_AUDIENCE = 305,
    /**
     * A token has expired.
     */
    TINYCONTAINER_RESULT_EXPIRED = 306,
    /**
     * A token is not valid yet.
     */
    TINYCONTAINER_RESULT_NOT_YET_VALID = 307,
    /**
     * A token is valid for a limited time, and this device does not know the time.
     */
    TINYCONTAINER_RESULT_NO_CLOCK = 308,
    /**
     * A part was changed since it was signed.
     */
    TINYCONTAINER_RESULT_BAD_DIGEST = 309,
    /**
     * A signer's role does not permit this.
     */
    TINYCONTAINER_RESULT_WRONG_ROLE = 310,
    /**
     * The container is not in a signer's scope.
     */
    TINYCONTAINER_RESULT_OUT_OF_SCOPE = 311,
    /**
     * A native call was not granted by a signer who may grant it.
     */
    TINYCONTAINER_RESULT_SYSCALLS_NOT_GRANTED = 312,
    /**
     * An endpoint was not granted by a signer who may grant it.
     */
    TINYCONTAINER_RESULT_ENDPOINT_NOT_GRANTED = 313,
    /**
     * The signer may not request that priority.
     */
    TINYCONTAINER_RESULT_PRIORITY_NOT_GRANTED = 314,
    /**
     * The image is of the 2024 format, which is not accepted here.
     */
    TINYCONTAINER_RESULT_FORMAT2024 = 315,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum tinycontainer_result_t tinycontainer_result_t;
#else
typedef int32_t tinycontainer_result_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The application's driver, as in 2024: serves the peers on the bus `app`. None of the functions may be NULL.
 * Containers' threads call them, several at a time, with no lock held. `len` is at most 256 bytes, as in 2024: what
 * a container reads or writes beyond that is cut, and its call returns the shorter count. The time that a call takes
 * is charged to the container's budget.
 */
typedef struct tinycontainer_io_driver_t {
    /**
     * Opens the peer of that number; returns a descriptor, or a negative number.
     */
    int (*open)(uint32_t peer);
    /**
     * Closes a descriptor; the result is ignored.
     */
    int (*close)(int fd);
    /**
     * Reads at most `len` bytes; returns how many, or a negative number.
     */
    int (*read)(int fd, uint8_t *buf, size_t len);
    /**
     * Writes; returns how many of the `len` bytes were taken, or a negative number. Must not change
     * the bytes.
     */
    int (*write)(int fd, uint8_t *buf, size_t len);
} tinycontainer_io_driver_t;

/**
 * The status of a container. Counters stop at their maximum.
 */
typedef struct tinycontainer_status_t {
    /**
     * Its uid, with a NUL at the end.
     */
    char uid[65];
    /**
     * Its state; see `tinycontainer_state_text`.
     */
    uint8_t state;
    /**
     * Why it stopped last, 0 if it has not; see `tinycontainer_stop_reason_text`.
     */
    uint8_t reason;
    /**
     * Whether it runs: from its start until all that it held while running is released.
     */
    bool running;
    /**
     * Its slot.
     */
    uint32_t slot;
    /**
     * The version of its image.
     */
    uint32_t version;
    /**
     * How often it was started.
     */
    uint32_t starts;
    /**
     * How often `loop()` was called since its last start.
     */
    uint32_t loops;
    /**
     * How many periods have passed without a call of `loop()` since its last start.
     */
    uint32_t missed;
    /**
     * How many native calls it has made.
     */
    uint32_t calls;
    /**
     * How many of these were refused.
     */
    uint32_t refusals;
    /**
     * How many WebAssembly instructions it has executed.
     */
    uint64_t instructions;
    /**
     * The memory of its image and message queues, in bytes.
     */
    uint32_t image_bytes;
    /**
     * The memory that it uses in the runtime now, in bytes.
     */
    uint32_t memory_used;
    /**
     * The most memory that it has used in the runtime, in bytes.
     */
    uint32_t memory_peak;
    /**
     * How many of its refused calls have no record any more for `tinycontainer_audit_next`.
     */
    uint32_t dropped;
} tinycontainer_status_t;

/**
 * The memory of all containers, in bytes.
 */
typedef struct tinycontainer_memory_t {
    /**
     * All of it.
     */
    size_t total;
    /**
     * Free now.
     */
    size_t free;
    /**
     * The largest free block.
     */
    size_t largest;
} tinycontainer_memory_t;

/**
 * The record of a native call that was refused.
 */
typedef struct tinycontainer_audit_record_t {
    /**
     * Its number, counted from 1 over all refused calls since the device started. Missing numbers are records
     * that were dropped.
     */
    uint64_t number;
    /**
     * The endpoint of the call, if `has_endpoint`.
     */
    uint32_t endpoint;
    /**
     * When, in milliseconds since the device started.
     */
    uint64_t at_ms;
    /**
     * The container that made the call, with a NUL at the end; empty if it is not loaded any more.
     */
    char uid[65];
    /**
     * The native call; see `tinycontainer_call_text`.
     */
    uint8_t call;
    /**
     * Why it was refused; see `tinycontainer_deny_reason_text`.
     */
    uint8_t reason;
    /**
     * Whether the call was about an endpoint.
     */
    bool has_endpoint;
    /**
     * How many records before this one, of all containers, were dropped.
     */
    uint64_t dropped;
} tinycontainer_audit_record_t;

/**
 * The memory that a container gets, in bytes.
 */
typedef struct tinycontainer_limits_t {
    /**
     * Linear memory.
     */
    uint32_t linear_memory;
    /**
     * The operand stack of the interpreter.
     */
    uint32_t stack;
    /**
     * What the interpreter allocates for it beside these.
     */
    uint32_t heap;
} tinycontainer_limits_t;

/**
 * A peer that a container opens. The struct and what it points to are valid until `open` returns: copy what is
 * needed later. Later versions may add fields at the end.
 */
typedef struct tinycontainer_peer_t {
    /**
     * The container's uid: `uid_len` bytes of ASCII, without a NUL at the end.
     */
    const char *uid;
    /**
     * The length of the uid, 1 to 64 bytes.
     */
    size_t uid_len;
    /**
     * A local peer's unit on its bus. 0 for a remote peer.
     */
    uint32_t unit;
    /**
     * A local peer's bus: one of `TINYCONTAINER_BUS_...`. `TINYCONTAINER_BUS_NONE` for a remote peer.
     */
    uint8_t bus;
    /**
     * 0: the container reads; 1: it writes; 2: both.
     */
    uint8_t direction;
    /**
     * A remote peer's scheme: one of `TINYCONTAINER_SCHEME_...`. `TINYCONTAINER_SCHEME_NONE` for a local peer.
     */
    uint8_t scheme;
    /**
     * A remote peer's authority: host and, if given, `:` and port (RFC 3986, section 3.2), as it is in the container's
     * metadata: `authority_len` bytes of ASCII, without a NUL at the end. NULL for a local peer.
     */
    const char *authority;
    /**
     * The length of the authority, 1 to 128 bytes. 0 for a local peer.
     */
    size_t authority_len;
} tinycontainer_peer_t;

/**
 * A driver to be added with `tinycontainer_driver` or `tinycontainer_remote_driver`. None of the functions may be
 * NULL; each receives `context`. Containers' threads call them, several at a time, with no lock held. A negative
 * result is `TINYCONTAINER_IO_WOULD_BLOCK`, `TINYCONTAINER_IO_NO_PEER`, or any other number for a failure. The time
 * that a call takes is charged to the container's budget: a call must not wait for long, but return
 * `TINYCONTAINER_IO_WOULD_BLOCK`.
 */
typedef struct tinycontainer_driver_t {
    /**
     * The driver's own pointer; NULL is allowed.
     */
    void *context;
    /**
     * Opens a peer; returns a handle, or a negative number.
     */
    int (*open)(void *context, const struct tinycontainer_peer_t *peer);
    /**
     * Closes a handle. Called once for each, at the latest when the container stops.
     */
    void (*close)(void *context, int handle);
    /**
     * Reads at most `len` bytes; returns how many, or a negative number.
     */
    int (*read)(void *context, int handle, uint8_t *buf, size_t len);
    /**
     * Writes; returns how many of the `len` bytes were taken, or a negative number.
     */
    int (*write)(void *context, int handle, const uint8_t *buf, size_t len);
    /**
     * The most bytes that one read or write transfers: `len` is never more. What a container reads or writes beyond
     * that is cut, and its call returns the shorter count. 0: 64 bytes. A container's hook can exceed its budget by
     * one such transfer: choose what takes a few milliseconds, or the longest message of a peer whose messages cannot
     * be cut.
     */
    size_t max_transfer;
    /**
     * NULL is allowed: the driver wakes no container. Called once after `open`, before anything else, for a container
     * that is woken by what arrives and may read from the peer. From then on, until `close` is called for the handle,
     * the driver calls `tinycontainer_readable(waker)` whenever data has arrived: here, if there is some already, and
     * in `read`, if it leaves some.
     */
    void (*watch)(void *context, int handle, uint32_t waker);
} tinycontainer_driver_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Starts TinyContainer. As in 2024.
 *
 * The priorities are the operating system's: of the thread that loads, starts and stops containers, of a
 * thread that serves their calls (reserved: no platform has one), and of the containers' threads.
 * `driver` serves the peers on the bus `app`; it is copied. NULL: there is none.
 *
 * Returns the id of the controller's thread, 1 or more; or a result code, negated:
 * `-TINYCONTAINER_RESULT_ALREADY_INITIALIZED`, `-TINYCONTAINER_RESULT_BAD_DRIVER` if one of its
 * functions is NULL, `-TINYCONTAINER_RESULT_BAD_ARGUMENT` if there is no such priority, or what the
 * device lacks. After a failure it may be called again.
 *
 * Required of the caller:
 * `driver` is NULL or points to a driver whose functions do what `tinycontainer_io_driver_t` says.
 */
kernel_pid_t tinycontainer_init(uint8_t controller_prio,
                                uint8_t service_prio,
                                uint8_t containers_prio,
                                const struct tinycontainer_io_driver_t *driver);

/**
 * Starts a loaded container. As in 2024. `false`: it was not started.
 *
 * Required of the caller:
 * As for `tinycontainer_start`.
 */
bool tinycontainer_startcontainer(const uint8_t *uid, size_t uid_len);

/**
 * Asks a container to stop. As in 2024. `false`: it was not asked.
 *
 * Required of the caller:
 * As for `tinycontainer_stop`.
 */
bool tinycontainer_stopcontainer(const uint8_t *uid, size_t uid_len);

/**
 * Whether a container runs: from its start until all that it held while running is released. As in 2024.
 *
 * Required of the caller:
 * `uid` points to `uid_len` bytes, or is NULL.
 */
bool tinycontainer_iscontainerrunning(const uint8_t *uid, size_t uid_len);

/**
 * Starts a loaded container. The device checks again that it trusts the image, by its present time and
 * trust anchors.
 *
 * Returns 0, or why it was not started: `TINYCONTAINER_RESULT_EXPIRED`,
 * `TINYCONTAINER_RESULT_NOT_YET_VALID`, `TINYCONTAINER_RESULT_NO_CLOCK` or
 * `TINYCONTAINER_RESULT_UNKNOWN_KEY` if the image is no longer trusted. Nothing has changed then.
 *
 * Required of the caller:
 * `uid` points to `uid_len` bytes, or is NULL.
 */
tinycontainer_result_t tinycontainer_start(const uint8_t *uid, size_t uid_len);

/**
 * Asks a container to stop. It stops when the hook that runs now returns, whose time its budget limits. See
 * `tinycontainer_iscontainerrunning`.
 *
 * Returns 0, or why it was not asked. Nothing has changed then.
 *
 * Required of the caller:
 * `uid` points to `uid_len` bytes, or is NULL.
 */
tinycontainer_result_t tinycontainer_stop(const uint8_t *uid, size_t uid_len);

/**
 * Removes a container that does not run, and frees its memory.
 *
 * Returns 0, or why it was not removed: `TINYCONTAINER_RESULT_RUNNING` until it has stopped. Nothing has changed
 * then.
 *
 * Required of the caller:
 * `uid` points to `uid_len` bytes, or is NULL.
 */
tinycontainer_result_t tinycontainer_unload(const uint8_t *uid,
                                            size_t uid_len);

/**
 * Loads a whole image: metadata, data, code. As in 2024. `false`: it was not loaded, see
 * `tinycontainer_load_error`.
 *
 * Required of the caller:
 * As for `tinycontainer_load`.
 */
bool tinycontainer_loadcontainer(const uint8_t *metadata,
                                 size_t metadata_len,
                                 const uint8_t *data,
                                 size_t data_len,
                                 const uint8_t *code,
                                 size_t code_len);

/**
 * Loads a whole image: metadata, data, code. The data may be empty. All three are copied.
 *
 * Returns 0, or why it was not loaded: see also `tinycontainer_load_error`. Nothing has changed then.
 *
 * Required of the caller:
 * Each pointer points to that many bytes, or is NULL.
 */
tinycontainer_result_t tinycontainer_load(const uint8_t *metadata,
                                          size_t metadata_len,
                                          const uint8_t *data,
                                          size_t data_len,
                                          const uint8_t *code,
                                          size_t code_len);

/**
 * Opens a session that loads an image in pieces: call `tinycontainer_load_write` with metadata, data and
 * code, in this order, in pieces of any size; then `tinycontainer_load_finish`. The metadata is verified as
 * soon as it is complete. One session can be open at a time. If nothing is written to it for 30 seconds, or if it
 * is open for more than 10 minutes, it fails: its next call returns `TINYCONTAINER_RESULT_TIMED_OUT`, and another
 * session can be opened.
 *
 * The lengths are those of the parts, in bytes. `session` receives the session's number, never 0.
 *
 * Returns 0, or why it was not opened: `TINYCONTAINER_RESULT_BUSY` if another session is open.
 *
 * Required of the caller:
 * `session` points to memory for a number, or is NULL.
 */
tinycontainer_result_t tinycontainer_load_begin(size_t metadata_len,
                                                size_t data_len,
                                                size_t code_len,
                                                uint32_t *session);

/**
 * Takes the next bytes of an image. They are copied.
 *
 * Returns 0, or what is wrong with the image: see also `tinycontainer_load_error`. The session is closed then,
 * and nothing else has changed. It stays open after `TINYCONTAINER_RESULT_BUSY`, `_NULL_POINTER` and `_BAD_SIZE`.
 *
 * Required of the caller:
 * `bytes` points to `len` bytes, or is NULL.
 */
tinycontainer_result_t tinycontainer_load_write(uint32_t session,
                                                const uint8_t *bytes,
                                                size_t len);

/**
 * Closes a session: the container is loaded.
 *
 * Returns 0, or why it was not loaded: see also `tinycontainer_load_error`. The session is closed then too,
 * unless it is `TINYCONTAINER_RESULT_BUSY`.
 */
tinycontainer_result_t tinycontainer_load_finish(uint32_t session);

/**
 * Closes a session without loading anything, and frees its memory.
 *
 * Returns 0, `TINYCONTAINER_RESULT_NO_SESSION` or `TINYCONTAINER_RESULT_BUSY`.
 */
tinycontainer_result_t tinycontainer_load_abort(uint32_t session);

/**
 * Writes into `text` why the last image that was not loaded was not: a sentence that names the part of the
 * image, with a NUL at the end, cut to `size` bytes. Empty if none has failed.
 *
 * Returns the length of the whole sentence, without the NUL, whatever `size` is, as `snprintf` does: a
 * buffer for all of it has one byte more. `tinycontainer_load_error(NULL, 0)` returns the length alone.
 *
 * Required of the caller:
 * `text` points to `size` bytes, or is NULL.
 */
size_t tinycontainer_load_error(char *text, size_t size);

/**
 * Writes the present status of a container to `status`.
 *
 * Returns 0, or a result code; `status` is not written then.
 *
 * Required of the caller:
 * `uid` points to `uid_len` bytes, or is NULL; `status` to memory for a status, or is NULL.
 */
tinycontainer_result_t tinycontainer_status(const uint8_t *uid,
                                            size_t uid_len,
                                            struct tinycontainer_status_t *status);

/**
 * Writes the present status of the container in a slot to `status`. Slots are counted from 0.
 *
 * Returns 0, `TINYCONTAINER_RESULT_NOT_FOUND` if the slot is empty, `TINYCONTAINER_RESULT_END` if there
 * is no such slot: to list all containers, count up to the first slot that returns it.
 *
 * Required of the caller:
 * `status` points to memory for a status, or is NULL.
 */
tinycontainer_result_t tinycontainer_status_at(uint32_t slot, struct tinycontainer_status_t *status);

/**
 * Writes into `text` why a container stopped last, in a few words ("trapped: division by zero"), with a
 * NUL at the end, cut to `size` bytes. Empty if it has not stopped, or if there is no such container.
 *
 * Returns the length of the whole text, without the NUL, whatever `size` is, as `snprintf` does: a
 * buffer for all of it has one byte more. With NULL and 0 for `text` and `size` it returns the length
 * alone.
 *
 * Required of the caller:
 * `uid` points to `uid_len` bytes, or is NULL; `text` to `size` bytes, or is NULL.
 */
size_t tinycontainer_stop_text(const uint8_t *uid, size_t uid_len, char *text, size_t size);

/**
 * Writes how much memory the containers have to `memory`.
 *
 * Returns 0, or a result code.
 *
 * Required of the caller:
 * `memory` points to memory for it, or is NULL.
 */
tinycontainer_result_t tinycontainer_memory(struct tinycontainer_memory_t *memory);

/**
 * Writes the audit record with the lowest number above `after` to `record`: a native call of a container that
 * was refused. Begin with 0 and go on with the number of the last record. The device keeps the latest records
 * only, a share for each container: one that is refused often replaces its own.
 *
 * Returns 0, or `TINYCONTAINER_RESULT_END` if there is none.
 *
 * Required of the caller:
 * `record` points to memory for a record, or is NULL.
 */
tinycontainer_result_t tinycontainer_audit_next(uint64_t after, struct tinycontainer_audit_record_t *record);

/**
 * Sets the trust anchors: the file that `tinycontainerctl trust` writes. Before the first call they are
 * those of the platform's own store, which `tinycontainer_init` installs if there is one (under RIOT it
 * is that of `TINYCONTAINER_TRUST` in the Makefile); otherwise there are none, and no image is loaded.
 * May be called before `tinycontainer_init`. A later call replaces the anchors, for images loaded and
 * containers started from then on.
 *
 * `cbor` is not copied and must never change: make it `static const`.
 *
 * Returns 0, or `TINYCONTAINER_RESULT_BAD_TRUST`. Nothing has changed then.
 *
 * Required of the caller:
 * `cbor` points to `len` bytes that never change, or is NULL.
 */
tinycontainer_result_t tinycontainer_trust(const uint8_t *cbor, size_t len);

/**
 * Sets the device's name and class: the audiences that a token may have. Each is NULL for none, or 1 to
 * 64 bytes that are not copied and must never change. Once, before the first image. What is not set when
 * `tinycontainer_init` is called is what the platform has (under RIOT `TINYCONTAINER_DEVICE` and
 * `TINYCONTAINER_CLASS`).
 *
 * Returns 0, `TINYCONTAINER_RESULT_BAD_ARGUMENT`, or `TINYCONTAINER_RESULT_ALREADY_SET`.
 *
 * Required of the caller:
 * Each points to a string that ends with a NUL and never changes, or is NULL.
 */
tinycontainer_result_t tinycontainer_device(const char *device_name, const char *device_class);

/**
 * Accepts images of the 2024 format, whose signatures bind to no container, device, use or time. Without
 * this call they are refused. Once, before the first of them. Under RIOT `TINYCONTAINER_2024` in the
 * Makefile can do it, and a program that calls this function itself needs
 * `CONFIG_TINYCONTAINER_ACCEPT_2024`.
 *
 * `cbor` is a file that `tinycontainerctl trust` writes, with one anchor: its key (Ed25519) is the one
 * that the images are signed with, and its scope is what their containers may do at most: uids, calls,
 * endpoints (with the role `endpoints`), durations of hooks. It is not one of the trust anchors, so it
 * signs nothing else. It is not copied and must never change: make it `static const`. `limits` is the
 * memory that each container gets, since the format does not say it; the device's own limits hold for it
 * too.
 *
 * Returns 0, `TINYCONTAINER_RESULT_NULL_POINTER`, `TINYCONTAINER_RESULT_BAD_TRUST` if `cbor` cannot be
 * decoded, `TINYCONTAINER_RESULT_BAD_ARGUMENT` if it has not exactly one anchor with an Ed25519 key, or
 * `TINYCONTAINER_RESULT_ALREADY_SET`.
 *
 * Required of the caller:
 * `cbor` points to `len` bytes that never change, or is NULL; `limits` to limits, or is NULL.
 */
tinycontainer_result_t tinycontainer_accept_2024(const uint8_t *cbor,
                                                 size_t len,
                                                 const struct tinycontainer_limits_t *limits);

/**
 * Sets the time, in seconds since 1970. It is continued by the device's own clock.
 *
 * Returns 0, `TINYCONTAINER_RESULT_NOT_INITIALIZED`, or `TINYCONTAINER_RESULT_TIME_GOES_BACK` if it is earlier
 * than the device's present time: nothing has changed then.
 */
tinycontainer_result_t tinycontainer_time(uint64_t seconds);

/**
 * Sets a function that returns the time, in seconds since 1970, or 0 if it is not known. It is called while
 * an image is loaded and when a container is started. If it returns an earlier time than before, the later
 * one counts. NULL: none; a host uses its own clock then, and a device does not know the time.
 *
 * While the time is not known, images with a token that is valid for a limited time are not loaded.
 */
void tinycontainer_clock(uint64_t (*clock)(void));

/**
 * Adds a driver for the units `first` to `last` of a bus, one of `TINYCONTAINER_BUS_...`. It takes precedence
 * over the driver given to `tinycontainer_init` and over the platform's own. May be called before
 * `tinycontainer_init`. Up to `TINYCONTAINER_DRIVERS` drivers can be added, those of schemes included.
 *
 * `driver` is not copied and must never change: make it `static const`.
 *
 * Returns 0, `TINYCONTAINER_RESULT_NULL_POINTER`, `TINYCONTAINER_RESULT_BAD_DRIVER` if one of its
 * functions is NULL, `TINYCONTAINER_RESULT_BAD_ARGUMENT`, `TINYCONTAINER_RESULT_ALREADY_SET` if one of the
 * units has a driver already, or `TINYCONTAINER_RESULT_DRIVER_TABLE_FULL`.
 *
 * Required of the caller:
 * `driver` is NULL or points to a driver that never changes, and whose functions do what
 * `tinycontainer_driver_t` says.
 */
tinycontainer_result_t tinycontainer_driver(uint8_t bus,
                                            uint32_t first,
                                            uint32_t last,
                                            const struct tinycontainer_driver_t *driver);

/**
 * Adds a driver for the remote peers of a scheme, one of `TINYCONTAINER_SCHEME_...`. The scheme and authority
 * of each peer are in the `tinycontainer_peer_t` that its `open` receives. Only peers that the container was
 * granted are opened. The driver takes precedence over the platform's own. May be called before
 * `tinycontainer_init`.
 *
 * `driver` is not copied and must never change: make it `static const`.
 *
 * Returns 0, `TINYCONTAINER_RESULT_NULL_POINTER`, `TINYCONTAINER_RESULT_BAD_DRIVER` if one of its
 * functions is NULL, `TINYCONTAINER_RESULT_BAD_ARGUMENT` if there is no such scheme,
 * `TINYCONTAINER_RESULT_ALREADY_SET` if the scheme has a driver already, or
 * `TINYCONTAINER_RESULT_DRIVER_TABLE_FULL`.
 *
 * Required of the caller:
 * As for `tinycontainer_driver`.
 */
tinycontainer_result_t tinycontainer_remote_driver(uint8_t scheme,
                                                   const struct tinycontainer_driver_t *driver);

/**
 * A driver has data for the descriptor that `watch` gave it this number for: its container's `loop()` runs, now or at
 * the end of its period. May be called by an interrupt, and by a driver's own functions. A number of a descriptor that
 * was closed meanwhile has no effect, as any other that `watch` did not give.
 */
void tinycontainer_readable(uint32_t waker);

/**
 * A result code as a sentence. Never NULL, and valid for ever; so for all functions of this kind.
 */
const char *tinycontainer_result_text(int32_t result);

/**
 * The name of a state (`state` of `tinycontainer_status_t`). Never NULL.
 */
const char *tinycontainer_state_text(uint8_t state);

/**
 * Why a container stopped (`reason` of `tinycontainer_status_t`), in a few words. Never NULL; empty for 0.
 */
const char *tinycontainer_stop_reason_text(uint8_t reason);

/**
 * The name of a native call (`call` of `tinycontainer_audit_record_t`). Never NULL.
 */
const char *tinycontainer_call_text(uint8_t call);

/**
 * Why a call was refused (`reason` of `tinycontainer_audit_record_t`), as a sentence that can follow "because".
 * Never NULL.
 */
const char *tinycontainer_deny_reason_text(uint8_t reason);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TINYCONTAINER_H */
