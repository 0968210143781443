/* SPDX-License-Identifier: MIT
 *
 * The projects that Compose has made on the engine, by the labels of their containers. One-off
 * containers (`docker-compose run`) and those that are roost's already do not count.
 */
#pragma once

#include "cli/cli.h"

#define COMPOSE_LABEL "com.docker.compose."

struct engine_container;

/* Is it a container of a project, and nobody's of roost? */
bool project_has(const struct engine_container *container);

/* By name: {"name","files","containers","running"}; `files` are the compose files that it was made
 * from, in order, with their folder where the labels tell it. */
int projects_find(const struct cli *cli, json_t **ret_projects, struct error *err) _must_use_;

/* As `roost takeover` lists them: a table, or {"projects":[…]} in the order of their names. */
int projects_print(const struct cli *cli, const json_t *projects, struct error *err) _must_use_;
