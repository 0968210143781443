/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "cli/cli.h"

/* The value of --since, a time or how long ago, as wall time in ms; ERROR_USAGE. */
int since_parse(const struct cli *cli, int64_t *ret_ms, struct error *err) _must_use_;
