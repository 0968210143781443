/* SPDX-License-Identifier: MIT */
#include "cli/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J" /* other screen, no cursor, no wrapping */
#define LEAVE "\033[0m\033[?7h\033[?25h\033[?1049l"

#define WRITE_PATIENCE_MS 500
#define SIDE_MAX          1000 /* of a terminal, so that a frame is bounded */

/* The one terminal, for the two ways out that ask nobody: exit() for want of memory, and a crash.
 */
static struct screen *open_screen;

bool screen_is_possible(void)
{
    const char *term = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && term[0] != '\0' &&
           strcmp(term, "dumb") != 0;
}

void screen_write(struct screen *s, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(s->out, text, len);
        if (n > 0) {
            text += n;
            len -= (size_t)n;
            continue;
        }
        struct pollfd room = {.fd = s->out, .events = POLLOUT};
        if ((n < 0 && errno != EAGAIN && errno != EINTR) || poll(&room, 1, WRITE_PATIENCE_MS) <= 0)
            return;
    }
}

static void read_size(struct screen *s)
{
    struct winsize size = {0};
    (void)ioctl(s->out, TIOCGWINSZ, &size);
    s->columns = size.ws_col ? size.ws_col : 80;
    s->lines = size.ws_row ? size.ws_row : 24;
    s->columns = s->columns < SIDE_MAX ? s->columns : SIDE_MAX;
    s->lines = s->lines < SIDE_MAX ? s->lines : SIDE_MAX;
}

/* Taking and giving back ----------------------------------------------------------------------- */

static bool in_foreground(const struct screen *s)
{
    return tcgetpgrp(s->in) == getpgrp();
}

/* Signals stay (Ctrl-C, Ctrl-Z), but not Ctrl-S: it would stop us in the middle of a frame. */
static void enter(struct screen *s)
{
    if (!in_foreground(s))
        return;
    if (!s->entered && tcgetattr(s->in, &s->before) < 0)
        return;
    struct termios raw = s->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    s->entered = true;
    (void)tcsetattr(s->in, TCSANOW, &raw);
    screen_write(s, ENTER, strlen(ENTER));
    read_size(s);
}

/* Only what may be called from a signal's handler. */
static void leave(struct screen *s)
{
    if (!s->entered)
        return;
    s->entered = false;
    screen_write(s, LEAVE, strlen(LEAVE));
    (void)tcsetattr(s->in, TCSANOW, &s->before);
}

static void leave_open_screen(void)
{
    if (open_screen)
        leave(open_screen);
}

static void on_crash(int number)
{
    leave_open_screen();
    (void)raise(number); /* SA_RESETHAND: this time as ever */
}

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* A sanitizer's own handlers stay. */
static void watch_crashes(void)
{
    struct sigaction before, action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
        if (sigaction(crashes[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            (void)sigaction(crashes[i], &action, NULL);
}

static void block_signals(struct screen *s, sigset_t *ret_set)
{
    (void)sigfillset(ret_set);
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
        (void)sigdelset(ret_set, crashes[i]);
    (void)sigdelset(ret_set, SIGTRAP);
    (void)sigdelset(ret_set, SIGSYS);
    (void)sigdelset(ret_set, SIGPIPE); /* ignored */
    (void)pthread_sigmask(SIG_BLOCK, ret_set, &s->signals_before);
}

/* A description of our own of the same terminal, where it has a path here. */
static int open_output(void)
{
    char path[128];
    int fd = -1;
    if (ttyname_r(STDOUT_FILENO, path, sizeof(path)) == 0)
        fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

int screen_open(struct screen *s, struct error *err)
{
    static bool registered;
    sigset_t set;
    *s = (struct screen){.in = STDIN_FILENO, .out = open_output(), .signals = -1};
    if (s->out < 0)
        return error_set(err, -errno, ERROR_FAILED, NULL, "cannot open the terminal: %s",
                         strerror(errno));
    block_signals(s, &set);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signals < 0) {
        int r = error_set(err, -errno, ERROR_FAILED, NULL, "cannot wait for signals: %s",
                          strerror(errno));
        screen_close(s);
        return r;
    }
    if (!registered)
        registered = atexit(leave_open_screen) == 0;
    open_screen = s;
    watch_crashes();
    read_size(s);
    enter(s);
    return 0;
}

void screen_close(struct screen *s)
{
    leave(s);
    open_screen = NULL;
    (void)close(s->out);
    if (s->signals >= 0)
        (void)close(s->signals);
    (void)pthread_sigmask(SIG_SETMASK, &s->signals_before, NULL);
}

/* Signals -------------------------------------------------------------------------------------- */

/* As if it were not blocked: here the process stops, and here it goes on. */
static void let_through(int number)
{
    sigset_t one;
    (void)sigemptyset(&one);
    (void)sigaddset(&one, number);
    (void)raise(number);
    (void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    (void)pthread_sigmask(SIG_BLOCK, &one, NULL);
}

static void stop(struct screen *s, int number)
{
    leave(s);
    let_through(number);
    enter(s);
}

/* Every signal is blocked: without them, and without keys, nobody could end it. */
static enum screen_news be_deaf(struct screen *s)
{
    s->why = -errno;
    return SCREEN_ENDED;
}

static enum screen_news take_signal(struct screen *s, int *ret_signal)
{
    struct signalfd_siginfo info;
    ssize_t n = read(s->signals, &info, sizeof(info));
    if (n != (ssize_t)sizeof(info))
        return n < 0 && errno != EAGAIN ? be_deaf(s) : SCREEN_NOTHING;
    int number = (int)info.ssi_signo;
    switch (number) {
    case SIGWINCH:
        read_size(s);
        return SCREEN_REDRAW;
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        stop(s, number);
        return SCREEN_REDRAW;
    case SIGCONT: /* by `bg` it may not have the terminal: it waits for `fg` */
        if (in_foreground(s))
            enter(s);
        else
            stop(s, SIGTTOU);
        return SCREEN_REDRAW;
    case SIGCHLD:
    case SIGURG:
        return SCREEN_NOTHING;
    default:
        *ret_signal = number;
        return SCREEN_ENDED;
    }
}

/* Waiting -------------------------------------------------------------------------------------- */

static bool take_key(struct screen *s, enum key *ret_key)
{
    while (s->n_bytes > 0) {
        size_t used = 0;
        enum key key = key_decode(s->bytes, s->n_bytes, &used);
        if (key == KEY_MORE)
            return false;
        s->n_bytes -= used;
        memmove(s->bytes, s->bytes + used, s->n_bytes);
        if (key != KEY_NONE) {
            *ret_key = key;
            return true;
        }
    }
    return false;
}

static void read_bytes(struct screen *s)
{
    ssize_t n = read(s->in, s->bytes + s->n_bytes, sizeof(s->bytes) - s->n_bytes);
    if (n > 0)
        s->n_bytes += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        s->input_ended = true;
}

enum screen_news screen_wait(struct screen *s, int other, int timeout_ms, enum key *ret_key,
                             int *ret_signal)
{
    *ret_signal = 0;
    if (take_key(s, ret_key))
        return SCREEN_KEY;
    if (s->input_ended)
        return SCREEN_ENDED;
    struct pollfd files[] = {
        {.fd = s->signals, .events = POLLIN},
        {.fd = s->entered ? s->in : -1, .events = POLLIN},
        {.fd = other, .events = POLLIN},
    };
    int n = poll(files, ARRAY_LEN(files), timeout_ms);
    if (n <= 0)
        return n < 0 && errno != EINTR ? be_deaf(s) : SCREEN_NOTHING;
    if (files[0].revents)
        return take_signal(s, ret_signal);
    if (files[1].revents)
        read_bytes(s);
    if (take_key(s, ret_key))
        return SCREEN_KEY;
    if (s->input_ended)
        return SCREEN_ENDED;
    return files[2].revents ? SCREEN_OTHER : SCREEN_NOTHING;
}
