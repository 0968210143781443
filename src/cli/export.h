/* SPDX-License-Identifier: MIT
 *
 * The table as a compose project, for `roost export`.
 */
#pragma once

#include "cli/cli.h"
#include "cli/resources.h"
#include "cli/rows.h"
#include "compose/compose.h"

/* A project of all rows, with every network and volume that they use or that a file declares: the
 * caller's (compose_project_free()). When a row is no agent each such row is told, and the whole
 * is an error. */
int export_project(const char *fleet, const struct rows *rows, const struct resources *resources,
                   struct compose_project **ret_project, struct error *err) _must_use_;

/* Says what of the rows a compose file has no word for. */
void export_tell(const struct rows *rows);
