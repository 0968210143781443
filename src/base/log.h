/* SPDX-License-Identifier: MIT
 *
 * Log lines on stderr. Under systemd (JOURNAL_STREAM set) each line begins with
 * the "<N>" priority of sd-daemon(3); on a terminal with a plain word. Control
 * characters of hostile text are made visible. The level is the program's only
 * global.
 */
#pragma once

#include "base/cleanup.h"

enum log_level {
    LOG_LEVEL_ERROR = 3, /* the numbers of syslog(3) */
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

void log_set_level(enum log_level level);
void log_write(enum log_level level, const char *fmt, ...) _printf_(2, 3);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
