/* SPDX-License-Identifier: MIT
 *
 * roost top: the fleet as it lives, on a terminal; elsewhere once, as a table.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/agent_view.h"
#include "cli/cli.h"
#include "cli/frame.h"
#include "cli/overview.h"
#include "cli/screen.h"
#include "cli/top_work.h"

#define FRAME_BYTES_MAX ((size_t)16 << 20)
#define REDRAW_MS       1000 /* what leases have left */

struct top {
    const struct cli *cli;
    struct screen screen;
    struct top_work work;
    json_t *overview;
    char selected[AGENT_NAME_MAX + 1];
    size_t index, first;
    char message[TOP_TEXT_SIZE];
    bool bad;
    char look_error[TOP_TEXT_SIZE];
};

/* Once ------------------------------------------------------------------------------------------
 */

static const struct timespec between_looks = {.tv_sec = 1, .tv_nsec = 100000000};

/* The share of the CPU is between two looks. */
static int look_twice(struct cli *cli, struct top_look *look, struct error *err)
{
    int r = top_look_state(cli, look, NULL, NULL, err);
    if (r == 0 && !json_object_get(look->agents, "engine_error")) {
        r = top_look_stats(cli, look, NULL, NULL, err);
        if (r == 0 && json_array_size(json_object_get(look->stats, "agents")) > 0) {
            (void)nanosleep(&between_looks, NULL);
            r = top_look_stats(cli, look, NULL, NULL, err);
        }
    }
    return cli_needs_daemon(cli, r, "`roost top`", err);
}

static int print_once(struct cli *cli, struct error *err)
{
    struct top_look look = {0};
    struct table table;
    int r = look_twice(cli, &look, err);
    json_t *overview = r == 0 ? overview_join(look.agents, look.stats, look.last) : NULL;
    if (r == 0 && cli->json) {
        r = cli_print_json(overview, err);
    } else if (r == 0) {
        view_warn_engine(overview);
        if (json_array_size(json_object_get(overview, "agents")) == 0)
            cli_note(cli, "no agents; `roost apply` brings those of a compose file");
        frame_table(overview, clock_wall_ms(), &table);
        r = cli_print_table(cli, &table, err);
    }
    json_decref(overview);
    top_look_close(&look);
    return r;
}

/* Live ------------------------------------------------------------------------------------------
 */

static const json_t *agents_of(const struct top *top)
{
    return json_object_get(top->overview, "agents");
}

static const json_t *selected_agent(const struct top *top)
{
    return json_array_get(agents_of(top), top->index);
}

static void draw(struct top *top)
{
    struct buf text = BUF_INIT(FRAME_BYTES_MAX);
    size_t n = json_array_size(agents_of(top));
    top->first = frame_scroll(top->first, top->index, n, frame_room(top->screen.lines));
    struct frame frame = {
        .overview = top->overview,
        .columns = top->screen.columns,
        .lines = top->screen.lines,
        .selected = top->index,
        .first = top->first,
        .message = top->look_error[0] ? top->look_error : top->message,
        .bad = top->look_error[0] || top->bad,
        .color = top->cli->color,
        .now_ms = clock_wall_ms(),
    };
    frame_draw(&frame, &text);
    if (top->screen.entered)
        screen_write(&top->screen, buf_text(&text), text.len);
    buf_close(&text);
}

/* Agents come, go, and change their places: the one that was chosen stays chosen. */
static void find_selected(struct top *top)
{
    size_t n = json_array_size(agents_of(top)), i;
    json_t *agent;
    json_array_foreach ((json_t *)agents_of(top), i, agent)
        if (strcmp(view_text(agent, "name"), top->selected) == 0)
            top->index = i;
    if (top->index >= n)
        top->index = n > 0 ? n - 1 : 0;
    (void)snprintf(top->selected, sizeof(top->selected), "%s",
                   view_text(selected_agent(top), "name"));
}

static void take_news(struct top *top)
{
    struct top_new new;
    top_work_take(&top->work, &new);
    if (new.overview) {
        json_decref(top->overview);
        top->overview = new.overview;
        find_selected(top);
    }
    memcpy(top->look_error, new.look_error, sizeof(top->look_error));
    if (new.has_message) {
        memcpy(top->message, new.message, sizeof(top->message));
        top->bad = new.bad;
    }
}

static void move(struct top *top, long by)
{
    long n = (long)json_array_size(agents_of(top)), to = (long)top->index + by;
    to = to >= n ? n - 1 : to;
    top->index = to > 0 ? (size_t)to : 0;
    top->message[0] = '\0';
    (void)snprintf(top->selected, sizeof(top->selected), "%s",
                   view_text(selected_agent(top), "name"));
}

static void wish(struct top *top, enum top_wish wish, const char *doing)
{
    if (top->selected[0] == '\0')
        return;
    top->bad = !top_work_wish(&top->work, wish, top->selected);
    if (top->bad)
        (void)snprintf(top->message, sizeof(top->message),
                       "the last wish is still being carried out");
    else
        (void)snprintf(top->message, sizeof(top->message), "%s: %s", top->selected, doing);
}

/* False: the end. */
static bool on_key(struct top *top, enum key key)
{
    long page = (long)frame_room(top->screen.lines);
    bool held = json_is_true(json_object_get(selected_agent(top), "held"));
    switch (key) {
    case KEY_UP:
        move(top, -1);
        break;
    case KEY_DOWN:
        move(top, 1);
        break;
    case KEY_PAGE_UP:
        move(top, -page);
        break;
    case KEY_PAGE_DOWN:
        move(top, page);
        break;
    case KEY_HOME:
        move(top, -(long)top->index);
        break;
    case KEY_END:
        move(top, (long)json_array_size(agents_of(top)));
        break;
    case KEY_WAKE:
        wish(top, TOP_WAKE, "waking");
        break;
    case KEY_SLEEP:
        wish(top, TOP_SLEEP, "going to sleep");
        break;
    case KEY_HOLD:
        wish(top, held ? TOP_UNHOLD : TOP_HOLD, held ? "unholding" : "holding");
        break;
    case KEY_QUIT:
        return false;
    case KEY_NONE:
    case KEY_MORE:
    case KEY_REDRAW:
        break;
    }
    return true;
}

/* The signal that ended it, or 0. */
static int live(struct top *top)
{
    int number = 0;
    for (;;) {
        enum key key = KEY_NONE;
        draw(top);
        enum screen_news news = screen_wait(&top->screen, top->work.news, REDRAW_MS, &key, &number);
        if (news == SCREEN_ENDED || (news == SCREEN_KEY && !on_key(top, key)))
            return number;
        if (news == SCREEN_OTHER)
            take_news(top);
    }
}

/* Whether there is a daemon is said before the screen is taken. */
static int check_daemon(struct cli *cli, struct error *err)
{
    json_auto_t *answer = NULL;
    int r = cli_call(cli, CALL_DAEMON_ONLY, "GET", "/healthz", false, &answer, err);
    return cli_needs_daemon(cli, r, "`roost top`", err);
}

static int run_live(struct cli *cli, struct error *err)
{
    struct top top = {.cli = cli};
    int number = 0;
    int r = check_daemon(cli, err);
    if (r == 0)
        r = screen_open(&top.screen, err);
    if (r < 0)
        return r;
    r = top_work_start(&top.work, cli, err);
    if (r == 0)
        number = live(&top);
    screen_close(&top.screen);
    if (r == 0)
        top_work_stop(&top.work);
    if (r == 0 && top.screen.why < 0)
        r = error_set(err, top.screen.why, ERROR_FAILED, NULL, "cannot wait for keys: %s",
                      strerror(-top.screen.why));
    json_decref(top.overview);
    if (number > 0 && number != SIGINT)
        (void)raise(number); /* who waits for us is to see it */
    return r < 0 ? r : EXIT_SUCCESS;
}

static int run_top(struct cli *cli, struct error *err)
{
    return !cli->json && screen_is_possible() ? run_live(cli, err) : print_once(cli, err);
}

const struct command command_top = {
    .name = "top",
    .args = "",
    .summary = "the fleet as it lives: states, CPU and memory, leases, last events",
    .help = "One line for each agent, those that are awake first: what it should be and is, the\n"
            "CPU (100 is one core) and memory that it uses, how many leases it has and how long\n"
            "the last of them lasts, and what happened to it last. Needs the daemon.\n"
            "\n"
            "Keys: Up, Down, Page Up, Page Down, Home, End (or k, j, g, G) select an agent;\n"
            "w wakes it for 5 minutes, s lets it sleep, h holds it or lets it go, q quits.\n"
            "\n"
            "Where stdout or stdin is no terminal, or with -o json, it prints the same once and\n"
            "ends; the CPU is measured over a second.\n"
            "\n"
            "Examples:\n"
            "  roost top\n"
            "  roost top -o json | jq '.agents[] | select(.cpu_percent > 50) | .name'\n",
    .run = run_top,
};
