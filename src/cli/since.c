/* SPDX-License-Identifier: MIT */
#include "cli/since.h"

#include <errno.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/command.h"

int since_parse(const struct cli *cli, int64_t *ret_ms, struct error *err)
{
    const char *text = cli->args.value[OPT_SINCE];
    uint64_t ago_ns;
    if (duration_parse(text, &ago_ns) == 0) {
        *ret_ms = clock_wall_ms() - (int64_t)(ago_ns / NS_PER_MS);
        return 0;
    }
    if (time_parse(text, ret_ms) == 0)
        return 0;
    return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                     "%s: \"%s\" is neither a duration like 1h30m nor a time like "
                     "2026-11-24T08:00:00Z",
                     cli->args.command->name, text);
}
