/* SPDX-License-Identifier: MIT
 *
 * The table of commands, in the order in which the overview shows them.
 */
#include "cli/command.h"

const struct command *const all_commands[] = {
    &command_serve,    &command_apply,    &command_check,   &command_plan,     &command_reconcile,
    &command_ls,       &command_show,     &command_set,     &command_hold,     &command_unhold,
    &command_wake,     &command_renew,    &command_release, &command_sleep,    &command_events,
    &command_logs,     &command_top,      &command_restart, &command_recreate, &command_pull,
    &command_outdated, &command_takeover, &command_rm,      &command_down,     &command_export,
    &command_backup,   &command_doctor,   &command_version, &command_help,     NULL,
};
