/* SPDX-License-Identifier: MIT
 *
 * roost show: all that is known of one agent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/agent_view.h"
#include "cli/cli.h"
#include "cli/docker_line.h"
#include "cli/rows.h"

#define LINE_MAX_BYTES (4U << 20)
#define TEXT_MAX       4096

static int show_docker_line(struct cli *cli, const char *name, bool secrets, struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;
    _cleanup_(buf_close) struct buf line = BUF_INIT(LINE_MAX_BYTES);
    int r = cli_open_store(cli, DB_READ, &store, err);
    if (r == 0)
        r = docker_line(store, name, secrets, &line, err);
    if (r < 0)
        return r;
    if (!cli->json) {
        (void)puts(buf_text(&line));
        return EXIT_SUCCESS;
    }
    json_auto_t *json = json_pack("{s:s,s:s}", "name", name, "docker", buf_text(&line));
    return json ? cli_print_json(json, err)
                : error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
}

static void print_field(const char *name, const char *text)
{
    size_t size = strlen(text) * 4 + 1;
    _cleanup_free_ char *clean = malloc(size);
    if (!clean || !*text)
        return;
    text_visible(text, clean, size);
    (void)printf("%-11s %s\n", name, clean);
}

static void print_container(const json_t *agent)
{
    const json_t *container = json_object_get(agent, "container");
    const char *none = json_object_get(agent, "engine_error") ? VIEW_UNKNOWN : "missing";
    char text[512];
    (void)snprintf(text, sizeof(text), "%s (%.12s, %s)", view_text(container, "name"),
                   view_text(container, "id"), view_text(container, "status"));
    print_field("container", json_is_object(container) ? text : none);
}

/* A list of texts on one line. */
static void print_list(const char *name, const json_t *list)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(TEXT_MAX);
    size_t i;
    json_t *item;
    json_array_foreach (list, i, item)
        (void)buf_printf(&text, "%s%s", i ? ", " : "",
                         json_is_string(item) ? json_string_value(item) : "?");
    print_field(name, buf_text(&text));
}

/* A list of objects, one a line, each as its own texts. */
static void print_objects(const char *name, const json_t *list, const char *const *keys, size_t n)
{
    size_t i;
    json_t *item;
    json_array_foreach (list, i, item) {
        _cleanup_(buf_close) struct buf text = BUF_INIT(TEXT_MAX);
        for (size_t k = 0; k < n; k++)
            if (view_text(item, keys[k])[0])
                (void)buf_printf(&text, "%s%s", text.len ? "  " : "", view_text(item, keys[k]));
        print_field(i ? "" : name, buf_text(&text));
    }
}

static void print_generation(const json_t *agent)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld",
                   (long long)json_integer_value(json_object_get(agent, "generation")));
    print_field("generation", text);
}

static int print_spec(const json_t *agent, struct error *err)
{
    const json_t *spec = json_object_get(agent, "spec");
    _cleanup_free_ char *text = spec ? json_dumps(spec, JSON_INDENT(2) | JSON_ENCODE_ANY) : NULL;
    if (spec && !text)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        print_field(line == text ? "spec" : "", line);
    return 0;
}

static int print_agent(const json_t *agent, struct error *err)
{
    static const char *const lease_keys[] = {"id", "expires_at", "reason"};
    static const char *const event_keys[] = {"time", "kind", "reason"};
    bool held = json_is_true(json_object_get(agent, "held"));
    view_warn_engine(agent);
    print_field("name", view_text(agent, "name"));
    print_field("lifecycle", view_text(agent, "lifecycle"));
    print_field("state", view_state(agent, agent));
    print_field("image", view_text(agent, "image"));
    print_container(agent);
    print_field("held", held ? "yes" : "no");
    print_field("reason", view_text(agent, "reason"));
    print_generation(agent);
    print_list("drift", json_object_get(agent, "drift"));
    print_objects("leases", json_object_get(agent, "leases"), lease_keys, ARRAY_LEN(lease_keys));
    print_objects("events", json_object_get(agent, "events"), event_keys, ARRAY_LEN(event_keys));
    return print_spec(agent, err);
}

/* Secrets are for who may read the database: the spec comes from there, whatever the daemon shows
 * of it. */
static int reveal_spec(const struct cli *cli, const char *name, json_t *agent, struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;
    _cleanup_(row_close) struct row row = {0};
    int r = cli_open_store(cli, DB_READ, &store, err);
    if (r == 0)
        r = row_read(store, name, &row, err);
    if (r < 0)
        return r;
    json_t *spec = json_loads(row.spec, JSON_REJECT_DUPLICATES, NULL);
    if (!spec)
        spec = json_string(row.spec); /* a broken row */
    if (json_object_set_new(agent, "spec", spec) < 0)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "cannot show the spec of %s", name);
    return 0;
}

static int hide_values(json_t *agent, struct error *err)
{
    return view_mask_spec(agent) < 0 ? error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory")
                                     : 0;
}

static int run_show(struct cli *cli, struct error *err)
{
    const char *name = cli->args.words[0];
    bool secrets = args_has(&cli->args, OPT_SECRETS);
    if (args_has(&cli->args, OPT_DOCKER_RUN))
        return show_docker_line(cli, name, secrets, err);
    char path[AGENT_PATH_SIZE];
    json_auto_t *agent = NULL;
    int r = cli_agent_path(name, "", path, err);
    if (r == 0)
        r = cli_call(cli, CALL_ANYWHERE, "GET", path, false, &agent, err);
    if (r == 0)
        r = secrets ? reveal_spec(cli, name, agent, err) : hide_values(agent, err);
    if (r < 0)
        return r;
    return cli->json ? cli_print_json(agent, err) : print_agent(agent, err);
}

static const struct option_def options[] = {
    {OPT_DOCKER_RUN, 0, "docker-run", NULL, "print the docker command that makes its container"},
    {OPT_SECRETS, 0, "secrets", NULL, "show the values of the environment"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_show = {
    .name = "show",
    .args = "NAME",
    .min_words = 1,
    .max_words = 1,
    .summary = "show one agent: spec, drift, leases, last events",
    .options = options,
    .help = "Shows what an agent should be and what it is: its spec, the fields in which its\n"
            "container differs (drift), who keeps it awake (leases), its last events. Values of\n"
            "the environment are shown as *** unless --secrets is given, which takes leave to\n"
            "read the database.\n"
            "\n"
            "--docker-run prints the line of shell that makes the same container by hand, from\n"
            "the same code that makes it: `docker run -d --restart unless-stopped …` for a hot\n"
            "agent, `docker create --restart no …` for a lazy one. It reads the database and\n"
            "asks neither a daemon nor an engine.\n"
            "\n"
            "Examples:\n"
            "  roost show web\n"
            "  roost show web -o json | jq .drift\n"
            "  roost show web --docker-run --secrets | sh\n",
    .run = run_show,
};
