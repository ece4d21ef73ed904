/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/**
 * @file
 * @brief   Timer driver: one time base, two channels
 *
 * The time base is the up counter of the FPGA I/O block, which can neither
 * compare nor stop. Each channel therefore borrows a count-down timer that
 * runs at MPS2_CLOCK, is loaded with the distance to the target, and is asked
 * again when it runs out. Stopping is kept up in software.
 */

#include <stdbool.h>

#include "cpu.h"
#include "irq.h"
#include "periph/timer.h"
#include "periph_conf.h"

/* How much rounding may make a count-down end before its tick; generous. */
#define EARLY_TICKS     (8U)

typedef struct {
    uint32_t target;    /* absolute, in ticks of the time base */
    uint32_t left;      /* ticks to wait after the present load, or after a stop */
    bool armed;
} _channel_t;

static mps2_timer_t *const _load[TIMER_CHANNEL_NUMOF] = { MPS2_TIMER0, MPS2_TIMER1 };
static const IRQn_Type _irq[TIMER_CHANNEL_NUMOF] = { TIMER0_IRQn, TIMER1_IRQn };

static _channel_t _channel[TIMER_CHANNEL_NUMOF];
static timer_isr_ctx_t _ctx;
static uint32_t _divider;
static uint32_t _stopped_at;
static bool _running;

static void _silence(int channel)
{
    _load[channel]->CTRL = 0;
    _load[channel]->INT = 1;
    NVIC_ClearPendingIRQ(_irq[channel]);
}

/* Wait for `ticks` after the tick `from`, or as many as one load can hold. */
static void _wait(int channel, uint32_t from, uint32_t ticks)
{
    uint32_t most = UINT32_MAX / _divider;
    uint32_t now = MPS2_FPGAIO->COUNTER;
    uint32_t part = MPS2_FPGAIO->PSCNTR + 1;

    /* The present tick is under way: `part` is what remains of it. If the next
     * one began meanwhile, take it for whole; that is late, never early. */
    if (now != MPS2_FPGAIO->COUNTER) {
        now++;
        part = _divider;
    }
    /* time went on since the caller looked */
    ticks = (now - from < ticks) ? ticks - (now - from) : 0;

    _channel[channel].left = (ticks > most) ? ticks - most : 0;
    ticks -= _channel[channel].left;

    /* 0 must never be written: the timer would stay silent */
    uint32_t cycles = ticks ? (ticks - 1) * _divider + part : 1;

    _silence(channel);
    _load[channel]->VALUE = cycles;
    _load[channel]->CTRL = MPS2_TIMER_CTRL_EN | MPS2_TIMER_CTRL_IRQ;
}

static int _set(int channel, uint32_t from, uint32_t ticks)
{
    _channel[channel].armed = true;
    _channel[channel].target = from + ticks;
    if (_running) {
        _wait(channel, from, ticks);
    }
    else {
        _channel[channel].left = ticks;
    }
    return 0;
}

static bool _valid(tim_t dev, int channel)
{
    return (dev < TIMER_NUMOF) && (channel >= 0) && (channel < TIMER_CHANNEL_NUMOF);
}

int timer_init(tim_t dev, uint32_t freq, timer_cb_t cb, void *arg)
{
    /* a rounded divider would make every clock above this one wrong */
    if ((dev >= TIMER_NUMOF) || (freq == 0) || (MPS2_CLOCK % freq != 0)) {
        return -1;
    }

    unsigned state = irq_disable();

    for (int i = 0; i < TIMER_CHANNEL_NUMOF; i++) {
        _silence(i);
        _load[i]->RELOAD = 0;
        _channel[i].armed = false;
        NVIC_EnableIRQ(_irq[i]);
    }
    _ctx.cb = cb;
    _ctx.arg = arg;
    _divider = MPS2_CLOCK / freq;
    MPS2_FPGAIO->PRESCALE = _divider - 1;
    MPS2_FPGAIO->COUNTER = 0;
    _running = true;

    irq_restore(state);
    return 0;
}

int timer_set(tim_t dev, int channel, unsigned int timeout)
{
    if (!_valid(dev, channel)) {
        return -1;
    }

    unsigned state = irq_disable();
    int res = _set(channel, timer_read(dev), timeout);

    irq_restore(state);
    return res;
}

int timer_set_absolute(tim_t dev, int channel, unsigned int value)
{
    if (!_valid(dev, channel)) {
        return -1;
    }

    unsigned state = irq_disable();
    uint32_t now = timer_read(dev);
    int res = _set(channel, now, value - now);

    irq_restore(state);
    return res;
}

int timer_clear(tim_t dev, int channel)
{
    if (!_valid(dev, channel)) {
        return -1;
    }

    unsigned state = irq_disable();

    _channel[channel].armed = false;
    _silence(channel);

    irq_restore(state);
    return 0;
}

unsigned int timer_read(tim_t dev)
{
    (void)dev;
    return _running ? MPS2_FPGAIO->COUNTER : _stopped_at;
}

void timer_start(tim_t dev)
{
    unsigned state = irq_disable();

    if ((dev < TIMER_NUMOF) && _divider && !_running) {
        MPS2_FPGAIO->COUNTER = _stopped_at;
        _running = true;
        for (int i = 0; i < TIMER_CHANNEL_NUMOF; i++) {
            if (_channel[i].armed) {
                _wait(i, _stopped_at, _channel[i].left);
            }
        }
    }
    irq_restore(state);
}

void timer_stop(tim_t dev)
{
    unsigned state = irq_disable();

    if ((dev < TIMER_NUMOF) && _running) {
        _stopped_at = MPS2_FPGAIO->COUNTER;
        _running = false;
        for (int i = 0; i < TIMER_CHANNEL_NUMOF; i++) {
            /* what has run out but was not served yet is due at the restart */
            bool due = _load[i]->INT && !_channel[i].left;

            _channel[i].left = due ? 0 : _channel[i].target - _stopped_at;
            _silence(i);
        }
    }
    irq_restore(state);
}

static void _isr(int channel)
{
    _channel_t *ch = &_channel[channel];

    _silence(channel);
    if (ch->armed) {
        uint32_t now = MPS2_FPGAIO->COUNTER;
        uint32_t ahead = ch->target - now;

        /* More than that ahead, on a ring of 2^32, means: passed already. */
        if ((ahead != 0) && (ahead <= ch->left + EARLY_TICKS)) {
            _wait(channel, now, ahead);
        }
        else {
            ch->armed = false;
            _ctx.cb(_ctx.arg, channel);
        }
    }
    cortexm_isr_end();
}

void isr_timer0(void)
{
    _isr(0);
}

void isr_timer1(void)
{
    _isr(1);
}
