/* SPDX-License-Identifier: MIT
 *
 * A terminal that a program has to itself for a while: its other screen, no cursor, keys as they
 * are pressed; and back again however the program ends, but by SIGKILL.
 *
 * While it is open every signal that may be is blocked and taken in screen_wait(), where it does
 * what people expect: Ctrl-Z gives the terminal back and stops, `fg` takes it again, a change of
 * its size is told, all that would end the program is told too. Threads that are to see no signals
 * are to be started in between. Nothing here blocks for longer than it says, also when nobody
 * reads what is written.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/error.h"
#include "cli/key.h"

struct screen {
    int in, out; /* `out` is opened anew, so that it may be non-blocking for us alone */
    int signals;
    sigset_t signals_before;
    struct termios before;
    bool entered;
    bool input_ended;
    int why; /* 0, or a negative errno: it cannot be waited for any more */
    size_t columns, lines;
    char bytes[KEY_BYTES_MAX * 2]; /* that were read and are no key yet */
    size_t n_bytes;
};

enum screen_news {
    SCREEN_NOTHING, /* the time is over */
    SCREEN_KEY,
    SCREEN_REDRAW, /* another size, or the terminal is ours again */
    SCREEN_OTHER,  /* the other file can be read */
    SCREEN_ENDED,  /* by a signal, or the terminal is gone, or `why` */
};

/* Are stdin and stdout a terminal that can place the cursor? */
bool screen_is_possible(void);

int screen_open(struct screen *screen, struct error *err) _must_use_;

/* Text as frame_draw() makes it. What the terminal does not take in time is dropped. */
void screen_write(struct screen *screen, const char *text, size_t len);

/* `ret_key` with SCREEN_KEY; `ret_signal` with SCREEN_ENDED, 0 when the terminal is gone. */
enum screen_news screen_wait(struct screen *screen, int other, int timeout_ms, enum key *ret_key,
                             int *ret_signal);

void screen_close(struct screen *screen);
