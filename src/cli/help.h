/* SPDX-License-Identifier: MIT
 *
 * Usage and help, made from the table of commands.
 */
#pragma once

#include "base/buf.h"
#include "cli/command.h"

#define HELP_TEXT_MAX (64U << 10)

/* "roost apply [FILE] [-p NAME] [--prune]"; for NULL the program's own line. */
int help_usage(const struct command *command, struct buf *ret_text);

/* What `roost` alone prints: each command with its summary. */
int help_overview(const struct command *const *commands, struct buf *ret_text);

/* What `roost help COMMAND` prints. */
int help_command(const struct command *command, struct buf *ret_text);
