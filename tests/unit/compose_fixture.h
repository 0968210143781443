/* SPDX-License-Identifier: MIT
 *
 * Loading compose files in tests: a pretended environment, texts in memory, folders that go
 * away again.
 */
#pragma once

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "compose/compose.h"
#include "compose/load.h"

/* "NAME=value" texts with a NULL behind them. */
static inline const char *fixture_env(void *ctx, const char *name)
{
    size_t n = strlen(name);
    for (const char *const *e = ctx; *e; e++)
        if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
            return *e + n + 1;
    return NULL;
}

static inline void fixture_project_free(struct compose_project **p)
{
    compose_project_free(*p);
}

#define _cleanup_project_ _cleanup_(fixture_project_free)

/* A text as /srv/demo/compose.yaml, which is not there. */
static inline int fixture_load_len(const char *text, size_t len, const char *const *env,
                                   struct compose_project **ret, struct error *err)
{
    static const char *const nothing[] = {NULL};
    struct compose_options options = {.env = fixture_env, .env_ctx = (void *)(env ? env : nothing)};
    struct compose_text source = {.text = text,
                                  .len = len,
                                  .path = "/srv/demo/compose.yaml",
                                  .shown_as = "compose.yaml",
                                  .folder = "/srv/demo"};
    return compose_load_texts(&options, &source, 1, ret, err);
}

static inline int fixture_load(const char *text, const char *const *env,
                               struct compose_project **ret, struct error *err)
{
    return fixture_load_len(text, strlen(text), env, ret, err);
}

/* One that must load. */
static inline struct compose_project *fixture_good(const char *text, const char *const *env)
{
    struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    if (fixture_load(text, env, &p, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

/* An empty folder, with a name that ends in "/demo". */
static inline void fixture_folder(char ret_path[64])
{
    (void)snprintf(ret_path, 64, "/tmp/roost-test-XXXXXX");
    assert_non_null(mkdtemp(ret_path));
    (void)snprintf(ret_path + strlen(ret_path), 64 - strlen(ret_path), "/demo");
    assert_int_equal(mkdir(ret_path, 0700), 0);
}

static inline void fixture_write(const char *folder, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static inline void fixture_remove(const char *folder)
{
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf '%.*s'", (int)(strrchr(folder, '/') - folder),
                   folder);
    assert_int_equal(system(command), 0);
}

/* A test that works in a folder of its own, by relative paths. */
struct fixture_world {
    char folder[64];
    char before[256];
};

static inline int fixture_enter(void **state)
{
    static struct fixture_world world;
    assert_non_null(getcwd(world.before, sizeof(world.before)));
    fixture_folder(world.folder);
    assert_int_equal(chdir(world.folder), 0);
    *state = &world;
    return 0;
}

static inline int fixture_leave(void **state)
{
    struct fixture_world *w = *state;
    assert_int_equal(chdir(w->before), 0);
    fixture_remove(w->folder);
    return 0;
}
