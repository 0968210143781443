/* SPDX-License-Identifier: MIT
 *
 * The clocks. Durations count on CLOCK_BOOTTIME, which goes on in suspend and
 * never jumps; wall time is for people and for what must outlive a reboot.
 * Only the shell reads a clock: the core is given the time with each event.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

uint64_t clock_boot_ns(void);
int64_t clock_wall_ms(void);

/* The kernel's boot id, 36 characters and a NUL: a new one after each reboot. Negative errno. */
int clock_boot_id(char ret_id[37]) _must_use_;

#define TIME_TEXT_SIZE 32

/* RFC 3339 in UTC with milliseconds: "2026-11-24T08:10:00.123Z". */
void time_format(int64_t wall_ms, char ret_text[TIME_TEXT_SIZE]);

/* Parse RFC 3339, with "Z" or an offset and up to nine digits of fraction. -EINVAL. */
int time_parse(const char *text, int64_t *ret_wall_ms) _must_use_;
