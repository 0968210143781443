/* SPDX-License-Identifier: MIT */
#include "cli/frame.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "cli/agent_view.h"

#define TEXT_SIZE 512
#define GAP       2
#define MARK      2  /* "> " before the selected agent */
#define DATE_LEN  10 /* "2026-11-29" of a time */
#define EVENT_MIN 12 /* less of an event says nothing */

enum column {
    COLUMN_NAME,
    COLUMN_LIFECYCLE,
    COLUMN_STATE,
    COLUMN_CPU,
    COLUMN_MEMORY,
    COLUMN_LEASES,
    COLUMN_EVENT,
    COLUMNS,
};

static const char *const heads[COLUMNS] = {
    "NAME", "LIFECYCLE", "STATE", "CPU %", "MEM USAGE / LIMIT", "LEASES", "LAST EVENT"};

/* Who is let in first where there is little room; names always are. */
static const enum column wanted[] = {COLUMN_STATE,     COLUMN_CPU,    COLUMN_MEMORY,
                                     COLUMN_LIFECYCLE, COLUMN_LEASES, COLUMN_EVENT};

/* One cell --------------------------------------------------------------------------------------
 */

/* As Docker writes them: 4 digits that count. */
static void format_bytes(double bytes, char *buf, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < ARRAY_LEN(units); unit++)
        bytes /= 1024;
    (void)snprintf(buf, size, "%.4g%s", bytes, units[unit]);
}

static void put_memory(const json_t *agent, char *buf, size_t size)
{
    char used[32], limit[32];
    const json_t *bytes = json_object_get(agent, "memory_bytes");
    const json_t *most = json_object_get(agent, "memory_limit_bytes");
    if (!json_is_number(bytes))
        return;
    format_bytes(json_number_value(bytes), used, sizeof(used));
    format_bytes(json_number_value(most), limit, sizeof(limit));
    if (json_is_number(most))
        (void)snprintf(buf, size, "%s / %s", used, limit);
    else
        (void)snprintf(buf, size, "%s", used);
}

/* How many, and what the last of them has left. */
static void put_leases(const json_t *agent, int64_t now_ms, char *buf, size_t size)
{
    const json_t *leases = json_object_get(agent, "leases");
    int64_t until_ms = 0, at_ms;
    char left[DURATION_TEXT_SIZE];
    size_t i;
    json_t *lease;
    json_array_foreach (leases, i, lease)
        if (time_parse(view_text(lease, "expires_at"), &at_ms) == 0 && at_ms > until_ms)
            until_ms = at_ms;
    if (json_array_size(leases) == 0)
        return;
    uint64_t left_s = until_ms > now_ms ? (uint64_t)(until_ms - now_ms) / 1000 : 0;
    duration_format(left_s * NS_PER_S, left);
    (void)snprintf(buf, size, "%zu (%s)", json_array_size(leases), left);
}

/* The time of today's, the date of those before. */
static void put_event(const json_t *agent, int64_t now_ms, char *buf, size_t size)
{
    const json_t *event = json_object_get(agent, "last_event");
    const char *time = view_text(event, "time"), *reason = view_text(event, "reason");
    char now[TIME_TEXT_SIZE];
    if (!json_is_object(event))
        return;
    time_format(now_ms, now);
    bool today = strlen(time) > DATE_LEN && strncmp(time, now, DATE_LEN) == 0;
    (void)snprintf(buf, size, "%.*s%s %s%s%s", today ? 8 : DATE_LEN,
                   today ? time + DATE_LEN + 1 : time, today ? "Z" : "", view_text(event, "kind"),
                   reason[0] ? ": " : "", reason);
}

/* "" for nothing to say. */
static void cell_text(const json_t *overview, const json_t *agent, enum column column,
                      int64_t now_ms, char ret_text[TEXT_SIZE])
{
    char text[TEXT_SIZE] = "";
    const json_t *cpu = json_object_get(agent, "cpu_percent");
    switch (column) {
    case COLUMN_NAME:
        (void)snprintf(text, sizeof(text), "%s", view_text(agent, "name"));
        break;
    case COLUMN_LIFECYCLE:
        (void)snprintf(text, sizeof(text), "%s%s", view_text(agent, "lifecycle"),
                       json_is_true(json_object_get(agent, "held")) ? " (held)" : "");
        break;
    case COLUMN_STATE:
        (void)snprintf(text, sizeof(text), "%s", view_state(agent, overview));
        break;
    case COLUMN_CPU:
        if (json_is_number(cpu))
            (void)snprintf(text, sizeof(text), "%.1f", json_number_value(cpu));
        break;
    case COLUMN_MEMORY:
        put_memory(agent, text, sizeof(text));
        break;
    case COLUMN_LEASES:
        put_leases(agent, now_ms, text, sizeof(text));
        break;
    case COLUMN_EVENT:
        put_event(agent, now_ms, text, sizeof(text));
        break;
    case COLUMNS:
        break;
    }
    text_cut(text, sizeof(text));
    text_visible(text, ret_text, TEXT_SIZE);
}

static enum style cell_style(const json_t *overview, const json_t *agent, enum column column)
{
    if (column == COLUMN_STATE)
        return view_state_style(view_state(agent, overview));
    if (column == COLUMN_LIFECYCLE && json_is_true(json_object_get(agent, "held")))
        return STYLE_WARN;
    return STYLE_PLAIN;
}

/* Lines ---------------------------------------------------------------------------------------- */

/* The bytes of clean text that fit into so many columns, and how many columns they take. */
static size_t fit(const char *text, size_t columns, size_t *ret_width)
{
    size_t used = 0, width = 0, len = strlen(text);
    while (used < len) {
        char one[8] = "";
        size_t n = text_char_len(text + used, len - used);
        memcpy(one, text + used, n);
        size_t w = text_width(one);
        if (n == 0 || width + w > columns)
            break;
        used += n;
        width += w;
    }
    *ret_width = width;
    return used;
}

/* Cut, and padded to `columns`. */
static void put_fit(struct buf *out, const char *text, size_t columns, enum style style, bool color)
{
    size_t width = 0;
    size_t n = fit(text, columns, &width);
    bool styled = color && style != STYLE_PLAIN;
    (void)buf_printf(out, "%s%.*s%s%*s", style_escape(style, styled), (int)n, text,
                     style_escape(STYLE_PLAIN, styled), (int)(columns - width), "");
}

static size_t agent_count(const struct frame *frame)
{
    return json_array_size(json_object_get(frame->overview, "agents"));
}

static const json_t *agent_at(const struct frame *frame, size_t i)
{
    return json_array_get(json_object_get(frame->overview, "agents"), i);
}

struct layout {
    size_t width[COLUMNS]; /* 0: left out */
};

/* Wide enough for what is shown now. */
static size_t natural_width(const struct frame *frame, enum column column, size_t room)
{
    char text[TEXT_SIZE];
    size_t widest = text_width(heads[column]);
    for (size_t i = frame->first; i < agent_count(frame) && i - frame->first < room; i++) {
        cell_text(frame->overview, agent_at(frame, i), column, frame->now_ms, text);
        size_t width = text_width(text);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static struct layout lay_out(const struct frame *frame, size_t room)
{
    struct layout layout = {0};
    size_t left = frame->columns > MARK ? frame->columns - MARK : 0;
    size_t name = natural_width(frame, COLUMN_NAME, room);
    layout.width[COLUMN_NAME] = name < left ? name : left;
    left -= layout.width[COLUMN_NAME];
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        enum column column = wanted[i];
        size_t width = natural_width(frame, column, room);
        if (column == COLUMN_EVENT && width + GAP > left && left >= EVENT_MIN + GAP)
            width = left - GAP;
        if (width + GAP > left)
            break;
        layout.width[column] = width;
        left -= width + GAP;
    }
    return layout;
}

static void put_heads(const struct frame *frame, const struct layout *layout, struct buf *out)
{
    put_fit(out, "", frame->columns < MARK ? frame->columns : MARK, STYLE_PLAIN, false);
    for (size_t c = 0; c < COLUMNS; c++)
        if (layout->width[c] > 0) {
            (void)buf_printf(out, "%*s", c == COLUMN_NAME ? 0 : GAP, "");
            put_fit(out, heads[c], layout->width[c], STYLE_DIM, frame->color);
        }
}

static void put_agent(const struct frame *frame, const struct layout *layout, size_t i,
                      struct buf *out)
{
    bool selected = i == frame->selected;
    bool reverse = selected && frame->color;
    char text[TEXT_SIZE];
    (void)buf_puts(out, reverse ? "\033[7m" : "");
    put_fit(out, selected ? "> " : "", frame->columns < MARK ? frame->columns : MARK, STYLE_PLAIN,
            false);
    for (size_t c = 0; c < COLUMNS; c++) {
        if (layout->width[c] == 0)
            continue;
        const json_t *overview = frame->overview, *agent = agent_at(frame, i);
        cell_text(overview, agent, (enum column)c, frame->now_ms, text);
        (void)buf_printf(out, "%*s", c == COLUMN_NAME ? 0 : GAP, "");
        put_fit(out, text[0] ? text : "-", layout->width[c],
                cell_style(overview, agent, (enum column)c), frame->color && !reverse);
    }
    (void)buf_puts(out, reverse ? "\033[0m" : "");
}

static void put_title(const struct frame *frame, struct buf *out)
{
    char text[TEXT_SIZE], clean[TEXT_SIZE], used[32];
    size_t awake = 0, held = 0, i;
    double cpu = 0, memory = 0;
    json_t *agent;
    json_array_foreach (json_object_get(frame->overview, "agents"), i, agent) {
        const char *status = view_text(json_object_get(agent, "container"), "status");
        awake += strcmp(status, "running") == 0;
        held += json_is_true(json_object_get(agent, "held"));
        cpu += json_number_value(json_object_get(agent, "cpu_percent"));
        memory += json_number_value(json_object_get(agent, "memory_bytes"));
    }
    format_bytes(memory, used, sizeof(used));
    (void)snprintf(text, sizeof(text), "%s: %zu agents, %zu running, %zu held  CPU %.1f%%  MEM %s",
                   view_text(frame->overview, "fleet"), agent_count(frame), awake, held, cpu, used);
    text_visible(text, clean, sizeof(clean));
    put_fit(out, frame->overview ? clean : "roost", frame->columns, STYLE_PLAIN, false);
}

static void put_foot(const struct frame *frame, struct buf *out)
{
    char clean[TEXT_SIZE];
    const char *engine = view_text(frame->overview, "engine_error");
    const char *text = frame->message[0] ? frame->message : engine;
    bool bad = frame->message[0] ? frame->bad : engine[0] != '\0';
    text_visible(text, clean, sizeof(clean));
    put_fit(out, clean[0] ? clean : "Up/Down select  w wake  s sleep  h hold/unhold  q quit",
            frame->columns, bad ? STYLE_BAD : STYLE_DIM, frame->color);
}

/* The frame ------------------------------------------------------------------------------------ */

#define WITH_FOOT  2 /* lines from which there is one */
#define WITH_HEADS 3
#define WITH_TITLE 4

size_t frame_room(size_t lines)
{
    return lines - (lines >= WITH_FOOT) - (lines >= WITH_HEADS) - (lines >= WITH_TITLE);
}

size_t frame_scroll(size_t first, size_t selected, size_t agents, size_t room)
{
    size_t last_first = agents > room ? agents - room : 0;
    if (first > selected)
        first = selected;
    if (selected - first >= room)
        first = selected - room + 1;
    return first < last_first ? first : last_first;
}

/* Each line is placed by itself and cleared first, so that nothing scrolls and nothing of the frame
 * before stays. (Cleared afterwards, a full line would lose its last character: the cursor stands
 * on that.) */
static void begin_line(struct buf *out, size_t *line)
{
    (void)buf_printf(out, "\033[%zu;1H\033[K", ++*line);
}

void frame_draw(const struct frame *frame, struct buf *out)
{
    size_t room = frame_room(frame->lines), line = 0;
    struct layout layout = lay_out(frame, room);
    if (frame->lines >= WITH_TITLE) {
        begin_line(out, &line);
        put_title(frame, out);
    }
    if (frame->lines >= WITH_HEADS) {
        begin_line(out, &line);
        put_heads(frame, &layout, out);
    }
    for (size_t i = frame->first; i < frame->first + room; i++) {
        begin_line(out, &line);
        if (i < agent_count(frame))
            put_agent(frame, &layout, i, out);
    }
    if (frame->lines >= WITH_FOOT) {
        begin_line(out, &line);
        put_foot(frame, out);
    }
}

void frame_table(const json_t *overview, int64_t now_ms, struct table *table)
{
    char text[TEXT_SIZE];
    size_t i;
    json_t *agent;
    table_open(table, heads, COLUMNS);
    json_array_foreach (json_object_get(overview, "agents"), i, agent)
        for (size_t c = 0; c < COLUMNS; c++) {
            cell_text(overview, agent, (enum column)c, now_ms, text);
            table_add(table, text, cell_style(overview, agent, (enum column)c));
        }
}
